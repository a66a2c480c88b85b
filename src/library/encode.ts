import type { Id, Instant, Json, StashIds, SubGroup } from '../model/fields.ts';
import { IdSet } from '../model/idSet.ts';
import { microseconds } from '../model/instants.ts';
import { type Fingerprint, type Kind, kindNames, type Rec } from '../model/kinds.ts';
import type { Trouble } from '../model/reading.ts';
import { hashOf, jsonText, recordText } from '../model/records.ts';
import { mapFilterIds } from '../model/savedFilterIds.ts';
import { CopyRows, type CopyTarget } from './copy.ts';
import type { ImportIdentity } from './firstImport.ts';
import { hasComputedId, ImportIds } from './ids.ts';
import { kindNumber, ownerColumn, type StoredField, storedFields, tableOf } from './layout.ts';
import { KnownFields } from './sources.ts';
import { isStorable, storableJson, storableText } from './storable.ts';

export interface EncoderOptions {
  identity: ImportIdentity;
  target: CopyTarget;
}

/**
 * Turns the records of a first import into rows of `qar` and `stowage.links`. Kinds may come in any order, but
 * saved filters after all that they may name.
 */
export class Encoder {
  readonly troubles: Trouble[] = [];
  readonly counts: { [K in Kind]: number };
  readonly known = new KnownFields();
  readonly #options: EncoderOptions;
  readonly #ids: ImportIds;
  readonly #links: CopyRows;
  readonly #tables: { [K in Kind]?: KindTables } = {};
  readonly #seen: { [K in Kind]?: IdSet } = {};

  constructor(options: EncoderOptions) {
    this.#options = options;
    this.#ids = new ImportIds(options.identity.milliseconds, options.identity.salt);
    this.counts = Object.fromEntries(kindNames.map((kind) => [kind, 0])) as { [K in Kind]: number };
    this.#links = this.#rows('stowage.links', linkColumns);
  }

