import { readFileSync } from 'node:fs';
import { Command } from 'commander';
import type { CommandDefinition, CommandGroup, Commands } from './command.ts';
import type { Streams } from './streams.ts';

/** A command as the person called it. */
export interface Call {
  definition: CommandDefinition<never>;
  /** As commander named them; `database` and `data` where the command has them. */
  options: { database?: string; data?: string };
}

/**
 * Reads the command line. Loads the one command that it names: the others have their line in the help and no
 * more. Throws commander's `CommanderError` where the words are wrong, or ask for help or the version.
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
    .exitOverride()
    .configureOutput({
      writeOut: (text) => streams.out(text.trimEnd()),
      writeErr: (text) => streams.err(text.trimEnd()),
      outputError: () => {}, // thrown too, and shown by whoever catches it
    });
  const asked = words[0] === 'help' ? [...words.slice(1, 2), '--help'] : words;

  let call: Call | undefined;
  const define = (command: Command, definition: CommandDefinition<never>) =>
    definition
      .configure(command)
      .option('--json', 'write events for a machine on standard output, one a line')
      .option('--quiet', 'say only what went wrong')
      .action(() => {
        call = { definition, options: { ...command.opts(), ...argumentsOf(command) } };
      });
  for (const [name, { summary, load }] of Object.entries(commands)) {
    const command = program.command(name).summary(summary).description(`${summary}.`);
    if (name !== asked[0]) continue;
    const loaded = await load();
    if (isGroup(loaded)) await defineGroup(command, loaded, define);
    else define(command, loaded);
  }
  program.parse(asked, { from: 'user' });
  if (call === undefined) throw new Error(`The command ${asked[0]} was parsed but not called.`);
  return call;
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

function version(): string {
  const manifest = readFileSync(new URL('../../package.json', import.meta.url), 'utf8');
  return JSON.parse(manifest).version;
}
