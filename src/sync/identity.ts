import type { ClientBase } from 'pg';
import { kindNumber, kindOfNumber } from '../library/layout.ts';
import { listSources, type Source } from '../library/sources.ts';
import type { Id, Instant } from '../model/fields.ts';
import { type Kind, kindNames } from '../model/kinds.ts';
import type { Reading } from '../model/reading.ts';
import { hasFiles, ownerField } from './deletions.ts';
import { redatedAmong, standingsOf } from './standing.ts';

/** Whether a source is still the server that it was when it was last read (design.md §5.1). */
export interface Identity {
  verdict: 'same' | 'rewound' | 'renumbered' | 'other';
  /** For people: what was found. */
  why: string;
  /** The highest number that it has given to a record of each kind. */
  highest: { [K in Kind]?: Id };
}

/** Records looked up in all, spread over the kinds. */
const sampleSize = 200;
/** With fewer, one deletion would weigh too much. */
const telling = 20;

/**
 * Looks up a sample of the records that were seen there. A record is (number, time of creation): Stash never gives a
 * number twice, so a number with another time, or a highest number that went down, shows a database that was put
 * back or exchanged; unless all but the time is as it was. What is gone shows nothing where only what lies on a disk is.
 */
export async function identify(
  client: ClientBase,
  source: Source,
  reading: Reading,
): Promise<Identity> {
  const highest = await reading.highest();
  const sample = await sampleOf(client, source);
  let found = 0;
  let replaced = 0;
  /** Gone, with a number above all that it says it has given: no deletion takes these back. */
  let ungiven = 0;
  let all = 0;
  /** Of what a clean takes away where a disk is missing, and of all else. */
  const there = { onDisk: 0, else: 0 };
  let goneElsewhere = 0;
  for (const [kind, known] of sample) {
    const created = await reading.created(
      kind,
      known.map(({ id }) => id),
    );
    const isOnDisk = hasFiles.has(kind) || kind in ownerField;
    const dated: Id[] = [];
    for (const { id, createdAt } of known) {
      const now = created.get(id);
      if (now === null) continue; // the server refuses to tell: no evidence for anything
      all++;
      if (now === undefined) {
        if (!isOnDisk) goneElsewhere++;
        if (id > (highest[kind] ?? Infinity)) ungiven++;
        continue;
      }
      // A gallery may have been made by hand.
      if (!isOnDisk) there.else++;
      else if (kind !== 'gallery' && kind !== 'chapter') there.onDisk++;
      if (sameInstant(now, createdAt)) found++;
      else dated.push(id);
    }
    const redated = await redatedAmong({ client, source, reading }, kind, dated);
    found += redated.size;
    replaced += dated.length - redated.size;
  }
  const share = all === 0 ? 1 : found / all;
  const told = `${found} of ${all} records that were looked up are there as they were`;
  const isGraphql = reading.road === 'graphql';
  // GraphQL tells only the highest number that is there, which a deletion lowers too.
  const given = isGraphql ? {} : await highestGiven(client, source);
  const lowered = kindNames.filter((kind) => (highest[kind] ?? Infinity) < (given[kind] ?? 0));
  // A disk that is not there takes along whatever lies on it, once Stash cleans; no number is taken back.
  const isDiskAway =
    replaced + goneElsewhere + lowered.length === 0 &&
    (isGraphql ? there.onDisk === 0 && there.else > 0 : ungiven === 0);
  if (!isDiskAway && all >= 3 && share < 0.5 && (replaced > 0 || all >= telling)) {
    const renumbered = await isRenumbered(client, source, reading);
    if (renumbered)
      return { verdict: 'renumbered', why: `${told}, the others under new numbers`, highest };
    if (share < 0.1) return { verdict: 'other', why: told, highest };
    return { verdict: 'rewound', why: told, highest };
  }
  if (replaced > 0) {
    return {
      verdict: 'rewound',
      why: `${told}, ${replaced} numbers belong to other records now`,
      highest,
    };
  }
  if (lowered.length > 0) {
    const why = `it gives ${lowered.join(', ')} numbers that it had given before`;
    return { verdict: 'rewound', why, highest };
  }
  // By GraphQL that may have been deleted, too: the newest ones, and many.
  if (!isDiskAway && all >= telling && ungiven > all * 0.1)
    return { verdict: 'rewound', why: told, highest };
  const back = await changedBack(client, source, reading);
  if (back > 0) {
    const why = `${back} of the records that were changed last are as they were before that`;
    return { verdict: 'rewound', why, highest };
  }
  return { verdict: 'same', why: told, highest };
}

/** So many lines of the journal are looked through, for at most so many records. */
const lastLines = 2000;
const lastChanged = 100;

/**
 * Of the records that were changed last, those that the source says it changed longer ago than it did, and that are
 * otherwise than they were then: a backup from between may have the same numbers.
 */
