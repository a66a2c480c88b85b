import { type Command, InvalidArgumentError } from 'commander';
import type { ClientBase } from 'pg';
import { kindNamed } from '../../edit/words.ts';
import type { MatchFilter } from '../../library/matches.ts';
import { namedSource } from '../library.ts';

/** Which suggestions are meant: all that is given must hold. */
export interface FilterOptions {
  source?: string;
  kind?: string;
  /** Percent. */
  atLeast?: number;
}

export const filterOptions = (command: Command): Command =>
  command
    .option('--source <name>', 'those of one source')
    .option('--kind <kind>', 'those of one kind')
    .option('--at-least <percent>', 'those that are at least so likely', percent);

export async function filterOf(
  client: ClientBase,
  { source, kind, atLeast }: FilterOptions,
): Promise<MatchFilter> {
  return {
    ...(source !== undefined && { sourceId: (await namedSource(client, source)).id }),
    ...(kind !== undefined && { kind: kindNamed(kind) }),
    ...(atLeast !== undefined && { atLeast: atLeast / 100 }),
  };
}

function percent(text: string): number {
  const value = Number(text.replace(/ ?%$/, ''));
  if (text.trim() !== '' && value >= 0 && value <= 100) return value;
  throw new InvalidArgumentError('Must be a number from 0 to 100.');
}
