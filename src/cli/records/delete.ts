import { recordNamed } from '../../edit/find.ts';
import { deleteRecord } from '../../edit/records.ts';
import { kindNamed } from '../../edit/words.ts';
import type { CommandDefinition } from '../command.ts';
import { editing, recordArguments, tellEdited } from './editing.ts';

interface Options {
  kind: string;
  id: string;
}

/** `stowage delete tag main:5`: marks a record as deleted. */
export const deleteCommand: CommandDefinition<Options> = {
  configure: recordArguments,
  run(context, options) {
    const kind = kindNamed(options.kind);
    return editing(context, async (client) => {
      const id = await recordNamed(client, kind, options.id);
      const edited = await deleteRecord(client, kind, id);
      return tellEdited(context, client, kind, 'Deleted', edited);
    });
  },
};
