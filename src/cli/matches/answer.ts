import type { ClientBase } from 'pg';
import { type Answer, answerMatch, listMatches, type Match } from '../../library/matches.ts';
import { countChanged } from '../../library/runRecords.ts';
import { beginRun, finishRun } from '../../library/runs.ts';
import { StowageError } from '../../model/errors.ts';
import { foldInto } from '../../sync/foldInto.ts';
import { type CommandDefinition, libraryOptions, numbers } from '../command.ts';
import { lockForWriting, withLibrary } from '../library.ts';

interface Options {
  ids: number[];
}

const answering = (answer: Answer): CommandDefinition<Options> => ({
  configure: (command) =>
    libraryOptions(command).argument('<ids...>', 'numbers of suggestions', numbers),
  run: (context, { ids }) =>
    withLibrary(context, async (client) => {
      const { output } = context;
      await lockForWriting(client);
      const waiting = new Set((await listMatches(client, { ids })).map(({ id }) => id));
      const missing = ids.filter((id) => !waiting.has(id));
      if (missing.length > 0) {
        throw new StowageError(
          'usage',
          `No suggestion of the number ${missing.join(', ')} waits.`,
          {
            remedy: '`stowage matches` lists those that do.',
          },
        );
      }
      const runs: number[] = [];
      for (const id of ids) {
        // An answer may have settled others: what was two is one by now.
        const [match] = await listMatches(client, { ids: [id] });
        if (!match) continue;
        if (answer === 'rejected') await answerMatch(client, id, answer);
        else runs.push(await asOne(client, match));
      }
      output.line(
        answer === 'rejected'
          ? 'They stay apart, and it is not asked again.'
          : `They are one now; \`stowage undo ${runs.at(-1)}\` takes ${runs.length > 1 ? 'the last one' : 'it'} back.`,
      );
      return { complete: true, summary: { answered: ids.length, runs } };
    }),
});

export const accept = answering('accepted');
export const reject = answering('rejected');

/** The record that came from the source becomes part of the one that the library had. */
async function asOne(client: ClientBase, { id, kind, libraryId, otherId }: Match): Promise<number> {
  await client.query('BEGIN');
  try {
    const run = { id: await beginRun(client, { command: 'match' }) };
    await foldInto(client, run, kind, otherId, libraryId);
    await answerMatch(client, id, 'accepted');
    await finishRun(client, run.id, 'done', await countChanged(client, run.id));
    await client.query('COMMIT');
    return run.id;
  } catch (error) {
    await client.query('ROLLBACK').catch(() => {}); // the first error tells more
    throw error;
  }
}
