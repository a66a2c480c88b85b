import { StowageError } from '../../model/errors.ts';
import type { Id } from '../../model/fields.ts';
import type { Values } from '../../model/held.ts';
import { sendApart } from './apart.ts';
import { isInput, type WrittenKind } from './entry.ts';
import { entryOf } from './fields.ts';
import type { Item } from './item.ts';
import { mutationsOf } from './mutations.ts';
import { highestOf, newerThan } from './newest.ts';
import type { Run } from './run.ts';
import type { Piece } from './sender.ts';
import { mostEach, openValues, sendUpdates, updateOf } from './updates.ts';

/** What a record that was just made is known by. */
const identities: { readonly [K in WrittenKind]: readonly string[] } = {
  tag: ['name'],
  studio: ['name'],
  performer: ['name', 'disambiguation'],
  group: ['name'],
  image: [],
  gallery: ['title'],
  scene: ['title'],
  marker: ['scene', 'seconds', 'primaryTag', 'title'],
  chapter: ['gallery', 'imageIndex', 'title'],
  savedFilter: ['mode', 'name'],
};

/** Makes records. Where a request was never answered, those that are there by now are found, and not made twice. */
export async function create(run: Run, items: readonly Item[]): Promise<void> {
  const operations = mutationsOf[run.kind].create;
  if (!operations) throw new StowageError('source.unsupported', `No ${run.kind} can be made.`);
  const mutation = run.mutation(...operations);
  const highest = await highestOf(run, items);
  const made = new Map<Piece, Item>();
  const make = async (some: readonly Item[], valuesOf: (item: Item) => Values) => {
    const pieces: Piece[] = [];
    for (const item of some) {
      const piece = item.error ? null : await run.inputs.piece(item, valuesOf(item), mutation);
      if (!piece) continue;
      made.set(piece, item);
      pieces.push(piece);
    }
    await run.send(pieces, { most: mostEach(run), again });
  };
  const again = async (unsure: readonly Piece[]): Promise<Piece[]> => {
    const known = new Set(items.map(({ remoteId }) => remoteId));
    const newer = (await newerThan(run, highest, items)).filter(({ id }) => !known.has(id));
    return unsure.filter((piece) => {
      const item = made.get(piece) as Item;
      const at = newer.findIndex((record) => isThis(run.kind, item.change.after, record));
      if (at < 0) return true;
      const [record] = newer.splice(at, 1) as [Values & { id: Id }];
      adopt(item, record);
      return false;
    });
  };
  await make(items, openValues);
  const refused = items.filter(
    ({ error, fields }) =>
      error?.code === 'source.refused' && fields.length > identities[run.kind].length,
  );
  // The reason may be something else than what it is known by: that comes afterwards.
  for (const item of refused) item.error = undefined;
  await make(refused, (item) => ofIdentity(run.kind, openValues(item)));
  await writeRest(run, items);
  await sendApart(run, items);
}

const ofIdentity = (kind: WrittenKind, values: Values): Values =>
  Object.fromEntries(Object.entries(values).filter(([field]) => identities[kind].includes(field)));

/** What has no place in the input that makes a record. */
async function writeRest(run: Run, items: readonly Item[]): Promise<void> {
  const pieces: Piece[] = [];
  for (const item of items) {
    const piece = item.remoteId === null ? null : await updateOf(run, item, openValues(item));
    if (piece) pieces.push(piece);
  }
  await sendUpdates(run, pieces);
}

const isThis = (kind: WrittenKind, wanted: Values, record: Values): boolean =>
  identities[kind].every((field) => same(wanted[field], record[field]));

/** A server may have trimmed it. */
const same = (a: unknown, b: unknown): boolean => String(a ?? '').trim() === String(b ?? '').trim();

function adopt(item: Item, record: Values & { id: Id }): void {
  item.settle(record.id);
  for (const time of ['createdAt', 'updatedAt']) item.record[time] = record[time];
  for (const field of item.fields) {
    const entry = entryOf(item.kind, field);
    if (!isInput(entry) || 'onlyLater' in entry) continue;
    item.wrote(field, field in record ? record[field] : item.change.after[field]);
  }
}
