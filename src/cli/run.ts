import { CommanderError } from 'commander';
import { type Environment, settle } from '../settings.ts';
import { type CommandContext, type Commands, exitCodes, type Outcome } from './command.ts';
import { createDisplay } from './display/create.ts';
import { howFar } from './display/words.ts';
import { asStowageError, exitCodeOf, shownError } from './failure.ts';
import { listenForInterrupts } from './interrupt.ts';
import { peakRssMb } from './memory.ts';
import { Output, round } from './output.ts';
import { type Call, parse } from './parse.ts';
import { Redactor } from './redactor.ts';
import { redactedStreams } from './streams.ts';

/**
 * Does what the words say and gives the exit code. The outermost layer: everything below it throws, and here
 * what was thrown becomes words for a person, or events for a machine.
 */
export async function run(
  commands: Commands,
  words: readonly string[],
  environment: Environment,
): Promise<number> {
  // Whatever is made is its owner's alone, whatever the shell says: a library is private.
  process.umask(0o077);
  const redactor = new Redactor();
  redactor.add(environment.STOWAGE_API_KEY);
  redactor.add(environment.STOWAGE_TO_API_KEY);
  redactor.add(environment.STOWAGE_SECRET);
  const streams = redactedStreams(redactor, process.stdout, process.stderr);
  const name = Object.keys(commands).find((command) => command === words[0]);

  let call: Call | undefined;
  let misread: unknown;
  try {
    call = await parse(commands, words, streams);
  } catch (error) {
    misread = error;
    if (error instanceof CommanderError) {
      // Help or the version was asked for, and is written; or nothing was, and the help is written.
      return error.exitCode === 0 ? exitCodes.done : exitCodes.usage;
    }
  }

  const started = performance.now();
  const json = words.includes('--json');
  const display = await createDisplay(streams, { json, quiet: words.includes('--quiet') });
  const output = new Output(display);
  const { signal, stopListening } = listenForInterrupts(() =>
    output.running.map((stage) => `, ${stage.name} at ${howFar(stage)}`).join(''),
  );
  const conclude = (exitCode: number, summary: Outcome['summary'] = {}): number => {
    stopListening();
    display.summary({
      command: name ?? '',
      ok: exitCode === exitCodes.done,
      exitCode,
      ...summary,
      seconds: round((performance.now() - started) / 1000),
      stages: output.stages,
      peakRssMb: peakRssMb(),
    });
    display.close();
    return exitCode;
  };
  const fail = (error: unknown): number => {
    const failure = asStowageError(error, signal);
    display.error(shownError(failure, environment.STOWAGE_DEBUG === '1'));
    return conclude(exitCodeOf(failure));
  };
  process.on('uncaughtException', (error) => process.exit(fail(error)));

  if (call === undefined) return fail(misread);
  try {
    const settings = settle(environment, call.options);
    const context: CommandContext = { settings, output, signal, redactor };
    const { complete, summary } = await call.definition.run(context, call.options as never);
    return conclude(complete ? exitCodes.done : exitCodes.incomplete, summary);
  } catch (error) {
    return fail(error);
  }
}
