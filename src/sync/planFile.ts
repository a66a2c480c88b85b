import { DatabaseSync, type StatementSync } from 'node:sqlite';
import type { Differing } from '../library/differences.ts';
import { StowageError } from '../model/errors.ts';
import type { Id } from '../model/fields.ts';
import type { LibraryId } from '../model/held.ts';
import type { Kind } from '../model/kinds.ts';
import type { RoadName } from '../model/reading.ts';
import { jsonText, parseJson } from '../model/records.ts';
import type { PlanItem } from './planItem.ts';

/** What a plan is about, and what it was made from. */
export interface PlanHead {
  source: string;
  /** When the source was added to its library: no source of another library was at that very moment. */
  addedAt: string;
  road: RoadName;
  madeAt: string;
  /** Deletions that were found and held back for a person to allow: how many of each kind. */
  held: { [kind: string]: number };
  /** For people: what has to be known before it is carried out. */
  warnings: string[];
}

/** A record of the source that has no link yet, and the library's that it gets one to. */
export interface Fresh {
  libraryId: LibraryId;
  /** The library has no such record yet. */
  isNew: boolean;
  /** By what it was matched. */
  why: string;
  /** The number that the source had for the record before. */
  formerId: Id | null;
  /** The source has the same record under a new number, as all of them: what was agreed about it holds on. */
  isMoved: boolean;
  /** What names it there names this record here: it becomes part of it by this plan. */
  partOf?: LibraryId;
}

/** Two records that may be one, for a person to say. */
export interface Suggestion {
  kind: Kind;
  remoteId: Id;
  otherId: LibraryId;
  why: string;
  score: number;
}

export interface PlanCount {
  kind: Kind;
  side: 'library' | 'source';
  action: string;
  count: number;
}

const format = 3;

/**
 * A plan: data, a SQLite file, so that it may be larger than memory, be kept (`stowage plan --out`), and be read by
 * anyone. It cannot write anywhere; `apply` carries it out.
 */
export class PlanFile {
  readonly #db: DatabaseSync;
  readonly #add: StatementSync;
  readonly #addFresh: StatementSync;
  readonly #addSuggestion: StatementSync;
  readonly #findFresh: StatementSync;
  readonly #findFreshOf: StatementSync;
  /** Kinds of which any record gets a link: mostly none does. */
  readonly #freshKinds = new Set<Kind>();
  /** The tags and performers of one batch are mostly those of the last. */
  readonly #recent = new Map<string, Fresh>();
  readonly #recentOf = new Map<LibraryId, Id>();

