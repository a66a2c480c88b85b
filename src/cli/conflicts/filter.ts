import type { Command } from 'commander';
import type { ClientBase } from 'pg';
import { kindNamed } from '../../edit/words.ts';
import type { ConflictFilter } from '../../library/conflicts.ts';
import { namedSource } from '../library.ts';

/** Which questions are meant: all that is given must hold. */
export interface FilterOptions {
  source?: string;
  kind?: string;
  field?: string;
}

export const filterOptions = (command: Command): Command =>
  command
    .option('--source <name>', 'those of one source')
    .option('--kind <kind>', 'those about records of one kind')
    .option('--field <field>', 'those about one field');

export async function filterOf(
  client: ClientBase,
  { source, kind, field }: FilterOptions,
): Promise<ConflictFilter> {
  return {
    ...(source !== undefined && { sourceId: (await namedSource(client, source)).id }),
    ...(kind !== undefined && { kind: kindNamed(kind) }),
    ...(field !== undefined && { field }),
  };
}
