import type { ClientBase } from 'pg';
import { recordNamed } from '../../edit/find.ts';
import { editableField, kindNamed } from '../../edit/words.ts';
import { lockedFields, lock as lockFields } from '../../library/locks.ts';
import type { LibraryId } from '../../model/held.ts';
import type { Kind } from '../../model/kinds.ts';
import type { CommandContext, CommandDefinition, Outcome } from '../command.ts';
import { editing, recordArguments } from './editing.ts';

export interface LockOptions {
  kind: string;
  id: string;
  fields: string[];
}

/** `stowage lock scene main:12 title tags`: from now on only a person changes these fields. */
export const lock: CommandDefinition<LockOptions> = {
  configure: (command) =>
    recordArguments(command).argument('<fields...>', 'what no sync may change any more'),
  run: (context, options) => changeLocks(context, options, lockFields),
};

/** Locks or unlocks, and says what is locked now. */
export function changeLocks(
  context: CommandContext,
  options: LockOptions,
  change: (
    client: ClientBase,
    kind: Kind,
    id: LibraryId,
    fields: readonly string[],
  ) => Promise<void>,
): Promise<Outcome> {
  const kind = kindNamed(options.kind);
  const fields = options.fields.map((word) => editableField(kind, word)[0]);
  return editing(context, async (client) => {
    const id = await recordNamed(client, kind, options.id);
    await change(client, kind, id, fields);
    const locked = [...((await lockedFields(client, [id])).get(id) ?? [])];
    context.output.line(
      locked.length > 0 ? `Locked: ${locked.join(', ')}.` : 'Nothing of it is locked.',
    );
    return { complete: true, summary: { kind, id, locked } };
  });
}
