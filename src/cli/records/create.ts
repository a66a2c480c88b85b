import { assigned } from '../../edit/assigned.ts';
import { readAssignment } from '../../edit/assignment.ts';
import { createRecord } from '../../edit/records.ts';
import { kindNamed } from '../../edit/words.ts';
import { labelsOf } from '../../library/labels.ts';
import { type CommandDefinition, libraryOptions } from '../command.ts';
import { assignmentHelp } from './edit.ts';
import { editing, readingOf } from './editing.ts';

interface Options {
  kind: string;
  assignments: string[];
}

/** `stowage create tag name=harbour`: makes a record in the library, and says its name and id. */
export const create: CommandDefinition<Options> = {
  configure: (command) =>
    libraryOptions(command)
      .argument('<kind>', 'scene, performer, studio, tag, group, gallery, marker, chapter, …')
      .argument('<assignments...>', 'field=value, as for `stowage edit`')
      .addHelpText('after', assignmentHelp),
  run(context, options) {
    const kind = kindNamed(options.kind);
    const assignments = options.assignments.map((word) => readAssignment(kind, word));
    return editing(context, async (client) => {
      const values = await assigned(readingOf(context, client), {}, assignments);
      const { id, runId } = await createRecord(client, kind, values);
      const label = (await labelsOf(client, kind, [id])).get(id) ?? '';
      context.output.line(`Created ${kind}${label && ` ${label}`} (${id}).`);
      if (kind === 'scene')
        context.output.note('A Stash gets it by `stowage sync --create-scenes`.');
      return { complete: true, summary: { kind, id, run: runId } };
    });
  },
};
