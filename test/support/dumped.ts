/** All that a command could have left a trace in: a database, and a data directory. */
import { hash } from 'node:crypto';
import { readdir, readFile, stat } from 'node:fs/promises';
import path from 'node:path';
import type { Contents } from './commands.ts';
import { withClient } from './database.ts';

/** Each table with its rows and their versions, each sequence, each file and folder. */
export async function dumped({ url, data }: { url: string; data: string }): Promise<Contents> {
  return { ...(await database(url)), ...(await directory(data)) };
}

const database = (url: string) =>
  withClient(url, async (client) => {
    const found: Contents = {};
    const { rows } = await client.query<{ name: string; kind: string }>(
      `SELECT format('%I.%I', n.nspname, c.relname) AS name, c.relkind AS kind
         FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
        WHERE c.relkind IN ('r', 'S', 'v', 'm') AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
        ORDER BY 1`,
    );
    for (const { name, kind } of rows) {
      const select = {
        r: `SELECT count(*) || md5(string_agg(t.xmin || ' ' || t::text, E'\\n' ORDER BY t::text)) AS is FROM ${name} t`,
        S: `SELECT last_value || ' ' || is_called AS is FROM ${name}`,
      }[kind];
      found[name] = select ? ((await client.query(select)).rows[0].is ?? 'empty') : kind;
    }
    return found;
  });

async function directory(folder: string): Promise<Contents> {
  const found: Contents = {};
  for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
    const file = path.join(entry.parentPath, entry.name);
    const { mode, mtimeMs } = await stat(file);
    const holds = entry.isFile() ? `${hash('md5', await readFile(file))} ${mtimeMs}` : 'folder';
    found[path.relative(folder, file)] = `${mode.toString(8)} ${holds}`;
  }
  return found;
}
