/** A simulated Stash, a library that was brought from it, and what can be done on either side. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after } from 'node:test';
import type pg from 'pg';
import type { ServerVersion } from '../../src/contract/schema.ts';
import type { Reason } from '../../src/library/differences.ts';
import { kindNumber } from '../../src/library/layout.ts';
import type { Waiting } from '../../src/library/waiting.ts';
import type { LibraryId } from '../../src/model/held.ts';
import type { Kind } from '../../src/model/kinds.ts';
import { generate } from '../../src/simulator/generate.ts';
import { type Simulator, startSimulator } from '../../src/simulator/simulator.ts';
import { type Ended, type OwnLibrary, ownLibrary } from './commands.ts';
import type { Scope } from './database.ts';

export interface Stash {
  simulator: Simulator;
  /** Sends GraphQL; fails where the answer has errors. */
  send(query: string, variables?: object): Promise<{ [name: string]: unknown }>;
  /** Rows of its database. */
  rows(sql: string): Promise<unknown[][]>;
  /** The first value of the first row, as a number. */
  number(sql: string): Promise<number>;
}

export interface InStep {
  stash: Stash;
  library: OwnLibrary;
  sync(...words: string[]): Promise<Ended>;
  /** The library's id of a record of the source. */
  idOf(kind: Kind, remoteId: number): Promise<LibraryId>;
  query<R extends pg.QueryResultRow>(sql: string, values?: unknown[]): Promise<R[]>;
  /** What a sync changed: `scene update library`. */
  changesOf(ended: Ended): string[];
  /** Holds every field of both sides against each other. */
  assertInStep(): Promise<void>;
  /** Makes sure that one more sync finds nothing, and writes nothing. */
  assertQuiet(): Promise<void>;
}

const folder = mkdtempSync(join(tmpdir(), 'stowage-in-step-'));
after(() => rmSync(folder, { recursive: true }));
const made = new Set<string>();

/** Another one of the same plan is another server with the same library. */
export async function stashOf(
  t: Scope,
  version: ServerVersion,
  { seed = 1, scenes = 40, images = 40 } = {},
): Promise<Stash> {
  const database = join(folder, `${version}-${seed}-${scenes}.sqlite`);
  if (!made.has(database)) {
    generate(database, { scenes, images, galleries: 6, version, seed, pictures: 'few' });
  }
  made.add(database);
  const simulator = await startSimulator({ database });
  t.after(() => simulator.close());
  return stashAt(simulator);
}

/** Puts another database behind a Stash's address, as a restored backup is; the one that was there is gone, and nothing for so long. */
export async function restarted(
  t: Scope,
  stash: Stash,
  database: string,
  away = 0,
): Promise<Stash> {
  await stash.simulator.close();
  await new Promise((back) => setTimeout(back, away));
  const simulator = await startSimulator({
    database,
    port: Number(new URL(stash.simulator.url).port),
  });
  t.after(() => simulator.close());
  return stashAt(simulator);
}

/** A backup of a Stash's database. */
export function backup({ simulator }: Stash): string {
  const file = join(folder, `${backups++}.backup`);
  simulator.sql(`vacuum into '${file}'`);
  return file;
}
let backups = 0;

function stashAt(simulator: Simulator): Stash {
  const send: Stash['send'] = async (query, variables = {}) => {
    const answer = await fetch(`${simulator.url}/graphql`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ query, variables }),
    });
    const { data, errors } = (await answer.json()) as { data: never; errors?: unknown };
    assert.equal(errors, undefined, JSON.stringify(errors));
    return data;
  };
  const rows: Stash['rows'] = async (sql) => {
    const { querySQL } = await send('mutation($sql: String!){querySQL(sql:$sql){rows}}', { sql });
    return (querySQL as { rows: unknown[][] }).rows;
  };
  return {
    simulator,
    send,
    rows,
    number: async (sql) => Number((await rows(sql))[0]?.[0]),
  };
}

