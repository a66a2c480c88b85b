import { dumpTables, fillTables, libraryTables } from '../../library/dump.ts';
import { openLibrary } from '../../library/open.ts';
import { settle } from '../../settings.ts';
import { type CommandDefinition, libraryOptions } from '../command.ts';
import { lockForWriting, withLibrary } from '../library.ts';

interface Options {
  to: string;
}

/** `stowage library move --to postgres://…`: the library into another PostgreSQL; the one that it was in keeps it. */
export const move: CommandDefinition<Options> = {
  configure: (command) =>
    libraryOptions(command).requiredOption(
      '--to <url>',
      'the PostgreSQL that it goes to: an empty database',
    ),
  run: (context, { to }) =>
    withLibrary(context, async (client) => {
      const { output, settings, signal } = context;
      const { databaseUrl } = settle({}, { database: to });
      await lockForWriting(client);
      await using target = await openLibrary({
        databaseUrl,
        dataDir: settings.dataDirectory,
        signal,
      }).then((library) => ({ ...library, [Symbol.asyncDispose]: () => library.close() }));
      const into = await target.pool.connect();
      try {
        using stage = output.stage('tables', { total: 0 });
        await client.query('BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY');
        const tables = await libraryTables(client);
        stage.total = tables.length;
        const dump = (async function* () {
          for await (const table of dumpTables(client, tables)) {
            yield table;
            stage.advance(1);
          }
        })();
        await fillTables(into, dump, { progress: () => {}, signal });
        await client.query('COMMIT');
        stage.finish();
      } finally {
        into.release(true);
      }
      output.line(`The library is in ${target.where} now, and where it was it is kept.`);
      output.line('Say --database with each command, or set STOWAGE_DATABASE_URL.');
      output.line(`Its pictures stay in ${settings.dataDirectory}.`);
      return { complete: true, summary: { to: target.where } };
    }),
};
