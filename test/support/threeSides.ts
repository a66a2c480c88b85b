/** Two simulated Stashes and a library between them, on a real PostgreSQL: what happens to them, and whether they agree. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import pg from 'pg';
import { isUncertain } from '../../src/cli/syncing.ts';
import { listConflicts } from '../../src/library/conflicts.ts';
import { reasonsFor } from '../../src/library/differences.ts';
import { kindOfNumber } from '../../src/library/layout.ts';
import { linksKeptOtherwise } from '../../src/library/links.ts';
import { mirrorToken } from '../../src/library/outside.ts';
import { LibraryRecords } from '../../src/library/read.ts';
import { changeSource, findSource, KnownFields, type Source } from '../../src/library/sources.ts';
import { fieldsOf, kindNames } from '../../src/model/kinds.ts';
import type { Reading } from '../../src/model/reading.ts';
import { sameValue } from '../../src/model/records.ts';
import { StashClient } from '../../src/stash/client.ts';
import { connect, type StashServer } from '../../src/stash/server.ts';
import { openTables } from '../../src/stash/tables/tablesRoad.ts';
import { canHold } from '../../src/stash/write/canHold.ts';
import { canMerge, mergeThere } from '../../src/stash/write/merges.ts';
import { temporaryName } from '../../src/stash/write/names.ts';
import { openWriter } from '../../src/stash/write/writer.ts';
import { compareKind, type Difference } from '../../src/sync/compare.ts';
import type { PolicyWord } from '../../src/sync/policy.ts';
import { type Synced, syncSource } from '../../src/sync/sync.ts';
import { ownLibrary } from './commands.ts';
import type { Scope } from './database.ts';
import { type Stash, stashOf } from './inStep.ts';

export interface Side {
  name: string;
  stash: Stash;
  server: StashServer;
  /** Keeps what it has now. */
  backUp(): void;
  /** Puts it back to what it had some times before, when this was kept: it has been synced since. */
  putBack(): void;
}

export interface ThreeSides {
  client: pg.ClientBase;
  sides: readonly [Side, Side];
  /** Syncs one source once; one that was put back is treated as was said. */
  sync(side: Side): Promise<Synced>;
  /** What is said of a source that was put back. */
  setAnswer(standing: 'accept' | 'push'): void;
  /** How often that was asked. */
  readonly asked: number;
  setPolicy(word: PolicyWord): Promise<void>;
  /** What differs between a source and the library, but for what is being asked. */
  differences(side: Side): Promise<string[]>;
}

