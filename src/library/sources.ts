import type { ClientBase } from 'pg';
import type { Id } from '../model/fields.ts';
import { type FieldName, fieldsOf, type Kind, kindNames } from '../model/kinds.ts';
import type { RoadName, SourceProfile } from '../model/reading.ts';

/** The fields that a reading could tell, by kind. */
export type Known = { [K in Kind]?: FieldName<K>[] };

/** A source as the library remembers it. */
export interface Source {
  id: number;
  name: string;
  profile: SourceProfile;
  pictures: 'all' | 'none';
  known: Known;
  /** Where it was last reached; its key only sealed (secrets.ts). */
  address: string | null;
  sealedKey: string | null;
  /** Whether anything is ever written to it. */
  writes: boolean;
  policy: Policy;
  /** Which side's deletions are followed: the source's in the library, the library's at the source. */
  deletions: 'library' | 'stash' | 'both' | 'none';
  /** Where its folders are found in the library's own terms. */
  pathMap: { from: string; to: string }[];
  /** Stash-boxes that it calls otherwise than they are called by now. */
  endpoints: { from: string; to: string }[];
  /** Whether a scene that is gone is handed to another one that has its stash id, or that is asked. */
  successors: 'ask' | 'accept';
  /** Why nothing is done with it until a person decides, or what was decided for the next sync. */
  standing: 'ok' | 'rewound' | 'renumbered' | 'accept' | 'push';
  /** The highest number that it had given to a record of each kind, when it was last read. */
  highest: { [K in Kind]?: Id };
  comparedInFullAt: Date | null;
}

/** Who is right where both sides changed a field: by `kind.field`, by kind, and else `default`. */
export type Policy = { [place: string]: 'library' | 'stash' | 'newest' | 'ask' };

export async function findSource(client: ClientBase, name: string): Promise<Source | undefined> {
  const { rows } = await client.query<Source>(
    `SELECT ${columns} FROM stowage.sources WHERE name = $1`,
    [name],
  );
  return rows[0];
}

export async function listSources(client: ClientBase): Promise<Source[]> {
  const { rows } = await client.query<Source>(`SELECT ${columns} FROM stowage.sources ORDER BY id`);
  return rows;
}

/** What of a source changes as it is used, and as a person wants it treated. */
export type SourceSettings = Pick<
  Source,
  | 'profile'
  | 'address'
  | 'sealedKey'
  | 'writes'
  | 'policy'
  | 'deletions'
  | 'pathMap'
  | 'endpoints'
  | 'successors'
  | 'standing'
  | 'highest'
  | 'comparedInFullAt'
>;

const settingColumns: { [S in keyof SourceSettings]: string } = {
  profile: 'profile',
  address: 'address',
  sealedKey: 'sealed_key',
  writes: 'writes',
  policy: 'policy',
  deletions: 'deletions',
  pathMap: 'path_map',
  endpoints: 'endpoints',
  successors: 'successors',
  standing: 'standing',
  highest: 'highest',
  comparedInFullAt: 'compared_in_full_at',
};

const columns = [
  'id, name, pictures, known',
  ...Object.entries(settingColumns).map(([name, column]) => `${column} AS "${name}"`),
].join(', ');

export async function changeSource(
  client: ClientBase,
  sourceId: number,
  settings: Partial<SourceSettings>,
): Promise<void> {
  const names = Object.keys(settings) as (keyof SourceSettings)[];
  if (names.length === 0) return;
  const set = names.map((name, i) => `${settingColumns[name]} = $${i + 2}`);
  await client.query(`UPDATE stowage.sources SET ${set.join(', ')} WHERE id = $1`, [
    sourceId,
    // node-postgres would take a list for an array of PostgreSQL's.
    ...names.map((name) =>
      Array.isArray(settings[name]) ? JSON.stringify(settings[name]) : settings[name],
    ),
  ]);
}

/** A source as it would be added to the library: no record has a link to it. */
export const unaddedSource = (source: Pick<Source, 'name' | 'profile' | 'pictures'>): Source => ({
  ...source,
  id: 0,
  known: {},
  address: null,
  sealedKey: null,
  writes: false,
  policy: { default: 'library' },
  deletions: 'library',
  pathMap: [],
  endpoints: [],
  successors: 'ask',
  standing: 'ok',
  highest: {},
  comparedInFullAt: null,
});

/** When a source was added to this library, to the microsecond; '' where it was not. */
export async function addedAt(client: ClientBase, source: Source): Promise<string> {
  const { rows } = await client.query<{ at: string }>(
    `SELECT to_char(added_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') AS at
       FROM stowage.sources WHERE id = $1`,
    [source.id],
  );
  return rows[0]?.at ?? '';
}

/** The road by which a source was read last; undefined where no run of it finished. */
export async function lastRoad(client: ClientBase, source: Source): Promise<RoadName | undefined> {
  const { rows } = await client.query<{ road: RoadName }>(
    `SELECT road FROM stowage.runs WHERE source_id = $1 AND finished_at IS NOT NULL AND road IS NOT NULL
      ORDER BY id DESC LIMIT 1`,
    [source.id],
  );
  return rows[0]?.road;
}

export async function addSource(
  client: ClientBase,
  source: Pick<Source, 'name' | 'profile' | 'pictures'>,
): Promise<number> {
  const { rows } = await client.query<{ id: number }>(
    `INSERT INTO stowage.sources (name, profile, pictures, known) VALUES ($1, $2, $3, '{}') RETURNING id`,
    [source.name, source.profile, source.pictures],
  );
  return (rows[0] as { id: number }).id;
}

export async function setKnown(client: ClientBase, sourceId: number, known: Known): Promise<void> {
  await client.query('UPDATE stowage.sources SET known = $2 WHERE id = $1', [sourceId, known]);
}

export async function setPictures(
  client: ClientBase,
  sourceId: number,
  pictures: Source['pictures'],
): Promise<void> {
  await client.query('UPDATE stowage.sources SET pictures = $2 WHERE id = $1', [
    sourceId,
    pictures,
  ]);
}

/** Collects which fields occur in the records of a reading. */
export class KnownFields {
  readonly #seen: { [K in Kind]?: Uint8Array } = {};

  add(kind: Kind, record: { [field: string]: unknown }): void {
    const fields = fieldsOf[kind];
    let seen = this.#seen[kind];
    if (!seen) {
      seen = new Uint8Array(fields.length);
      this.#seen[kind] = seen;
    }
    for (let i = 0; i < fields.length; i++) {
      if (record[(fields[i] as readonly [string, unknown])[0]] !== undefined) seen[i] = 1;
    }
  }

  result(): Known {
    const known: { [kind: string]: string[] } = {};
    for (const kind of kindNames) {
      known[kind] = fieldsOf[kind].filter((_, i) => this.#seen[kind]?.[i]).map(([name]) => name);
    }
    return known as Known;
  }
}
