import { assigned } from '../../edit/assigned.ts';
import { readAssignment } from '../../edit/assignment.ts';
import { recordNamed } from '../../edit/find.ts';
import { editRecord, recordOf } from '../../edit/records.ts';
import { kindNamed } from '../../edit/words.ts';
import type { CommandDefinition } from '../command.ts';
import { editing, readingOf, recordArguments, tellEdited } from './editing.ts';

interface Options {
  kind: string;
  id: string;
  assignments: string[];
}

/** `stowage edit scene main:12 title=Dawn tags+=harbour`: changes a record of the library. */
export const edit: CommandDefinition<Options> = {
  configure: (command) =>
    recordArguments(command)
      .argument(
        '<assignments...>',
        'field=value; field+=value and field-=value where it has several',
      )
      .addHelpText('after', assignmentHelp),
  run(context, options) {
    const kind = kindNamed(options.kind);
    const assignments = options.assignments.map((word) => readAssignment(kind, word));
    return editing(context, async (client) => {
      const id = await recordNamed(client, kind, options.id);
      const held = await recordOf(client, kind, id);
      const values = await assigned(readingOf(context, client), held.values, assignments);
      const edited = await editRecord(client, kind, held, values);
      return tellEdited(context, client, kind, 'Edited', edited);
    });
  },
};

export const assignmentHelp = `
Assignments, done one after the other:
  title=Dawn  date=2018-05  rating=80  organized=true  studio=Aurora
  title=                            nothing any more
  tags+=harbour  tags-=main:5       of several: added, taken away (aliases, urls, performers, parents, images)
  tags= tags+=a tags+=b             all of them
  plays+=2024-01-02T03:04:05Z       one more play; os+=now, plays-=…
  image=@/path/of/it.jpg            a picture
  customFields.NAME=VALUE           an entry; VALUE may be JSON. customFields-=NAME takes it away
  stashIds.ENDPOINT=ID  groups.NAME=INDEX  subGroups.NAME=DESCRIPTION
Records are named by library id, by their number at a source, or by a name that no other has.`;
