import type { ClientBase } from 'pg';
import type { KnownFields, Source } from '../library/sources.ts';
import { isStorableJson, storableJson } from '../library/storable.ts';
import { isLibraryId, toLibrary } from '../library/translate.ts';
import type { Id } from '../model/fields.ts';
import { formsAt } from '../model/forms/otherForm.ts';
import type { LibraryId, Values } from '../model/held.ts';
import { fieldsOf, type Kind, kindNames, type Rec } from '../model/kinds.ts';
import type { Reading } from '../model/reading.ts';
import { hashOf, jsonText, parseJson, recordText } from '../model/records.ts';
import type { Boxes } from '../model/stashBoxes.ts';
import { type Named, namedBy } from './names.ts';
import { inLibraryForm } from './otherForms.ts';
import type { SourceSide } from './pair.ts';
import type { PlanFile } from './planFile.ts';
import { withReferences } from './projection.ts';

/** What every step of planning works with. */
export interface Planning {
  client: ClientBase;
  source: Source;
  reading: Reading;
  plan: PlanFile;
  /** Every record is compared with what was seen of it, whatever a mirror has noted. */
  full: boolean;
  /** The fields that the source tells. */
  known: KnownFields;
  signal: AbortSignal;
  /** What that server can store at all. */
  canHold(kind: Kind, field: string, value: unknown): boolean;
  /** Whether a record there has a name that it was only given on the way to another, when a run was cut off. */
  isTemporary(name: string, remoteId: Id): boolean;
  /** Whether it can be told to make two records of a kind one. */
  canMerge(kind: Kind): boolean;
  /** Deletions that a person has agreed to, by their number. */
  allowedDeletions: number;
  /** Scenes that the source lacks are created there, without files. */
  createScenes: boolean;
  /** The source has the same records under other numbers (design.md §5.1). */
  renumbered: boolean;
  /** Tags, performers and all else that needs no file is created there, though nothing there needs it. */
  createAll: boolean;
  now: number;
  /** Which stash-box an address names, and how the source writes it. */
  boxes: Boxes;
  /** Fields of records of which the source refused a part whose reason is gone; `''` for a record that it refused to make. */
  retried?: ReadonlyMap<LibraryId, ReadonlySet<string>>;
  /** Something that the person has to know. */
  warn(message: string): void;
  stage: BeginStage;
}

/**
 * Begins a stretch of the work, of so many records where that is known, and ends the one before. Returns what is told that
 * so many more are done.
 */
export type BeginStage = (
  name: 'compare' | 'plan' | 'library' | 'source',
  total?: number,
) => (count: number) => void;

/** The order in which records can be made: what a record needs comes before it. */
export const makingOrder: readonly Kind[] = [
  'file',
  ...kindNames.filter((kind) => kind !== 'file'),
];

/** Records that are planned together: as many as one statement and one answer take well. */
export const batchSize = 300;

/** A gallery names all its images: of such records fewer fill as much memory. */
export const batchSizeOf = (kind: Kind): number => (kind === 'gallery' ? 100 : 1000);

/** While one batch waits for PostgreSQL, the next has the processor. */
export const atATime = 2;

export function* batchesOf<T>(all: readonly T[], size = batchSize): Generator<T[]> {
  for (let from = 0; from < all.length; from += size) yield all.slice(from, from + size);
}

/** Some records of the source, with their values in library ids. */
export async function sidesOf(
  planning: Planning,
  kind: Kind,
  ids: readonly Id[],
): Promise<Map<Id, SourceSide>> {
  const { records, named } = await sourceRecords(planning, kind, ids);
  const sides = new Map(records.map((one) => [one.id, sideOf(kind, one, named)]));
  const forms = formsAt(planning.reading.profile, kind);
  return forms.length > 0 ? inLibraryForm(planning, kind, forms, sides) : sides;
}

/** Some records of the source as it tells them, and what they name. */
export async function sourceRecords(
  { client, source, reading, plan, known, signal, boxes }: Planning,
  kind: Kind,
  ids: readonly Id[],
): Promise<{ records: Rec<Kind>[]; named: Named }> {
  signal.throwIfAborted();
  const records: Rec<Kind>[] = [];
  for await (const batch of reading.some(kind, ids, signal)) records.push(...(batch as never[]));
  for (const record of records as unknown as Values[]) {
    known.add(kind, record);
    boxes.learn(Object.keys(record.stashIds ?? {}));
  }
  const told = records.map((record) => ({ kind, values: record as unknown as Values }));
  return { records, named: await namedBy(client, source, plan, told) };
}

function sideOf(kind: Kind, record: Rec<Kind>, named: Named): SourceSide {
  const text = recordText(kind, record);
  const isHeldAsTold = isStorableJson(text.base) && isStorableJson(text.facts);
  const { id: _, ...told } = record as { id: Id } & Values;
  const values = isHeldAsTold ? told : (parseJson(storableJson(jsonText(told))) as Values);
  const facts: Values = {};
  for (const [field, { merge }] of fieldsOf[kind]) {
    if (merge === 'fact' && values[field] !== undefined) facts[field] = values[field];
  }
  return {
    values: inLibraryIds(kind, values, named),
    facts,
    seen: hashOf(text).toString('hex'),
  };
}

/** Without references to what is no record of the library: a row that went while others were read. */
export const inLibraryIds = (kind: Kind, values: Values, named: Named): Values =>
  withReferences(kind, toLibrary(kind, values, named.toLibrary), (_, id) => isLibraryId(id));
