import { unlock as unlockFields } from '../../library/locks.ts';
import type { CommandDefinition } from '../command.ts';
import { recordArguments } from './editing.ts';
import { changeLocks, type LockOptions } from './lock.ts';

/** `stowage unlock scene main:12 title`: syncs change it again. */
export const unlock: CommandDefinition<LockOptions> = {
  configure: (command) =>
    recordArguments(command).argument('<fields...>', 'what syncs may change again'),
  run: (context, options) =>
    changeLocks(context, options, (client, _kind, id, fields) => unlockFields(client, id, fields)),
};
