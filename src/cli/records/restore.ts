import { recordNamed } from '../../edit/find.ts';
import { restoreRecord } from '../../edit/records.ts';
import { kindNamed } from '../../edit/words.ts';
import type { CommandDefinition } from '../command.ts';
import { editing, recordArguments, tellEdited } from './editing.ts';

interface Options {
  kind: string;
  id: string;
}

/** `stowage restore scene ID`: brings back a record that was deleted. */
export const restore: CommandDefinition<Options> = {
  configure: recordArguments,
  run(context, options) {
    const kind = kindNamed(options.kind);
    return editing(context, async (client) => {
      const id = await recordNamed(client, kind, options.id, 'deleted');
      const edited = await restoreRecord(client, kind, id);
      return tellEdited(context, client, kind, 'Restored', edited);
    });
  },
};
