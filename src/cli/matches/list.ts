import type { ClientBase } from 'pg';
import { kindNamed } from '../../edit/words.ts';
import { labelsOf } from '../../library/labels.ts';
import { listMatches, type Match } from '../../library/matches.ts';
import { listSources } from '../../library/sources.ts';
import type { LibraryId } from '../../model/held.ts';
import { type CommandDefinition, libraryOptions } from '../command.ts';
import { namedSource, withLibrary } from '../library.ts';

interface Options {
  source?: string;
  kind?: string;
}

/** `stowage matches`: records of a source that may be ones that the library has already, the likeliest first. */
export const list: CommandDefinition<Options> = {
  configure: (command) =>
    libraryOptions(command)
      .option('--source <name>', 'those of one source')
      .option('--kind <kind>', 'those of one kind'),
  run: (context, { source, kind }) =>
    withLibrary(context, async (client) => {
      const { output } = context;
      const matches = await listMatches(client, {
        ...(source !== undefined && { sourceId: (await namedSource(client, source)).id }),
        ...(kind !== undefined && { kind: kindNamed(kind) }),
      });
      const sources = new Map((await listSources(client)).map(({ id, name }) => [id, name]));
      const labels = await labelsAmong(client, matches);
      for (const match of matches) {
        const { id, libraryId, otherId, score, why, sourceId, remoteId } = match;
        const [label, other] = [labels.get(libraryId), labels.get(otherId)];
        output.event('match', { ...match, source: sources.get(sourceId), label, other });
        const percent = `${Math.round(score * 100)} %`;
        output.line(
          `${String(id).padStart(5)}  ${match.kind} ${label || libraryId} (${sources.get(sourceId)}:${remoteId}) may be ` +
            `${other || otherId}: ${why}, ${percent}`,
        );
      }
      if (matches.length === 0) output.line('No suggestions wait.');
      else
        output.note('Say it: `stowage matches accept NUMBER…`, `stowage matches reject NUMBER…`.');
      return { complete: true, summary: { matches: matches.length } };
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
