import type { ClientBase } from 'pg';
import { labelsOf } from '../../library/labels.ts';
import { listMatches, type Match } from '../../library/matches.ts';
import { listSources } from '../../library/sources.ts';
import type { LibraryId } from '../../model/held.ts';
import { atLeast, type CommandDefinition, libraryOptions } from '../command.ts';
import { lookingAtLibrary } from '../library.ts';
import { evidenceAmong, evidenceLines } from './evidence.ts';
import { type FilterOptions, filterOf, filterOptions } from './filter.ts';

interface Options extends FilterOptions {
  limit: number;
}

/**
 * `stowage matches`: records of a source that may be ones that the library has already, the likeliest first, with what is
 * known of either.
 */
export const list: CommandDefinition<Options> = {
  configure: (command) =>
    filterOptions(libraryOptions(command)).option(
      '--limit <number>',
      'how many at most',
      atLeast(1),
      100,
    ),
  run: (context, { limit, ...options }) =>
    lookingAtLibrary(context, async (client) => {
      const { output } = context;
      const all = await listMatches(client, await filterOf(client, options));
      const matches = all.slice(0, limit);
      const sources = new Map((await listSources(client)).map(({ id, name }) => [id, name]));
      const labels = await labelsAmong(client, matches);
      const evidence = await evidenceAmong(client, matches);
      for (const match of matches) {
        const { id, libraryId, otherId, score, why, sourceId, remoteId } = match;
        const [label, other] = [labels.get(libraryId), labels.get(otherId)];
        const sides = [evidence.get(otherId), evidence.get(libraryId)] as const;
        output.event('match', {
          ...{ ...match, source: sources.get(sourceId), label, other },
          evidence: { library: sides[0], source: sides[1] },
        });
        const percent = `${Math.round(score * 100)} %`;
        output.line(
          `${String(id).padStart(5)}  ${match.kind} ${label || libraryId} (${sources.get(sourceId)}:${remoteId}) may be ` +
            `${other || otherId}: ${why}, ${percent}`,
        );
        for (const [i, side] of sides.entries()) {
          const name = i === 0 ? 'library' : sources.get(sourceId);
          for (const line of side ? evidenceLines(match.kind, side) : []) {
            output.line(`         ${name}: ${line}`);
          }
        }
        output.line(`         To make them one: \`stowage matches accept ${id}\``);
      }
      if (matches.length === 0) output.line('No suggestions wait.');
      else
        output.note(
          'What is not the same: `stowage matches reject NUMBER…`; it is not asked again.',
        );
      if (all.length > limit) {
        output.note(
          `${(all.length - limit).toLocaleString('en')} more: --limit ${all.length} shows them all.`,
        );
      }
      return { complete: true, summary: { matches: all.length } };
    }),
};

async function labelsAmong(
  client: ClientBase,
  matches: readonly Match[],
): Promise<Map<LibraryId, string>> {
  const labels = new Map<LibraryId, string>();
  for (const [kind, some] of Map.groupBy(matches, (match) => match.kind)) {
    const ids = some.flatMap(({ libraryId, otherId }) => [libraryId, otherId]);
    for (const [id, label] of await labelsOf(client, kind, ids)) labels.set(id, label);
  }
  return labels;
}
