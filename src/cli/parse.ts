import { Command, CommanderError } from 'commander';
import type { CommandDefinition, CommandGroup, Commands } from './command.ts';
import { usageError } from './failure.ts';
import type { Streams } from './streams.ts';
import { version } from './version.ts';

/** A command as the person called it. */
export interface Call {
  definition: CommandDefinition<never>;
  /** As commander named them; `database` and `data` where the command has them. */
  options: { database?: string; data?: string };
}

/**
 * Reads the command line. Loads the one command that it names: the others have their line in the help and no
 * more.
 *
 * @throws StowageError `usage` where the words are wrong; commander's `CommanderError` once help or the version was shown.
 */
export async function parse(
  commands: Commands,
  words: readonly string[],
  streams: Streams,
): Promise<Call> {
  const program = new Command('stowage')
    .description('Moves a Stash library into PostgreSQL, and proves that nothing was lost.')
    .version(version(), '--version', 'print the version')
    .helpOption('-h, --help', 'show this help')
    .helpCommand(false)
    .exitOverride(rethrow)
    .configureOutput({
      writeOut: (text) => streams.out(text.trimEnd()),
      writeErr: (text) => streams.err(text.trimEnd()),
      outputError: () => {}, // thrown too, and shown by whoever catches it
    });
  const asked = words[0] === 'help' ? [...words.slice(1, 2), '--help'] : words;

  let call: Call | undefined;
  /** The command whose words are wrong. */
  let at = program;
  const watched = (command: Command) =>
    command.exitOverride((error) => {
      at = command;
      throw error;
    });
  const define = (command: Command, definition: CommandDefinition<never>) =>
    definition
      .configure(watched(command))
      .option('--json', 'write events for a machine on standard output, one a line')
      .option('--quiet', 'say only what went wrong')
      .action(() => {
        call = { definition, options: { ...command.opts(), ...argumentsOf(command) } };
      });
  for (const [name, { summary, load }] of Object.entries(commands)) {
    const command = program.command(name).summary(summary).description(`${summary}.`);
    if (name !== asked[0]) continue;
    const loaded = await load();
    if (isGroup(loaded)) await defineGroup(watched(command), loaded, define);
    else define(command, loaded);
  }
  try {
    program.parse(asked, { from: 'user' });
  } catch (error) {
    if (!(error instanceof CommanderError) || isShown(error)) throw error;
    const [, ...path] = pathTo(at);
    throw usageError(error, path, elsewhere(error, at, asked));
  }
  if (call === undefined) throw new Error(`The command ${asked[0]} was parsed but not called.`);
  return call;
}

function rethrow(error: CommanderError): never {
  throw error;
}

/** Help or the version was asked for, and is written; or nothing was, and help is written. */
const isShown = ({ exitCode, code }: CommanderError): boolean =>
  exitCode === 0 || code === 'commander.help';

/** The names that lead to a command, the program's first. */
const pathTo = (command: Command): string[] => [
  ...(command.parent ? pathTo(command.parent) : []),
  command.name(),
];

/**
 * The usual command of a group was called, though the words are another's: `conflicts --take library 7` is meant for
 * `conflicts resolve`, and so is `conflicts resolv 7`.
 */
function elsewhere(
  { code }: CommanderError,
  { parent, registeredArguments }: Command,
  words: readonly string[],
): string | undefined {
  if (!parent?.parent) return undefined;
  const others = parent.commands;
  const path = (command: Command) => `\`stowage ${pathTo(command).slice(1).join(' ')}\``;
  if (code === 'commander.unknownOption') {
    const options = words.filter((word) => word.startsWith('--')).map((word) => word.split('=')[0]);
    const [meant] = others.filter(({ options: has }) =>
      has.some(({ long }) => options.includes(long) && !standard.has(String(long))),
    );
    return meant && `Did you mean ${path(meant)}?`;
  }
  const [, second] = words;
  if (code !== 'commander.excessArguments' || registeredArguments.length > 0) return undefined;
  const meant = others.find((command) => second && isAlike(command.name(), second));
  return meant && `Did you mean ${path(meant)}?`;
}

/** Options that most commands have: they say nothing about which is meant. */
const standard = new Set(['--json', '--quiet', '--data', '--database', '--help']);

/** A letter too many, too few, or another one. */
function isAlike(name: string, word: string): boolean {
  if (Math.abs(name.length - word.length) > 1) return false;
  let [from, to] = [0, 0];
  while (from < Math.min(name.length, word.length) && name[from] === word[from]) from++;
  while (to < Math.min(name.length, word.length) - from && name.at(-1 - to) === word.at(-1 - to))
    to++;
  return Math.max(name.length, word.length) - from - to <= 1;
}

const isGroup = (loaded: CommandDefinition<never> | CommandGroup): loaded is CommandGroup =>
  'commands' in loaded;

async function defineGroup(
  group: Command,
  { commands, usual }: CommandGroup,
  define: (command: Command, definition: CommandDefinition<never>) => void,
): Promise<void> {
  group.helpCommand(false);
  for (const [name, { summary, load }] of Object.entries(commands)) {
    const command = group
      .command(name, { isDefault: name === usual })
      .summary(summary)
      .description(`${summary}.`);
    define(command, (await load()) as CommandDefinition<never>);
  }
}

/** What was given for each argument, under the argument's name. */
const argumentsOf = (command: Command): object =>
  Object.fromEntries(
    command.registeredArguments.map((argument, i) => [argument.name(), command.processedArgs[i]]),
  );
