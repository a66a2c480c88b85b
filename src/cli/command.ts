import { type Command, InvalidArgumentError } from 'commander';
import type { Settings } from '../settings.ts';
import type { Output } from './output.ts';
import type { Redactor } from './redactor.ts';

/** What every command is given. */
export interface CommandContext {
  readonly settings: Settings;
  readonly output: Output;
  /** Aborted by Ctrl-C and SIGTERM: hand it to every long call. */
  readonly signal: AbortSignal;
  /** Where a secret goes as soon as it is known, before anything can mention it. */
  readonly redactor: Redactor;
}

/** How a command that did not fail ended. */
export interface Outcome {
  /** false: something could not be brought, or differs, and was listed. */
  complete: boolean;
  /** Added to the summary event: `counts`, … */
  summary?: { [field: string]: unknown };
}

/** A command: one file, named for it, loaded when it is called. */
export interface CommandDefinition<Options> {
  /** Adds the command's own options and arguments; `--json` and `--quiet` are there already. */
  configure(command: Command): Command;
  /** The arguments are among the options, under their names. */
  run(context: CommandContext, options: Options): Promise<Outcome>;
}

/** A word that needs another after it: `sources set`. */
export interface CommandGroup {
  readonly commands: Commands;
  /** Which is meant where no other is named. */
  readonly usual: string;
}

/** The commands by name, each with its line in `stowage --help`. */
export interface Commands {
  readonly [name: string]: {
    readonly summary: string;
    // A command's options are what its own `configure` makes of the words: nobody else looks inside.
    readonly load: () => Promise<CommandDefinition<never> | CommandGroup>;
  };
}

/** What a command exits with. An interruption is what a shell makes of Ctrl-C: 128 + SIGINT. */
export const exitCodes = { done: 0, failed: 1, usage: 2, incomplete: 3, interrupted: 130 } as const;

/** Options of the commands that use the library. */
export const libraryOptions = (command: Command): Command =>
  command
    .option('--database <url>', 'PostgreSQL to use (env STOWAGE_DATABASE_URL; else one of our own)')
    .option('--data <dir>', 'where Stowage keeps its files (env STOWAGE_DATA)');

/** Reads an option's whole number of at least `least`. */
export const atLeast = (least: number) => (text: string) => {
  const value = Number(text);
  if (Number.isSafeInteger(value) && value >= least) return value;
  throw new InvalidArgumentError(`It is to be a whole number, ${least} or more.`);
};

/** Reads the numbers of an argument that may be given more than once. */
export const numbers = (text: string, others: readonly number[] | undefined): number[] => {
  const number = Number(text);
  if (Number.isSafeInteger(number) && number > 0) return [...(others ?? []), number];
  throw new InvalidArgumentError('It is to be a number, as the list shows them.');
};
