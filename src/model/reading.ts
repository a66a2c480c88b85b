import type { Id, Instant } from './fields.ts';
import type { Kind, Rec } from './kinds.ts';

/** The three roads of reading a Stash (design.md §3). */
export type RoadName = 'snapshot' | 'tables' | 'graphql';

/**
 * What a source serves: for each GraphQL type that the library knows (`Scene`, `VideoFile`, `StashID`, …) the
 * names of its fields that are not deprecated. From introspection where there is a server, else from the layout
 * of the tables. `stowage export --as` writes a record in just these words.
 */
export interface SourceProfile {
  /** `v0.30.1`; null where only a database file was given. */
  version: string | null;
  /** The database schema's number: 55 (v0.25), 72 (v0.28), 75 (v0.30), … */
  schema: number;
  /** `windows`, `linux`, `darwin` …; absent where only a database file was given. */
  os?: string;
  types: { [type: string]: string[] };
}

/** Data at the source that this version of Stowage knows nothing about: named to the person, never passed over. */
export interface UnknownData {
  /** `table scenes_custom`, `column scenes.mood`, `field Scene.mood`. */
  what: string;
  /** How many rows or records hold something there; null where that cannot be told. */
  rows: number | null;
}

/** Something of one record that could not be brought, and why. */
export interface Trouble {
  kind: Kind;
  id: Id;
  field: string | null;
  why: string;
}

/** What a source refuses to tell of a kind. Nothing says of a record that is not told that it is gone. */
export interface Untold {
  /** Records of which nothing is told. */
  ids: ReadonlySet<Id>;
  /** Of records that are told, the fields that are not. */
  fields: ReadonlyMap<Id, readonly string[]>;
  /** There may be more of them, whose numbers nobody tells. */
  isOpen: boolean;
}

export const nothingUntold: Untold = { ids: new Set(), fields: new Map(), isOpen: false };

/**
 * What a mirror that is kept has noted since both sides last agreed about what it holds. It is trusted only where it has
 * the token that the library gave to that agreement.
 */
export interface Notes {
  /** Records that may have changed, come or gone, ascending. Null: any may have. */
  touched(kind: Kind): readonly Id[] | null;
  /** Nothing was noted. */
  readonly isEmpty: boolean;
  /** All that was noted has been dealt with, and the library has written down that agreement under this token. */
  settle(token: string): void;
}

/** A source, opened on one road: an ordered stream of records for each kind. */
export interface Reading {
  readonly road: RoadName;
  readonly profile: SourceProfile;
  readonly unknown: readonly UnknownData[];
  /** The SQLite file that holds the source's tables, where the road has one; null for GraphQL. */
  readonly file: string | null;
  counts(): Promise<{ [K in Kind]: number }>;
  /** Batches of records, ascending by id, each id once. */
  records<K extends Kind>(kind: K, signal?: AbortSignal): AsyncIterable<Rec<K>[]>;
  /** The numbers of all of them, ascending, where the road tells these without reading the records; else null. */
  ids(kind: Kind): readonly Id[] | null;
  /** Just these records, in batches ascending by id. Those that are not there are left out. */
  some<K extends Kind>(kind: K, ids: readonly Id[], signal?: AbortSignal): AsyncIterable<Rec<K>[]>;
  /** The highest number that each kind's records were ever given, as far as the source tells; else the highest there. */
  highest(): Promise<{ [K in Kind]?: Id }>;
  /**
   * When those of these records that are there were created; null where a record is there, or may be, and the source
   * refuses to tell. Saved filters do not tell.
   */
  created(kind: Kind, ids: readonly Id[]): Promise<Map<Id, Instant | null>>;
  /** What a mirror notes; null where the road keeps nothing from one reading to the next. */
  readonly notes: Notes | null;
  /** Records that were asked for so far and that the source refused to tell. */
  untold(kind: Kind): Untold;
  /** What could not be read so far. */
  readonly troubles: readonly Trouble[];
  close(): Promise<void>;
}
