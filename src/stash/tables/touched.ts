import { DatabaseSync, type StatementSync } from 'node:sqlite';
import type { Id } from '../../model/fields.ts';
import { fieldsOf, type Kind } from '../../model/kinds.ts';
import type { Notes } from '../../model/reading.ts';
import type { Concern, Touchable } from './concerns.ts';
import { Layout } from './layout.ts';
import type { Difference } from './mirroredTable.ts';
import { quoted } from './names.ts';
import { ownTables } from './ownTables.ts';
import { sourcesOf } from './plan.ts';
import { origins } from './roads.ts';
import { rowsOf } from './rows.ts';
import type { Stored } from './transport.ts';

const table = quoted(ownTables.touched);

/** Notes which records rows concern that came or went. An update is both. */
export class TouchNotes {
  readonly #put: StatementSync;
  readonly #concerns: ReadonlyMap<string, readonly Concern[]>;

  constructor(db: DatabaseSync, concerns: ReadonlyMap<string, readonly Concern[]>) {
    this.#concerns = concerns;
    this.#put = db.prepare(
      `insert into ${table} values (?, ?, ?)
       on conflict do update set existence = max(existence, excluded.existence)`,
    );
  }

  note(tableName: string, { gone, come }: Difference): void {
    for (const { what, at, isItself } of this.#concerns.get(tableName) ?? []) {
      const [before, now] = [idsAt(gone, at), idsAt(come, at)];
      for (const id of before.union(now)) {
        this.#put.run(what, id, Number(isItself && before.has(id) !== now.has(id)));
      }
    }
  }
}

function idsAt(rows: readonly Stored[][], at: number): Set<Id> {
  const ids = rows.map((row) => row[at]).filter((id) => id !== null && id !== undefined);
  return new Set(ids.map(Number).filter(Number.isSafeInteger));
}

/** The notes of a kept mirror, for those who deal with them. */
export class Touched implements Notes {
  readonly #file: string;

  constructor(file: string) {
    this.#file = file;
  }

  /** Null where the mirror was filled anew, and nobody has dealt with that yet. */
  touched(kind: Kind): Id[] | null {
    using db = new DatabaseSync(this.#file, { readOnly: true });
    const unknown = db.prepare(`select unknown from ${quoted(ownTables.mirror)}`).get()?.unknown;
    if (unknown !== 0) return null;
    const moved = new Set(
      db
        .prepare(`select distinct what from ${table} where existence or what = 'folder'`)
        .all()
        .map(({ what }) => what as Touchable),
    );
    const selects = [
      `select id from ${table} where what = ?`,
      ...dependents(kind, Layout.of(db), moved),
    ];
    const rows = rowsOf(db, `${selects.join(' union ')} order by 1`, [kind]);
    return Array.from(rows, ([id]) => Number(id));
  }

  get isEmpty(): boolean {
    using db = new DatabaseSync(this.#file, { readOnly: true });
    const any = `select unknown or exists (select 1 from ${table}) as noted from ${quoted(ownTables.mirror)}`;
    return db.prepare(any).get()?.noted === 0;
  }

  settle(token: string): void {
    using db = new DatabaseSync(this.#file);
    db.exec(`begin; delete from ${table}`);
    db.prepare(`update ${quoted(ownTables.mirror)} set unknown = 0, token = ?`).run(token);
    db.exec('commit');
  }
}

/**
 * What of a kind depends on other records that were touched: on the folder that it lies in, and on whether what it names
 * is there (a name of what is not there is left out).
 */
function dependents(kind: Kind, layout: Layout, moved: ReadonlySet<Touchable>): string[] {
  const origin = origins[kind];
  const own = layout.table(origin.table);
  if (own === undefined) return [];
  const selects: string[] = [];
  const folders = origin.joins?.folders;
  if (folders && moved.has('folder')) {
    selects.push(
      `select id from ${quoted(own)} where ${quoted(folders[1])} in (select id from ${table} where what = 'folder')`,
    );
  }
  const targets = new Map(fieldsOf[kind].map(([field, { target }]) => [field as string, target]));
  for (const [field, source] of sourcesOf(kind, layout)) {
    const target = targets.get(field);
    const [reference] = source.columns;
    if (target === undefined || !reference || !moved.has(target as Kind)) continue;
    const from = 'table' in source ? source.table : origin.table;
    const column = quoted(layout.column(from, reference.name) ?? reference.name);
    const owner =
      'table' in source ? quoted(layout.column(from, source.owner) ?? source.owner) : 'id';
    selects.push(
      `select ${owner} from ${quoted(layout.table(from) ?? from)}
       where ${column} in (select id from ${table} where what = '${target}' and existence)`,
    );
  }
  return selects;
}
