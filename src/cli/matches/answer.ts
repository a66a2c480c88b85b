import type { ClientBase } from 'pg';
import { type Answer, answerMatch, listMatches, type Match } from '../../library/matches.ts';
import { countChanged } from '../../library/runRecords.ts';
import { beginRun, finishRun } from '../../library/runs.ts';
import { StowageError } from '../../model/errors.ts';
import { foldInto } from '../../sync/foldInto.ts';
import { type CommandDefinition, libraryOptions, numbers } from '../command.ts';
import { lockForWriting, withLibrary } from '../library.ts';
import { type FilterOptions, filterOf, filterOptions } from './filter.ts';

interface Options extends FilterOptions {
  ids?: number[];
}

const answering = (answer: Answer): CommandDefinition<Options> => ({
  configure: (command) =>
    filterOptions(libraryOptions(command).argument('[ids...]', 'numbers of suggestions', numbers)),
  run: (context, options) =>
    withLibrary(context, async (client) => {
      const { output } = context;
      await lockForWriting(client);
      const ids = await meant(client, options);
      const runs: number[] = [];
      for (const id of ids) {
        // An answer may have settled others: what was two is one by now.
        const [match] = await listMatches(client, { ids: [id] });
        if (!match) continue;
        if (answer === 'rejected') await answerMatch(client, id, answer);
        else runs.push(await asOne(client, match));
      }
      if (ids.length === 0) output.line('No such suggestion waits.');
      else if (answer === 'rejected') output.line('They stay apart, and it is not asked again.');
      else {
        const which = runs.length > 1 ? `the last of ${runs.length}` : 'it';
        output.line(`They are one now; \`stowage undo ${runs.at(-1)}\` takes ${which} back.`);
      }
      return { complete: true, summary: { answered: ids.length, runs } };
    }),
});

/** The numbers that are given, or all that the filters let through. */
async function meant(client: ClientBase, { ids = [], ...options }: Options): Promise<number[]> {
  const { source, kind, atLeast } = options;
  const isFiltered = source !== undefined || kind !== undefined || atLeast !== undefined;
  if (ids.length === 0 && !isFiltered) {
    throw new StowageError('usage', 'Say which suggestions are meant.', {
      remedy: 'Give their numbers, or a --source, a --kind, or --at-least PERCENT.',
    });
  }
  const filter = await filterOf(client, options);
  if (ids.length === 0) return (await listMatches(client, filter)).map(({ id }) => id);
  const waiting = new Set((await listMatches(client, { ...filter, ids })).map(({ id }) => id));
  const missing = ids.filter((id) => !waiting.has(id));
  if (missing.length === 0) return ids;
  throw new StowageError('usage', `No suggestion of the number ${missing.join(', ')} waits.`, {
    remedy: '`stowage matches` lists those that do.',
  });
}

export const accept = answering('accepted');
export const reject = answering('rejected');

/** The record that came from the source becomes part of the one that the library had. */
async function asOne(client: ClientBase, { id, kind, libraryId, otherId }: Match): Promise<number> {
  await client.query('BEGIN');
  try {
    const run = { id: await beginRun(client, { command: 'match' }) };
    await foldInto(client, run, kind, otherId, libraryId);
    await answerMatch(client, id, 'accepted');
    await finishRun(client, run.id, 'done', await countChanged(client, run.id));
    await client.query('COMMIT');
    return run.id;
  } catch (error) {
    await client.query('ROLLBACK').catch(() => {}); // the first error tells more
    throw error;
  }
}