export async function threeSides(t: Scope): Promise<ThreeSides> {
  const folder = mkdtempSync(join(tmpdir(), 'stowage-three-'));
  t.after(async () => rmSync(folder, { recursive: true }));
  const library = await ownLibrary(t);
  const sides: Side[] = [];
  for (const name of ['main', 'second']) {
    const stash = await stashOf(t, 'v0.30', { seed: 7, scenes: 8, images: 8 });
    const from = ['--from', stash.simulator.url, '--name', name, '--pictures', 'none'];
    const brought = await library.stowage('migrate', ...from);
    assert.equal(brought.exitCode, 0, JSON.stringify([brought.error?.message, brought.troubles]));
    const client = new StashClient({ address: stash.simulator.url });
    t.after(() => client.close());
    sides.push({ name, stash, server: await connect(client), ...backups(stash, folder, name) });
  }
  const client = new pg.Client(library.url);
  await client.connect();
  client.on('error', () => {}); // its database is dropped under it at the end
  await client.query(`UPDATE stowage.sources SET writes = true, deletions = 'both'`);
  const { signal } = new AbortController();
  const sourceOf = async ({ name }: Side) => (await findSource(client, name)) as Source;
  const read = async (side: Side): Promise<Reading> =>
    openTables(side.server, {
      tempDir: folder,
      mirror: {
        file: join(folder, `${side.name}.sqlite`),
        token: () => mirrorToken(client, side.name),
        isLookedAt: false,
      },
      compare: isUncertain(await sourceOf(side)) ? 'full' : 'quick',
      signal,
    });
  let answer: 'accept' | 'push' = 'accept';
  let asked = 0;
  return {
    client,
    sides: sides as [Side, Side],
    get asked() {
      return asked;
    },
    setAnswer(standing) {
      answer = standing;
    },
    async sync(side) {
      let reading: Reading | undefined;
      const once = async () =>
        syncSource({
          client,
          source: await sourceOf(side),
          canHold: (kind, field, value) => canHold(side.server.profile, kind, field, value),
          couldHold: (kind, field, value) => canHold(side.server.profile, kind, field, value),
          canMerge: (kind) => canMerge(side.server, kind),
          isTemporary: (name, id) => temporaryName(name, id) !== undefined,
          merge: (kind, origin, into) => mergeThere(side.server, kind, origin, into, signal),
          known: new KnownFields(),
          signal,
          allowedDeletions: 0,
          createScenes: false,
          createAll: false,
          warn: () => {},
          full: false,
          writer: (told) => openWriter(side.server, { ...told, picture: async () => null }),
          read: async () => {
            await reading?.close();
            reading = await read(side);
            return reading;
          },
          stage: () => () => {},
        });
      try {
        return await once().catch(async (error) => {
          if (error.code !== 'source.changed') throw error;
          asked++;
          await changeSource(client, (await sourceOf(side)).id, { standing: answer });
          return once();
        });
      } finally {
        await reading?.close();
      }
    },
    async setPolicy(word) {
      for (const side of sides) {
        await changeSource(client, (await sourceOf(side)).id, { policy: { default: word } });
      }
    },
    async differences(side) {
      const source = await sourceOf(side);
      const asked = new Set(
        (await listConflicts(client, { sourceId: source.id })).flatMap(
          ({ kind, remoteId, field }) => [`${kind} ${remoteId} ${field}`],
        ),
      );
      const one = await onesOf(client, source);
      const found: string[] = [];
      const reading = await read(side);
      const records = await LibraryRecords.begin([client], source);
      for (const kind of kindNames) {
        const looked: Difference[] = [];
        const kept = new Map(
          (await linksKeptOtherwise(client, source, kind)).map((link) => [link.remoteId, link]),
        );
        await compareKind(kind, reading.records(kind), records.records(kind), (difference) => {
          const { id, field, source: there, library: here } = difference;
          // What a person or the other Stash made one here may still be two there.
          if (one.has(`${kind} ${id}`)) return;
          const isOne = field ? fieldsOf[kind].find(([name]) => name === field)?.[1].target : null;
          const isKept = field !== null && sameValue(kept.get(id)?.sent[field], here);
          const isSame = isOne && sameValue(asOne(one, isOne, there), asOne(one, isOne, here));
          if (!isKept && !isSame) looked.push(difference);
          if (asked.has(`${kind} ${id} ${field ?? ''}`) || asked.has(`${kind} ${id} `)) return;
          // What a server keeps otherwise than it was sent stays as it is here.
          const sent = field === null ? undefined : kept.get(id)?.sent[field];
          if (sent !== undefined && sameValue(sent, here)) return;
          if (sameValue(trimmed(there), trimmed(here))) return;
          const target = field ? fieldsOf[kind].find(([name]) => name === field)?.[1].target : null;
          // A marker cannot be told that it is in a scene that the server does not have (one that another has once more).
          if (target && kind === 'marker' && here === null) return;
          // Nor what names a record that one side lost, while it is asked whether it goes on the other.
          const isAsked = (id: unknown) => asked.has(`${target} ${id} `);
          if (target && sameValue(asOne(one, target, there), asOne(one, target, here, isAsked)))
            return;
          found.push(
            `${side.name} ${kind} ${id} ${field}: ${JSON.stringify(there)} there, ${JSON.stringify(here)} here`,
          );
        });
        // Whatever differs, a proof can say why.
        const reasons = await reasonsFor(client, source, kind, looked);
        looked.forEach((difference, i) => {
          if (reasons[i] === undefined)
            found.push(`${side.name} unexplained: ${JSON.stringify(difference)}`);
        });
      }
      await records.end();
      await reading.close();
      return found;
    },
  };
}

/** A server's database, kept and put back with the server running. */
function backups({ simulator }: Stash, folder: string, name: string) {
  const kept: string[] = [];
  return {
    backUp() {
      const file = join(folder, `${name}-${kept.length}.backup`);
      simulator.sql(`vacuum into '${file}'`);
      kept.push(file);
    },
    putBack() {
      const file = kept.at(-5);
      if (file === undefined) return;
      const old = new DatabaseSync(file, { readOnly: true });
      const tables = old
        .prepare(`select name from sqlite_master where type = 'table'`)
        .all()
        .map((row) => row.name as string);
      old.close();
      simulator.sql(`pragma foreign_keys = off; attach '${file}' as old; begin;
        ${tables.map((table) => `delete from main."${table}"; insert into main."${table}" select * from old."${table}";`).join('\n')}
        commit; detach old; pragma foreign_keys = on`);
    },
  };
}

/** Records of a source that are part of another in the library: the number of that one, where the source has it. */
async function onesOf(client: pg.ClientBase, source: Source): Promise<Map<string, number>> {
  const { rows } = await client.query<{ kind: number; origin: string; destination: string | null }>(
    `SELECT o.kind, o.remote_id AS origin, d.remote_id AS destination
       FROM stowage.folded f JOIN stowage.links o ON o.library_id = f.origin AND o.source_id = $1
       LEFT JOIN stowage.links d ON d.library_id = f.destination AND d.source_id = $1`,
    [source.id],
  );
  return new Map(
    rows.map(({ kind, origin, destination }) => [
      `${kindOfNumber.get(kind)} ${origin}`,
      Number(destination),
    ]),
  );
}

function asOne(
  one: Map<string, number>,
  kind: string,
  value: unknown,
  without = (_: unknown) => false,
): unknown {
  const now = (id: unknown) => one.get(`${kind} ${id}`) ?? id;
  return Array.isArray(value)
    ? [...new Set(value.filter((id) => !without(id)).map(now))].sort(
        (a, b) => Number(a) - Number(b),
      )
    : now(value);
}

function trimmed(value: unknown): unknown {
  if (typeof value === 'string') return value.trim();
  return Array.isArray(value) ? value.map(trimmed).sort() : value;
}
