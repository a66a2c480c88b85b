import { listConflicts } from '../../library/conflicts.ts';
import { provenanceOf } from '../../library/provenance.ts';
import { StowageError } from '../../model/errors.ts';
import { atLeast, type CommandDefinition, libraryOptions } from '../command.ts';
import { lookingAtLibrary } from '../library.ts';
import { shortly } from '../when.ts';
import { asked, placeOf, valueWords } from './words.ts';

interface Options {
  id: number;
}

/** `stowage conflicts show 7`: what both sides had, and what each has made of it, when. */
export const show: CommandDefinition<Options> = {
  configure: (command) =>
    libraryOptions(command).argument('<id>', 'the number of the question', atLeast(1)),
  run: (context, { id }) =>
    lookingAtLibrary(context, async (client) => {
      const { output } = context;
      const settled = await listConflicts(client, { ids: [id], settled: true });
      const open = await listConflicts(client, { ids: [id] });
      const [one] = await asked(client, [...open, ...settled]);
      if (!one) {
        throw new StowageError('usage', `There is no question ${id}.`, {
          remedy: '`stowage conflicts` lists those that wait.',
        });
      }
      const { conflict, label, source } = one;
      const { kind, libraryId, remoteId, field } = conflict;
      const { fields } = await provenanceOf(client, kind, libraryId);
      const origin = fields.get(field) ?? null;
      output.event('conflict', { ...conflict, of: source, label, origin });
      const by = origin && `${origin.command} (run ${origin.runId}), ${shortly(origin.at)}`;
      const words = (value: unknown) => valueWords(one, value, 400);
      output.line(`${kind} ${label} (${source}:${remoteId}), ${placeOf(one)}`);
      output.line(`  both had   ${words(conflict.base)}`);
      output.line(`  library    ${words(conflict.library)}${by ? `  by ${by}` : ''}`);
      const found = `found by run ${conflict.runId ?? 'unknown'}, ${shortly(conflict.foundAt)}`;
      output.line(`  ${source.padEnd(9)}  ${words(conflict.source)}  ${found}`);
      if (conflict.settled && conflict.settledAt) {
        output.line(`  settled: ${conflict.settled}, ${shortly(conflict.settledAt)}`);
      }
      return { complete: true, summary: { conflict: id } };
    }),
};
