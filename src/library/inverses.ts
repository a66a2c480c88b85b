import type { ClientBase } from 'pg';
import type { Id } from '../model/fields.ts';
import type { Kind, Rec } from '../model/kinds.ts';
import { parseJson } from '../model/records.ts';
import { Cursor } from './cursor.ts';
import { kindNumber } from './layout.ts';
import type { Source } from './sources.ts';

/** What other records of the library say of a record: nothing of it is stored with the record itself. */
interface Inverses {
  tag: { children: Id[] };
  group: { containedIn: { group: Id; description: string }[] };
  gallery: { scenes: Id[]; chapters: Rec<'chapter'>[] };
  image: { galleries: Id[] };
  scene: { markers: Id[] };
}

type KindWithInverses = keyof Inverses;

/** For each inverse: what it is selected as, and from where, `l` being the link of the record itself. */
const queries: {
  [K in KindWithInverses]: { [I in keyof Inverses[K]]: { select: string; from: string } };
} = {
  tag: {
    children: idsOf('tag', 'JOIN qar.tag_parents j ON j.parent_id = l.library_id', 'j.tag_id'),
  },
  group: {
    containedIn: {
      select: `json_agg(json_build_object('group', o.remote_id, 'description', j.description) ORDER BY o.remote_id)`,
      from: `JOIN qar.group_sub_groups j ON j.sub_group_id = l.library_id ${linkOf('group', 'j.group_id')}`,
    },
  },
  gallery: {
    scenes: idsOf(
      'scene',
      'JOIN qar.cargo_galleries j ON j.gallery_id = l.library_id',
      'j.cargo_id',
    ),
    chapters: {
      select: `json_agg(o.facts || jsonb_build_object('id', o.remote_id, 'title', j.title,
        'imageIndex', j.image_index) ORDER BY o.remote_id)`,
      from: `JOIN qar.chapters j ON j.gallery_id = l.library_id AND j.deleted_at IS NULL ${linkOf('chapter', 'j.id')}`,
    },
  },
  image: {
    galleries: idsOf(
      'gallery',
      'JOIN qar.gallery_images j ON j.image_id = l.library_id',
      'j.gallery_id',
    ),
  },
  scene: {
    markers: idsOf(
      'marker',
      'JOIN qar.markers j ON j.cargo_id = l.library_id AND j.deleted_at IS NULL',
      'j.id',
    ),
  },
};

function idsOf(kind: Kind, join: string, column: string): { select: string; from: string } {
  return {
    select: 'json_agg(o.remote_id ORDER BY o.remote_id)',
    from: `${join} ${linkOf(kind, column)}`,
  };
}

/** The link of the other record: only records that the same source has are named to it. */
function linkOf(kind: Kind, column: string): string {
  return `JOIN stowage.links o ON o.library_id = ${column} AND o.source_id = l.source_id AND o.kind = ${kindNumber[kind]}`;
}

const hasInverses = (kind: Kind): kind is KindWithInverses => kind in queries;

/** The inverses of a kind's records, asked for in ascending order of the source's ids. */
export class InverseReader {
  readonly #cursors: { name: string; cursor: Cursor }[] = [];

  /** In the transaction of `LibraryRecords`. */
  static async open(client: ClientBase, source: Source, kind: Kind): Promise<InverseReader> {
    const reader = new InverseReader();
    if (!hasInverses(kind)) return reader;
    for (const [name, { select, from }] of Object.entries(queries[kind])) {
      const query = `SELECT l.remote_id, (${select})::text FROM stowage.links l ${from}
        WHERE l.source_id = ${source.id} AND l.kind = ${kindNumber[kind]}
        GROUP BY l.remote_id ORDER BY l.remote_id`;
      reader.#cursors.push({ name, cursor: await Cursor.open(client, query) });
    }
    return reader;
  }

  async of(id: Id): Promise<{ [inverse: string]: unknown }> {
    const inverses: { [inverse: string]: unknown } = {};
    for (const { name, cursor } of this.#cursors) {
      const found = cursor.take(id) ?? (await cursor.seek(id));
      inverses[name] = found === undefined ? [] : parseJson(found);
    }
    return inverses;
  }

  async close(): Promise<void> {
    for (const { cursor } of this.#cursors) await cursor.close();
  }
}

/** A source's files by their ids there, for the records of one batch. */
export async function filesById(
  client: ClientBase,
  source: Source,
  ids: readonly Id[],
): Promise<Map<Id, Rec<'file'>>> {
  const { rows } = await client.query<{ id: string; facts: string }>(
    `SELECT remote_id AS id, facts::text AS facts FROM stowage.links
      WHERE source_id = $1 AND kind = ${kindNumber.file} AND remote_id = ANY ($2::bigint[])`,
    [source.id, ids],
  );
  return new Map(
    rows.map(({ id, facts }) => [
      Number(id),
      { ...(parseJson(facts) as object), id: Number(id) } as Rec<'file'>,
    ]),
  );
}