  private constructor(db: DatabaseSync) {
    this.#db = db;
    this.#add = db.prepare(
      'insert into items (kind, remote_id, library_id, here, there, conflicts, outlives, item) values (?, ?, ?, ?, ?, ?, ?, ?)',
    );
    this.#addFresh = db.prepare('insert or replace into fresh values (?, ?, ?, ?, ?, ?, ?, ?)');
    this.#addSuggestion = db.prepare('insert into suggestions values (?, ?, ?, ?, ?)');
    this.#findFresh = db.prepare(
      `select remote_id, library_id, is_new, why, former_id, is_moved, part_of from fresh
        where kind = ? and remote_id in (select value from json_each(?))`,
    );
    this.#findFreshOf = db.prepare(
      'select remote_id, library_id from fresh where kind = ? and library_id in (select value from json_each(?))',
    );
    for (const { kind } of db.prepare('select distinct kind from fresh').all()) {
      this.#freshKinds.add(kind as Kind);
    }
  }

  /** A new plan; without a path one that is gone when it is closed. */
  static make(path = ''): PlanFile {
    const db = new DatabaseSync(path);
    db.exec(`
      pragma journal_mode = off; pragma synchronous = off; pragma user_version = ${format};
      create table head (head text not null);
      create table items (
        number integer primary key, kind text not null, remote_id integer, library_id text not null,
        here text, there text, conflicts integer not null, outlives integer not null, item text not null);
      create index items_by_kind on items (kind); -- each in the order of their numbers
      create index items_by_here on items (kind, here);
      create index items_by_there on items (kind, there);
      create table fresh (
        kind text, remote_id integer, library_id text not null, is_new integer not null, why text not null, former_id integer,
        is_moved integer not null, part_of text, primary key (kind, remote_id)) without rowid;
      create index fresh_by_library_id on fresh (kind, library_id);
      create table suggestions (kind text not null, remote_id integer not null, other_id text not null, why text not null, score real not null);
      begin;
    `);
    return new PlanFile(db);
  }

  static open(path: string): PlanFile {
    try {
      const db = new DatabaseSync(path, { readOnly: true });
      const version = db.prepare('pragma user_version').get()?.user_version;
      if (version !== format) throw new Error(`of format ${version}`);
      // What is damaged would else be noticed only when it is come to: in the middle of carrying the plan out.
      const check = db.prepare('pragma quick_check(1)').get()?.quick_check;
      if (check !== 'ok') throw new Error(String(check));
      db.prepare('select head from head').get();
      return new PlanFile(db);
    } catch (cause) {
      throw new StowageError(
        'usage',
        'That is no plan of this version of Stowage, or it is damaged.',
        {
          item: path,
          remedy: 'Make one with `stowage plan --out FILE`.',
          cause,
        },
      );
    }
  }

  add(...items: PlanItem[]): void {
    for (const item of items) {
      const { kind, remoteId, libraryId, here, there, conflicts } = item;
      const outlives = item.forget === true && here === null && there === null ? 1 : 0;
      this.#add.run(
        kind,
        remoteId,
        libraryId,
        here,
        there,
        conflicts.length,
        outlives,
        jsonText(item),
      );
    }
  }

  /** A record of the source gets a link. */
  setFresh(kind: Kind, remoteId: Id, fresh: Fresh): void {
    const { libraryId, isNew, why, formerId, isMoved, partOf = null } = fresh;
    const is = [isNew ? 1 : 0, why, formerId, isMoved ? 1 : 0] as const;
    this.#addFresh.run(kind, remoteId, libraryId, ...is, partOf);
    this.#freshKinds.add(kind);
    this.#recent.clear();
    this.#recentOf.clear();
  }

  /** All numbers of a kind that get a link by this plan. */
  freshNumbers(kind: Kind): Id[] {
    const rows = this.#db.prepare('select remote_id from fresh where kind = ?').all(kind);
    return rows.map(({ remote_id: id }) => id as Id);
  }

  /** Those of these numbers that get a link by this plan. */
  fresh(kind: Kind, remoteIds: readonly Id[]): Map<Id, Fresh> {
    const found = new Map<Id, Fresh>();
    if (!this.#freshKinds.has(kind)) return found;
    const asked = remoteIds.filter((id) => {
      const known = this.#recent.get(`${kind} ${id}`);
      if (known) found.set(id, known);
      return known === undefined;
    });
    if (asked.length === 0) return found;
    for (const row of this.#findFresh.all(kind, JSON.stringify(asked))) {
      const one = {
        libraryId: row.library_id as LibraryId,
        isNew: row.is_new === 1,
        why: row.why as string,
        formerId: row.former_id as Id | null,
        isMoved: row.is_moved === 1,
        ...(row.part_of !== null && { partOf: row.part_of as LibraryId }),
      };
      found.set(row.remote_id as Id, one);
      keep(this.#recent, `${kind} ${row.remote_id}`, one);
    }
    return found;
  }

  /** The numbers that these library records get a link to by this plan. */
  freshOf(kind: Kind, libraryIds: readonly LibraryId[]): Map<LibraryId, Id> {
    const found = new Map<LibraryId, Id>();
    if (!this.#freshKinds.has(kind)) return found;
    const asked = libraryIds.filter((id) => {
      const known = this.#recentOf.get(id);
      if (known !== undefined) found.set(id, known);
      return known === undefined;
    });
    if (asked.length === 0) return found;
    for (const row of this.#findFreshOf.all(kind, JSON.stringify(asked))) {
      found.set(row.library_id as LibraryId, row.remote_id as Id);
      keep(this.#recentOf, row.library_id as LibraryId, row.remote_id as Id);
    }
    return found;
  }

  suggest({ kind, remoteId, otherId, why, score }: Suggestion): void {
    this.#addSuggestion.run(kind, remoteId, otherId, why, score);
  }

  get suggestions(): Suggestion[] {
    return this.#db
      .prepare('select kind, remote_id remoteId, other_id otherId, why, score from suggestions')
      .all() as unknown as Suggestion[];
  }

  finish(head: PlanHead): void {
    this.#db.prepare('insert into head values (?)').run(JSON.stringify(head));
    this.#db.exec('commit');
  }

  get head(): PlanHead {
    return JSON.parse(this.#db.prepare('select head from head').get()?.head as string);
  }

  /** How much would happen, by kind, side and action. */
  counts(): PlanCount[] {
    return this.#db
      .prepare(
        `select kind, 'library' side, here action, count(*) count from items where here is not null group by 1, 3
         union all
         select kind, 'source', there, count(*) from items where there is not null group by 1, 3`,
      )
      .all() as unknown as PlanCount[];
  }

  /** How many items change something, on either side. */
  get changes(): number {
    return this.#count('here is not null or there is not null');
  }

  /** How many records of the source are tied to one that the library has, by kind. */
  linked(): { [K in Kind]?: number } {
    const rows = this.#db
      .prepare('select kind, count(*) count from fresh where not is_new group by 1')
      .all();
    return Object.fromEntries(rows.map(({ kind, count }) => [kind, count]));
  }

  /** How many items change something at the source. */
  get sizeThere(): number {
    return this.#count('there is not null');
  }

  /** Is a record told to the source by this plan? */
  isTold(kind: Kind, libraryId: LibraryId): boolean {
    const sql = 'select 1 from items where kind = ? and library_id = ? and there is not null';
    return this.#db.prepare(sql).get(kind, libraryId) !== undefined;
  }

  /** How many items there are, those that only write down what was seen among them. */
  get size(): number {
    return this.#count('true');
  }

  /** Records that become part of others, or outlive their links: what names them is looked at again afterwards. */
  get leadingOn(): number {
    return this.#count("here = 'fold' or outlives");
  }

  get conflicts(): number {
    const row = this.#db.prepare('select coalesce(sum(conflicts), 0) n from items').get();
    return row?.n as number;
  }

  /** What differs when it was carried out, and did not before: records that are gone from the source and stay, and why else. */
  leaving(): { absent: number; differing: Differing[] } {
    return {
      absent: this.#count(`item ->> '$.absent'`),
      differing: this.#db
        .prepare(
          `select d.value why, kind, d.key field, count(*) count from items, json_each(item, '$.differs') d
            group by 1, 2, 3 order by 1, 2, 3`,
        )
        .all() as unknown as Differing[],
    };
  }

  #count(where: string): number {
    return this.#db.prepare(`select count(*) n from items where ${where}`).get()?.n as number;
  }

  /** Items in the order in which they were planned, in batches. */
  *items(
    filter: {
      kind?: Kind;
      here?: string;
      there?: string;
      changing?: boolean;
      /** Whether only the link goes. */
      outlives?: boolean;
    } = {},
    size = 300,
  ): Generator<PlanItem[]> {
    const conditions = ['number > ?'];
    const given: string[] = [];
    for (const [column, value] of [
      ['kind', filter.kind],
      ['here', filter.here],
      ['there', filter.there],
    ] as const) {
      if (value === undefined) continue;
      conditions.push(`${column} = ?`);
      given.push(value);
    }
    if (filter.outlives !== undefined)
      conditions.push(filter.outlives ? 'outlives' : 'not outlives');
    if (filter.changing)
      conditions.push('(here is not null or there is not null or conflicts > 0)');
    const next = this.#db.prepare(
      `select number, item from items where ${conditions.join(' and ')} order by number limit ${size}`,
    );
    for (let last = 0; ; ) {
      const rows = next.all(last, ...given);
      if (rows.length === 0) return;
      last = rows.at(-1)?.number as number;
      yield rows.map(({ item }) => parseJson(item as string) as unknown as PlanItem);
    }
  }

  close(): void {
    this.#db.close();
  }
}

function keep<K, V>(recent: Map<K, V>, key: K, value: V): void {
  if (recent.size >= mostRecent) recent.clear();
  recent.set(key, value);
}

const mostRecent = 10_000;
