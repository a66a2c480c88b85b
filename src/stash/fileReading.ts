import { setImmediate } from 'node:timers/promises';
import type { Id, Instant } from '../model/fields.ts';
import type { Kind, Rec } from '../model/kinds.ts';
import {
  type Notes,
  nothingUntold,
  type Reading,
  type RoadName,
  type SourceProfile,
  type Trouble,
  type UnknownData,
  type Untold,
} from '../model/reading.ts';
import { readingFailure } from './damage.ts';
import { TablesReader } from './tables/reader.ts';

export interface FileSource {
  road: RoadName;
  /** What it is called to people: where it came from. */
  item: string;
  file: string;
  profile: SourceProfile;
  unknown: readonly UnknownData[];
  /** What a mirror that is kept has noted. */
  notes: Notes | null;
  /** Removes what was made for the reading. */
  remove(): Promise<void>;
}

/** A reading of a SQLite file: a snapshot, or a mirror of a server's tables. */
export class FileReading implements Reading {
  readonly road: RoadName;
  readonly file: string;
  readonly profile: SourceProfile;
  readonly unknown: readonly UnknownData[];
  readonly notes: Notes | null;
  readonly #item: string;
  readonly #reader: TablesReader;
  readonly #remove: () => Promise<void>;

  constructor({ road, item, file, profile, unknown, notes, remove }: FileSource) {
    this.road = road;
    this.file = file;
    this.profile = profile;
    this.unknown = unknown;
    this.notes = notes;
    this.#item = item;
    this.#reader = new TablesReader(file);
    this.#remove = remove;
  }

  get troubles(): readonly Trouble[] {
    return this.#reader.troubles;
  }

  async counts(): Promise<{ [K in Kind]: number }> {
    return this.#told(() => this.#reader.counts());
  }

  records<K extends Kind>(kind: K, signal?: AbortSignal): AsyncGenerator<Rec<K>[]> {
    return this.#inTurns(this.#reader.records(kind), signal);
  }

  ids(kind: Kind): readonly Id[] | null {
    return this.#told(() => this.#reader.ids(kind));
  }

  some<K extends Kind>(
    kind: K,
    ids: readonly Id[],
    signal?: AbortSignal,
  ): AsyncGenerator<Rec<K>[]> {
    return this.#inTurns(this.#reader.some(kind, ids), signal);
  }

  async highest(): Promise<{ [K in Kind]?: Id }> {
    return this.#told(() => this.#reader.highest());
  }

  async created(kind: Kind, ids: readonly Id[]): Promise<Map<Id, Instant>> {
    return this.#told(() => this.#reader.created(kind, ids));
  }

  /** A row that is there is told, whatever is in it. */
  untold(): Untold {
    return nothingUntold;
  }

  async close(): Promise<void> {
    this.#reader.close();
    await this.#remove();
  }

  #told<T>(read: () => T): T {
    try {
      return read();
    } catch (error) {
      throw readingFailure(error, this.#item);
    }
  }

  async *#inTurns<T>(batches: Iterable<T>, signal?: AbortSignal): AsyncGenerator<T> {
    try {
      for (const batch of batches) {
        signal?.throwIfAborted();
        yield batch;
        // The file is read without waiting for anything: let others have a turn.
        await setImmediate();
      }
    } catch (error) {
      throw readingFailure(error, this.#item);
    }
  }
}