async function changedBack(client: ClientBase, source: Source, reading: Reading): Promise<number> {
  const { rows } = await client.query<{ kind: number; id: string; updated: string }>(
    `SELECT l.kind, l.remote_id AS id, l.facts ->> 'updatedAt' AS updated FROM stowage.links l
      WHERE l.source_id = $1 AND l.absent_since IS NULL AND l.facts ? 'updatedAt' AND l.library_id IN (
        SELECT c.library_id FROM (SELECT library_id, run_id FROM stowage.run_changes ORDER BY id DESC LIMIT ${lastLines}) c
          JOIN stowage.runs r ON r.id = c.run_id WHERE r.source_id = $1)
      LIMIT ${lastChanged}`,
    [source.id],
  );
  let back = 0;
  for (const [kind, some] of Map.groupBy(rows, (row) => kindOfNumber.get(row.kind) as Kind)) {
    const known = new Map(some.map(({ id, updated }) => [Number(id), Date.parse(updated)]));
    const ids = [...known.keys()].sort((a, b) => a - b);
    const earlier: Id[] = [];
    for await (const batch of reading.some(kind, ids)) {
      for (const { id, updatedAt } of batch as { id: Id; updatedAt?: Instant }[]) {
        // Not every road tells fractions of a second.
        if (updatedAt && Date.parse(updatedAt) <= (known.get(id) ?? 0) - 1000) earlier.push(id);
      }
    }
    const standings = await standingsOf({ client, source, reading }, kind, earlier);
    back += [...standings.values()].filter((standing) => standing !== 'same').length;
  }
  return back;
}

/** The highest numbers that it is known to have given: when it was last read, and to what was made there since. */
async function highestGiven(client: ClientBase, source: Source): Promise<Identity['highest']> {
  const { rows } = await client.query<{ kind: number; highest: number }>(
    // What is absent may be what a source lost that was put back and accepted so.
    `SELECT k.kind, (SELECT max(remote_id)::float8 FROM stowage.links
         WHERE source_id = $1 AND kind = k.kind AND absent_since IS NULL) AS highest
       FROM unnest($2::smallint[]) AS k (kind)`,
    [source.id, kindNames.map((kind) => kindNumber[kind])],
  );
  const given: Identity['highest'] = {};
  for (const { kind: number, highest } of rows) {
    const kind = kindOfNumber.get(number) as Kind;
    given[kind] = Math.max(highest ?? 0, source.highest[kind] ?? 0);
  }
  return given;
}

/**
 * Of a source that is new to the library, the one that has the same records under the same numbers, made at the same moments:
 * it is that server under a second name, or a copy of it.
 */
export async function twinOf(
  client: ClientBase,
  source: Source,
  reading: Reading,
): Promise<Source | undefined> {
  if ((await sampleOf(client, source)).length > 0) return undefined;
  for (const other of await listSources(client)) {
    if (other.id === source.id) continue;
    let [all, same] = [0, 0];
    for (const [kind, known] of await sampleOf(client, other)) {
      const created = await reading.created(
        kind,
        known.map(({ id }) => id),
      );
      all += known.length;
      same += known.filter(({ id, createdAt }) => {
        const now = created.get(id);
        return now != null && sameInstant(now, createdAt);
      }).length;
    }
    if (all >= telling && same >= all * 0.9) return other;
  }
  return undefined;
}

/** The same moment, though a server may serve it in another zone. */
const sameInstant = (a: Instant, b: Instant): boolean => a === b || Date.parse(a) === Date.parse(b);

async function sampleOf(
  client: ClientBase,
  source: Source,
): Promise<[Kind, { id: Id; createdAt: Instant }[]][]> {
  const kinds = kindNames.filter((kind) => kind !== 'savedFilter'); // which have no times
  const each = Math.ceil(sampleSize / kinds.length);
  const sample: [Kind, { id: Id; createdAt: Instant }[]][] = [];
  for (const kind of kinds) {
    // Evenly from the first number to the last; each look-up is one step in the index.
    const { rows } = await client.query<{ id: string; created: string | null }>(
      `WITH ends AS (
         SELECT min(remote_id) AS first, max(remote_id) AS last FROM stowage.links WHERE source_id = $1 AND kind = $2
       )
       SELECT DISTINCT l.remote_id AS id, l.facts ->> 'createdAt' AS created
         FROM ends, generate_series(0, $3 - 1) AS step,
           LATERAL (SELECT remote_id, facts FROM stowage.links
             WHERE source_id = $1 AND kind = $2 AND absent_since IS NULL
               AND remote_id >= first + (last - first) * step / greatest($3 - 1, 1)
             ORDER BY remote_id LIMIT 1) AS l`,
      [source.id, kindNumber[kind], each],
    );
    const known = rows.flatMap(({ id, created }) =>
      created === null ? [] : [{ id: Number(id), createdAt: created }],
    );
    if (known.length > 0) sample.push([kind, known]);
  }
  return sample;
}

/** Are the names that we know there, with their times, under other numbers? As after a full export and import. */
async function isRenumbered(
  client: ClientBase,
  source: Source,
  reading: Reading,
): Promise<boolean> {
  let known = 0;
  let again = 0;
  let asBefore = 0;
  for (const kind of ['tag', 'studio', 'performer'] as const) {
    const { rows } = await client.query<{ id: string; name: string; created: string }>(
      `SELECT remote_id AS id, base ->> 'name' AS name, facts ->> 'createdAt' AS created FROM stowage.links
        WHERE source_id = $1 AND kind = $2 AND absent_since IS NULL ORDER BY remote_id LIMIT 5000`,
      [source.id, kindNumber[kind]],
    );
    const expected = new Map(
      rows.map(({ id, name, created }) => [`${name}\n${Date.parse(created)}`, Number(id)]),
    );
    known += expected.size;
    for await (const batch of reading.records(kind)) {
      for (const { id, name, createdAt } of batch) {
        const key = `${name}\n${Date.parse(createdAt ?? '')}`;
        const before = expected.get(key);
        if (before === undefined) continue;
        expected.delete(key);
        if (before === id) asBefore++;
        else again++;
      }
    }
  }
  // An import that gives some the numbers that they had gives others to most.
  return known >= 3 && again + asBefore >= known * 0.8 && again > asBefore;
}
