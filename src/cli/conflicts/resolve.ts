import type { ClientBase } from 'pg';
import { assigned } from '../../edit/assigned.ts';
import { editRecord, recordOf } from '../../edit/records.ts';
import { type Conflict, type ConflictFilter, listConflicts } from '../../library/conflicts.ts';
import { listSources, type Source } from '../../library/sources.ts';
import { StowageError } from '../../model/errors.ts';
import { answerConflicts, askedField } from '../../sync/answer.ts';
import {
  type CommandContext,
  type CommandDefinition,
  libraryOptions,
  numbers,
} from '../command.ts';
import { several, sumOf } from '../counting.ts';
import { lockForWriting, withLibrary } from '../library.ts';
import { readingOf } from '../records/editing.ts';
import { sideNamed } from '../sides.ts';
import { type FilterOptions, filterOf, filterOptions } from './filter.ts';

interface Options extends FilterOptions {
  ids?: number[];
  all?: boolean;
  take?: string;
  value?: string;
}

/** `stowage conflicts resolve 7 --take library`: says who is right, of one question or of many. */
export const resolve: CommandDefinition<Options> = {
  configure: (command) =>
    filterOptions(libraryOptions(command).argument('[ids...]', 'numbers of questions', numbers))
      .option('--all', 'all that wait')
      .option('--take <side>', "who is right: library, or the source's name")
      .option('--value <text>', 'neither: this is the value, as for `stowage edit`'),
  run: (context, options) =>
    withLibrary(context, async (client) => {
      const { take, value } = options;
      if ((take === undefined) === (value === undefined)) {
        throw new StowageError('usage', 'Say who is right.', {
          remedy: "Give --take library, --take with the source's name, or --value TEXT.",
        });
      }
      await lockForWriting(client);
      const filter = await meant(client, options);
      const sources = new Map((await listSources(client)).map((source) => [source.id, source]));
      const right = take ?? 'library';
      const unfollowed = new Map<string, number>();
      let settled = 0;
      // What is settled does not wait any more: the first page is always the next one.
      for (let page = await listConflicts(client, filter); page.length > 0; ) {
        context.signal.throwIfAborted();
        if (value !== undefined) {
          for (const one of page) await setValue(context, client, one, value);
        }
        await answer(client, sources, page, right, value);
        settled += page.length;
        if (right === 'library') {
          for (const one of page) {
            const why = whyUnfollowed(one, sources.get(one.sourceId) as Source);
            if (why !== undefined) unfollowed.set(why, (unfollowed.get(why) ?? 0) + 1);
          }
        }
        page = await listConflicts(client, filter);
      }
      const follows = settled > sumOf([...unfollowed.values()]);
      context.output.line(
        settled === 0
          ? 'No such question waits.'
          : `${settled} settled.${follows ? ' The next sync does what follows.' : ''}`,
      );
      for (const [why, count] of unfollowed) {
        context.output.line(`${several(count, 'record stays', 'records stay')} ${why}`);
      }
      return { complete: true, summary: { settled } };
    }),
};

/** What the library is right about may not be told to the source. */
function whyUnfollowed(
  { field, library }: Conflict,
  { name, writes, deletions }: Source,
): string | undefined {
  if (!writes) {
    return `as it is in ${name}, to which nothing is written before \`stowage sources set ${name} writes=on\`.`;
  }
  const travels = deletions === 'stash' || deletions === 'both';
  if (field !== '' || library !== 'deleted' || travels) return undefined;
  return `in ${name}, to which deletions do not travel (deletions=${deletions}): \`stowage sources set ${name} deletions=both\` lets them.`;
}

async function meant(client: ClientBase, options: Options): Promise<ConflictFilter> {
  const { ids = [], all, source, kind, field } = options;
  const isFiltered = source !== undefined || kind !== undefined || field !== undefined;
  if (ids.length === 0 && !all && !isFiltered) {
    throw new StowageError('usage', 'Say which questions are meant.', {
      remedy: 'Give their numbers, a --source, a --kind, a --field, or --all.',
    });
  }
  const filter = await filterOf(client, options);
  if (ids.length === 0) return filter;
  const found = new Set((await listConflicts(client, { ids })).map(({ id }) => id));
  const missing = ids.filter((id) => !found.has(id));
  if (missing.length > 0) {
    throw new StowageError('usage', `No question of the number ${missing.join(', ')} waits.`, {
      remedy: '`stowage conflicts` lists those that do.',
    });
  }
  return { ...filter, ids };
}

async function answer(
  client: ClientBase,
  sources: ReadonlyMap<number, Source>,
  conflicts: readonly Conflict[],
  take: string,
  value?: string,
): Promise<void> {
  await client.query('BEGIN');
  try {
    for (const [id, some] of Map.groupBy(conflicts, ({ sourceId }) => sourceId)) {
      const source = sources.get(id) as Source;
      const right = sideNamed(take, '--take', source.name);
      await answerConflicts(client, source, some, right, value === undefined ? right : 'value');
    }
    await client.query('COMMIT');
  } catch (error) {
    await client.query('ROLLBACK').catch(() => {}); // the first error tells more
    throw error;
  }
}

/** The library gets the value, as by hand; then the library is right. */
async function setValue(
  context: CommandContext,
  client: ClientBase,
  conflict: Conflict,
  text: string,
): Promise<void> {
  const { id, kind, libraryId, field: name, key } = conflict;
  const field = askedField(conflict);
  if (field === undefined) {
    throw new StowageError('usage', `Question ${id} is about a whole record, which has no value.`, {
      remedy: "Give --take library, or --take with the source's name.",
    });
  }
  const held = await recordOf(client, kind, libraryId);
  const assignment = { name, field, key: key === '' ? null : key, operator: '=', text } as const;
  const values = await assigned(readingOf(context, client), held.values, [assignment]);
  await editRecord(client, kind, held, values);
}
