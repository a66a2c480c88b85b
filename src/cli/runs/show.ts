import type { ClientBase } from 'pg';
import { findRun, type Run } from '../../library/runs.ts';
import { StowageError } from '../../model/errors.ts';
import { atLeast, type CommandDefinition, libraryOptions } from '../command.ts';
import { lookingAtLibrary } from '../library.ts';
import { tellLines } from './lines.ts';
import { recordWords, runWords } from './list.ts';

interface Options {
  id: number;
}

/** `stowage runs show 12`: each field that a run changed, on each side, before and after. */
export const show: CommandDefinition<Options> = {
  configure: (command) =>
    libraryOptions(command).argument('<id>', 'the number of the run', atLeast(1)),
  run: (context, { id }) =>
    lookingAtLibrary(context, async (client) => {
      const { output } = context;
      const run = await namedRun(client, id);
      const record = (await recordWords(client, [run])).get(id);
      output.event('run', { ...run, ...(record && { record }) });
      output.line(`run ${id}: ${runWords(run, record)}`);
      const lines = await tellLines(output, client, id);
      if (lines === 0 && run.command === 'migrate') {
        output.line('A first import: everything that it counts was made by it.');
      }
      return { complete: true, summary: { run: id, lines } };
    }),
};

/** The run of that number; a usage error where there is none. */
export async function namedRun(client: ClientBase, id: number): Promise<Run> {
  const run = await findRun(client, id);
  if (run) return run;
  throw new StowageError('usage', `There is no run ${id}.`, {
    remedy: '`stowage runs` lists them.',
  });
}
