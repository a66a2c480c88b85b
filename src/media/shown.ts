import type { ClientBase } from 'pg';
import type { Source } from '../library/sources.ts';
import type { Id, PictureId } from '../model/fields.ts';
import type { Kind, Rec } from '../model/kinds.ts';
import type { Trouble } from '../model/reading.ts';
import { type PictureField, pictureFields } from './fields.ts';
import { type Look, type Looking, looking, type See } from './look.ts';
import { inParallel } from './parallel.ts';

export interface ShownOptions extends Looking {
  /** In any transaction: it is only asked which pictures to expect. */
  client: ClientBase;
  source: Pick<Source, 'id'>;
  /** How many pictures are asked for at a time. */
  concurrency?: number;
  /** Told of each record of whose picture the server cannot tell. */
  trouble: (trouble: Trouble) => void;
}

/** The records of a road that does not tell pictures, completed by what their server shows for them. */
export async function* withPictures<K extends Kind>(
  kind: K,
  batches: AsyncIterable<Rec<K>[]>,
  options: ShownOptions,
): AsyncGenerator<Rec<K>[]> {
  const { client, source, served, concurrency = 8, trouble, signal } = options;
  const places = pictureFields.filter((place) => place.kind === kind);
  if (places.length === 0) return yield* batches;
  const looks: Look<Shown>[] = [];
  let expected: Pictures = new Map();
  const see: See<Shown> = (owner, standIn, stop) =>
    served.shown(owner, expected.get(owner.id)?.[owner.field] ?? undefined, standIn, stop);
  for await (const batch of batches) {
    const [any] = batch;
    if (any === undefined) continue;
    expected = await picturesOf(client, source, places, batch);
    for (const [i, place] of places.entries()) {
      const { field } = place;
      looks[i] ??= await looking(options, place, any.id, see);
      const look = looks[i];
      await inParallel(
        batch,
        concurrency,
        async (record, stop) => {
          const shown = await look(record.id, stop);
          if (typeof shown === 'string') trouble({ kind, id: record.id, field, why: shown });
          else Object.assign(record, { [field]: shown?.md5 ?? null });
        },
        signal,
      );
    }
    yield batch;
  }
}

type Shown = { md5: PictureId };
type Pictures = Map<Id, { [field: string]: PictureId | null }>;

/** The pictures that the library has for these records. */
async function picturesOf(
  client: ClientBase,
  source: Pick<Source, 'id'>,
  places: readonly PictureField[],
  records: readonly { id: Id }[],
): Promise<Pictures> {
  const [{ table, kindNumber }] = places as [PictureField];
  const { rows } = await client.query<{ id: Id; pictures: { [field: string]: PictureId | null } }>(
    `SELECT l.remote_id::float8 AS id,
            json_build_object(${places.map(({ field, column }) => `'${field}', r.${column}`)}) AS pictures
       FROM stowage.links l JOIN ${table} r ON r.id = l.library_id
      WHERE l.source_id = $1 AND l.kind = $2 AND l.remote_id = ANY ($3::bigint[])`,
    [source.id, kindNumber, records.map(({ id }) => id)],
  );
  return new Map(rows.map(({ id, pictures }) => [id, pictures]));
}