  add<K extends Kind>(kind: K, record: Rec<K>): void {
    if (!hasComputedId(record.id)) {
      this.trouble(kind, record.id, null, 'has a number that no Stash gives; left out');
      return;
    }
    this.#tables[kind] ??= new KindTables(kind, this.#rows);
    this.#seen[kind] ??= new IdSet();
    this.#seen[kind].add(record.id);
    this.counts[kind]++;
    const values = record as { [field: string]: unknown };
    this.known.add(kind, values);
    if (kind === 'savedFilter') {
      this.#tables[kind].write(this, this.#ids, record.id, {
        ...values,
        objectFilter: this.#translateFilter(values),
      });
    } else {
      this.#tables[kind].write(this, this.#ids, record.id, values);
    }
    this.#link(kind, record);
  }

  /** Sends what is still held back. */
  flush(): void {
    for (const tables of Object.values(this.#tables)) tables.flush();
    this.#links.flush();
  }

  trouble(kind: Kind, id: Id, field: string | null, why: string): void {
    this.troubles.push({ kind, id, field, why });
  }

  #link<K extends Kind>(kind: K, record: Rec<K>): void {
    const { sourceId, runId } = this.#options.identity;
    const rows = this.#links;
    const text = recordText(kind, record);
    rows.row();
    rows.smallint(sourceId);
    rows.smallint(kindNumber[kind]);
    rows.bigint(record.id);
    rows.uuid((target, offset) => this.#ids.write(target, offset, kind, record.id));
    rows.jsonb(storableJson(text.base));
    rows.jsonb(storableJson(text.facts));
    rows.bytea(hashOf(text));
    rows.bigint(runId);
  }

  /** Ids inside a filter become the library's; one that names nothing stays as it is. */
  #translateFilter(filter: { [field: string]: unknown }): Json {
    return mapFilterIds(String(filter.mode), (filter.objectFilter ?? null) as Json, (kind, id) =>
      this.#seen[kind]?.has(Number(id)) ? this.#ids.text(kind, Number(id)) : id,
    );
  }

  readonly #rows = (table: string, columns: readonly string[]): CopyRows =>
    new CopyRows(table, columns, this.#options.target);
}

const linkColumns = [
  'source_id',
  'kind',
  'remote_id',
  'library_id',
  'base',
  'facts',
  'seen',
  'run_id',
];

/** The rows of one kind: its own table, and one for each relation. */
class KindTables {
  readonly #kind: Kind;
  readonly #main: CopyRows;
  readonly #columns: readonly StoredField[];
  readonly #children: readonly { field: StoredField; rows: CopyRows }[];

  constructor(kind: Kind, rows: (table: string, columns: readonly string[]) => CopyRows) {
    this.#kind = kind;
    const fields = storedFields[kind];
    this.#columns = fields.filter((field) => field.storage.in === 'column');
    const names = this.#columns.map(({ storage }) =>
      storage.in === 'column' ? storage.column : '',
    );
    this.#main = rows(`qar.${tableOf(kind)}`, ['id', ...names]);
    const owner = ownerColumn[kind];
    this.#children = fields
      .filter((field) => field.storage.in !== 'column')
      .map((field) => ({
        field,
        rows: rows(`qar.${childTable(field)}`, childColumns(field, owner)),
      }));
  }

  flush(): void {
    this.#main.flush();
    for (const { rows } of this.#children) rows.flush();
  }

  write(encoder: Encoder, ids: ImportIds, id: Id, values: { [field: string]: unknown }): void {
    const kind = this.#kind;
    const owner = (target: Buffer, offset: number) => ids.write(target, offset, kind, id);
    const main = this.#main;
    main.row();
    main.uuid(owner);
    for (const field of this.#columns) {
      const value = values[field.name];
      if (!writeColumn(main, field, value, ids)) {
        encoder.trouble(kind, id, field.name, cannotHold(value));
      }
    }
    for (const { field, rows } of this.#children) {
      const value = values[field.name];
      if (value === undefined) continue;
      if (!writeChildren(rows, field, value, owner, ids)) {
        encoder.trouble(kind, id, field.name, field.shape === 'groups' ? unheldNumber : unheldText);
      }
    }
  }
}

function cannotHold(value: unknown): string {
  return typeof value === 'number' ? unheldNumber : unheldText;
}

const unheldNumber = 'is not a number that the library can hold; left empty';
const unheldText = 'holds a NUL character, left out: PostgreSQL cannot store it';

function childTable({ storage }: StoredField): string {
  return storage.in === 'column' ? '' : storage.table;
}

function childColumns({ storage }: StoredField, owner: string): string[] {
  switch (storage.in) {
    case 'join':
      return [owner, storage.target, ...storage.extra];
    case 'stashIds':
      return [owner, 'endpoint', 'stash_id', 'updated_at'];
    case 'fingerprints':
      return [owner, 'type', 'value'];
    case 'voyages':
      return [owner, 'what', 'at'];
    case 'column':
      return [];
  }
}

/** False where the value could not be written whole. An unknown field is written as empty. */
function writeColumn(rows: CopyRows, field: StoredField, value: unknown, ids: ImportIds): boolean {
  switch (field.shape) {
    case 'text':
      return writeText(rows, (value as string | undefined) ?? '');
    case 'date':
    case 'choice':
    case 'picture':
      if (value != null) return writeText(rows, value as string);
      rows.null();
      return true;
    case 'integer':
      if (Number.isSafeInteger(value)) rows.bigint(value as number);
      else if (field.counter) rows.bigint(0);
      else rows.null();
      return value == null || Number.isSafeInteger(value);
    case 'real':
      if (value == null && !field.counter) rows.null();
      else rows.double((value as number | undefined) ?? 0);
      return true;
    case 'flag':
      rows.boolean(value === true);
      return true;
    case 'instant': {
      // The instant as served is among the link's facts; this column is for sorting.
      const at = value === undefined ? Number.NaN : microseconds(value as Instant);
      if (Number.isNaN(at)) rows.null();
      else rows.timestamptz(at / 1000);
      return true;
    }
    case 'ref':
      if (value == null) rows.null();
      else {
        rows.uuid((target, offset) => ids.write(target, offset, field.target as Kind, value as Id));
      }
      return true;
    case 'names':
    case 'urls': {
      const texts = (value as string[] | undefined) ?? [];
      rows.textArray(texts.map(storableText));
      return texts.every(isStorable);
    }
    case 'customFields':
    case 'document': {
      if (value == null && field.name !== 'customFields' && field.name !== 'captions') {
        rows.null();
        return true;
      }
      const text = jsonText(value ?? (field.name === 'captions' ? [] : {}));
      const storable = storableJson(text);
      rows.jsonb(storable);
      return storable === text;
    }
    default:
      throw new Error(`no column for ${field.name}`);
  }
}

function writeChildren(
  rows: CopyRows,
  field: StoredField,
  value: unknown,
  owner: (target: Buffer, offset: number) => void,
  ids: ImportIds,
): boolean {
  let whole = true;
  const start = () => {
    rows.row();
    rows.uuid(owner);
  };
  const target = (id: Id) =>
    rows.uuid((bytes, offset) => ids.write(bytes, offset, field.target as Kind, id));
  switch (field.shape) {
    case 'refs':
      for (const id of value as Id[]) {
        start();
        target(id);
      }
      break;
    case 'files':
      (value as Id[]).forEach((id, position) => {
        start();
        target(id);
        rows.integer(position);
      });
      break;
    case 'groups':
      for (const [id, index] of Object.entries(value as { [id: string]: number | null })) {
        start();
        target(Number(id));
        if (index !== null && Number.isSafeInteger(index)) rows.bigint(index);
        else rows.null();
        whole = (index === null || Number.isSafeInteger(index)) && whole;
      }
      break;
    case 'subGroups':
      for (const [id, { position, description }] of Object.entries(
        value as { [id: string]: SubGroup },
      )) {
        start();
        target(Number(id));
        rows.integer(position);
        whole = writeText(rows, description) && whole;
      }
      break;
    case 'stashIds':
      for (const [endpoint, list] of Object.entries(value as StashIds)) {
        for (const { stashId, updatedAt } of list) {
          start();
          whole = writeText(rows, endpoint) && whole;
          whole = writeText(rows, stashId) && whole;
          if (updatedAt === undefined) rows.null();
          else rows.text(updatedAt);
        }
      }
      break;
    case 'document':
      for (const { type, value: fingerprint } of value as Fingerprint[]) {
        start();
        whole = writeText(rows, type) && whole;
        whole = writeText(rows, fingerprint) && whole;
      }
      break;
    case 'instants':
      for (const instant of value as Instant[]) {
        start();
        rows.text(field.storage.in === 'voyages' ? field.storage.what : '');
        rows.timestamptz(microseconds(instant) / 1000);
      }
      break;
    default:
      throw new Error(`no rows for ${field.name}`);
  }
  return whole;
}

function writeText(rows: CopyRows, value: string): boolean {
  rows.text(storableText(value));
  return isStorable(value);
}
