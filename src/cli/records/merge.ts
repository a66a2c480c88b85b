import { recordNamed } from '../../edit/find.ts';
import { mergeRecords } from '../../edit/records.ts';
import { kindNamed } from '../../edit/words.ts';
import type { LibraryId } from '../../model/held.ts';
import { type CommandDefinition, libraryOptions } from '../command.ts';
import { editing, tellEdited } from './editing.ts';

interface Options {
  kind: string;
  into: string;
  others: string[];
}

/** `stowage merge tag harbour harbor port`: makes others part of a record. */
export const merge: CommandDefinition<Options> = {
  configure: (command) =>
    libraryOptions(command)
      .argument('<kind>', 'scene, performer, studio, tag, group, gallery, image, …')
      .argument(
        '<into>',
        'the record that stays: library id, number at a source (main:12), or name',
      )
      .argument('<others...>', 'those that become part of it'),
  run(context, options) {
    const kind = kindNamed(options.kind);
    return editing(context, async (client) => {
      const into = await recordNamed(client, kind, options.into);
      const others: LibraryId[] = [];
      for (const other of options.others) others.push(await recordNamed(client, kind, other));
      const edited = await mergeRecords(client, kind, into, others);
      // That it is because of the others goes without saying.
      const changes = edited.changes.map((change) => ({ ...change, why: null }));
      return tellEdited(context, client, kind, 'Merged into', { ...edited, changes });
    });
  },
};