interface Plan {
  version?: ServerVersion;
  writes?: boolean;
  scenes?: number;
  /** What is in the Stash besides, before it is brought over: statements on its database. */
  prepared?: string;
}

export async function inStep(
  t: Scope,
  { version = 'v0.30', writes = false, scenes = 40, prepared = '' }: Plan = {},
): Promise<InStep> {
  const stash = await stashOf(t, version, { scenes });
  stash.simulator.sql(prepared);
  const library = await ownLibrary(t);
  const from = ['--from', stash.simulator.url];
  const migrated = await library.stowage('migrate', ...from);
  assert.ok(migrated.exitCode === 0, migrated.error?.message);
  if (writes) await library.query('UPDATE stowage.sources SET writes = true');
  const sync: InStep['sync'] = async (...words) => {
    const ended = await library.stowage('sync', ...from, ...words);
    if (ended.error) throw ended.error;
    return ended;
  };
  const changesOf = ({ summary }: Ended) =>
    (summary.counts as { kind: string; side: string; action: string }[]).map(
      ({ kind, side, action }) => `${kind} ${action} ${side}`,
    );
  return {
    stash,
    library,
    sync,
    changesOf,
    query: library.query,
    async idOf(kind, remoteId) {
      const [row] = await library.query<{ id: LibraryId }>(
        'SELECT library_id AS id FROM stowage.links WHERE source_id = 1 AND kind = $1 AND remote_id = $2',
        [kindNumber[kind], remoteId],
      );
      assert.ok(row, `${kind} ${remoteId} is linked`);
      return row.id;
    },
    async assertInStep() {
      const { summary, troubles } = await library.stowage('verify', ...from, '--via', 'tables');
      assert.deepEqual(troubles, []);
      assert.equal(summary.differences, 0);
    },
    async assertQuiet() {
      const before = await library.contents();
      const again = await sync();
      assert.deepEqual(again.summary.counts, []);
      assert.equal(again.summary.run, null);
      const now = await library.contents();
      for (const name of Object.keys({ ...before, ...now })) {
        if (name.startsWith('mirrors/')) continue; // ours, and no part of the library
        assert.equal(now[name], before[name], `${name} is as it was`);
      }
      await assertSaidAsProved(library, again, from);
    },
  };
}

/** What a sync with nothing to do and `status` say is what a proof finds. */
async function assertSaidAsProved(library: OwnLibrary, synced: Ended, from: string[]) {
  const proof = await library.stowage('verify', ...from, '--via', 'tables');
  const unexplained = proof.troubles.filter((one) => !('known' in one));
  assert.deepEqual(unexplained, [], 'every difference is one that is known');
  const status = await library.stowage('status');
  const source = status.events.find(({ event, name }) => event === 'source' && name === 'main');
  const { conflicts, refused, absent, unsent, differing } = source as unknown as Waiting;
  const known = proof.summary.known as { [why in Reason]?: number };
  for (const [why, said] of [
    ['question', conflicts],
    ['absent', absent],
    ['unsent', unsent],
    ...differing.map(({ why, count }) => [why, count] as const),
  ] as const) {
    if (known[why]) assert.ok(said > 0, `status says what is ${why}: ${JSON.stringify(source)}`);
  }
  for (const why of Object.keys(known)) {
    const isSaid = ['question', 'absent', 'unsent'].includes(why);
    assert.ok(isSaid || differing.some((one) => one.why === why), `status says what is ${why}`);
  }
  // What can be proved and is said to differ does.
  for (const { why, field, kind } of differing) {
    if (why === 'part' || why === 'place') continue;
    assert.ok(known[why], `${kind} ${field} differs, as status says: ${why}`);
  }
  const isSaid = synced.lines.includes('Nothing to do: both sides are in step.');
  const isAll = conflicts + refused + absent + unsent + differing.length === 0;
  assert.equal(isSaid, isAll, synced.lines.join('\n'));
  if (isSaid) assert.equal(proof.summary.differences, 0);
}
