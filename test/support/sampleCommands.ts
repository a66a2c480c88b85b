/** A command line of small commands on the real frame, for the tests of the frame. */
import { setTimeout as sleep } from 'node:timers/promises';
import {
  atLeast,
  type CommandDefinition,
  type CommandGroup,
  type Commands,
  libraryOptions,
} from '../../src/cli/command.ts';
import { run } from '../../src/cli/run.ts';
import { type SourceOptions, sourceOf, sourceOptions, withApiKey } from '../../src/cli/source.ts';
import { StowageError } from '../../src/model/errors.ts';
import { readEnvironment } from '../../src/settings.ts';

interface WorkOptions {
  records: number;
  pause: number;
  troubles: number;
  fail?: 'known' | 'unknown' | 'later' | 'full';
}

/** Works through some records. */
const work: CommandDefinition<WorkOptions> = {
  configure: (command) =>
    libraryOptions(command)
      .option('--records <n>', 'how many', atLeast(1), 10)
      .option('--pause <ms>', 'before each', atLeast(0), 0)
      .option('--troubles <n>', 'how many', atLeast(0), 0)
      .option('--fail <how>'),
  async run({ output, signal, settings }, { records, pause, troubles, fail }) {
    using stage = output.stage('scenes', { total: records });
    for (let id = 1; id <= records; id++) {
      await sleep(pause, undefined, { signal });
      if (id <= troubles) output.trouble({ kind: 'scene', id, field: 'title', why: 'too hard' });
      stage.advance();
    }
    if (fail === 'known') {
      throw new StowageError('library.busy', 'The library is in use.', { remedy: 'Wait for it.' });
    }
    if (fail === 'unknown') throw new TypeError('x is not y');
    if (fail === 'full') throw Object.assign(new Error('ENOSPC: …'), { code: 'ENOSPC' });
    if (fail === 'later') {
      setTimeout(() => {
        throw new TypeError('nobody waited for this');
      });
      await sleep(1000);
    }
    stage.finish();
    output.note('a remark');
    if (troubles > 0) output.warning('some titles are too hard');
    output.line(`worked in ${settings.dataDirectory}`);
    return { complete: troubles === 0, summary: { counts: { scene: records } } };
  },
};

/** Never ends by itself, and does not listen to its signal. */
const deaf: CommandDefinition<object> = {
  configure: (command) => command,
  async run({ output }) {
    output.line('working');
    await sleep(60_000);
    return { complete: true };
  },
};

/** Tells what it understood of its source, with the secrets, as a careless command might. */
const tell: CommandDefinition<SourceOptions> = {
  configure: sourceOptions,
  async run(context, options) {
    const source = await sourceOf(options, context);
    context.output.line(JSON.stringify(source));
    return { complete: true, summary: { source } };
  },
};

/** Needs a key of 12 characters, as a server would, and tells how long the one was that it got. */
const enter: CommandDefinition<SourceOptions> = {
  configure: sourceOptions,
  async run(context, options) {
    const source = await sourceOf(options, context);
    if (!('server' in source)) throw new StowageError('usage', 'Not a server.');
    const length = await withApiKey(source.server, context, async ({ apiKey }) => {
      if (apiKey?.length === 12) return apiKey.length;
      throw new StowageError('source.unauthorized', 'The server wants a key.');
    });
    context.output.line(`in, with a key of ${length} characters`);
    return { complete: true };
  },
};

/** Answers a number with an option that no other command of its group has. */
const answer: CommandDefinition<{ take: string }> = {
  configure: (command) => command.argument('<number>').option('--take <side>'),
  run: async () => ({ complete: true }),
};

const questions: CommandGroup = {
  usual: 'list',
  commands: {
    list: { summary: 'Lists', load: async () => ({ configure: (it) => it, run: answer.run }) },
    answer: { summary: 'Answers', load: async () => answer },
  },
};

const commands: Commands = {
  questions: { summary: 'Asks', load: async () => questions },
  work: { summary: 'Works through some records', load: async () => work },
  deaf: { summary: 'Does not listen', load: async () => deaf },
  tell: { summary: 'Tells its source', load: async () => tell },
  enter: { summary: 'Enters a server', load: async () => enter },
  broken: { summary: 'Is not to be loaded', load: () => Promise.reject(new Error('loaded')) },
};

process.exitCode = await run(commands, process.argv.slice(2), readEnvironment());
