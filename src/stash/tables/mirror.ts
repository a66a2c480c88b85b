import { setImmediate } from 'node:timers/promises';
import { StowageError } from '../../model/errors.ts';
import { inOrder } from '../../model/inOrder.ts';
import { concernsOf } from './concerns.ts';
import { knownIn } from './coverage.ts';
import { hasSampledTexts } from './digest.ts';
import { Fresh } from './fresh.ts';
import { Layout, type LayoutRow } from './layout.ts';
import { bucketBits, type Mirrored } from './mirrored.ts';
import {
  type Answer,
  type Difference,
  type Digests,
  digestsOf,
  MirroredTable,
  nextPart,
  type Stretch,
} from './mirroredTable.ts';
import { isDamage, MirrorFile, type Opening } from './mirrorFile.ts';
import { ownedTables } from './owned.ts';
import {
  bucketsSelect,
  type DigestPart,
  digestsSelect,
  digestsTogether,
  layoutSelect,
  openingSelect,
  schemaSelect,
  stretchesSelect,
  stretchSelect,
  writtenSelect,
} from './selects.ts';
import { TouchNotes } from './touched.ts';
import { affinityOf, type Stored } from './transport.ts';

/** Sends one of our SELECTs to the server, and returns its rows. */
export type Ask = (sql: string, args?: (string | number)[]) => Promise<Stored[][]>;

export interface MirrorOptions {
  /**
   * How a mirror from before is compared: by digests, which shows as good as every change in a fraction of the time; or
   * by all that the tables hold.
   */
  compare?: 'quick' | 'full' | undefined;
  signal?: AbortSignal | undefined;
  /** Rows brought so far, and in all as far as is known. */
  onProgress?: ((rows: number, total: number) => void) | undefined;
}

/** How often what moved meanwhile is read again. A round without news takes half a second with 100,000 scenes and images. */
const rounds = 20;

/**
 * Makes a SQLite file equal to the server's tables, the pictures' own aside. A new file is filled; one from an earlier
 * reading is compared, and what differs is replaced, with a note of each record concerned. Then every bucket of ids
 * whose digest is not that of what we hold is read (again), until a round finds none, or the server says that nothing was
 * written meanwhile. Then the file is what the server had when that round began: a change since must show in a digest
 * taken later, or it came after.
 */
export async function mirror(ask: Ask, file: string, options: MirrorOptions = {}): Promise<Layout> {
  const { layout, opening } = await openingOf(ask);
  try {
    await new Mirroring(ask, layout, opening, options).run(file);
  } catch (error) {
    if (!isDamage(error)) throw error;
    MirrorFile.remove(file);
    await new Mirroring(ask, layout, opening, options).run(file);
  }
  return layout;
}

export async function layoutOf(ask: Ask): Promise<Layout> {
  const rows = (await ask(layoutSelect)) as LayoutRow[];
  const [[schema] = [0]] = await ask(schemaSelect);
  return new Layout(rows, Number(schema));
}

async function openingOf(ask: Ask): Promise<{ layout: Layout; opening: Opening }> {
  const [[rows, schema, sequences, now] = []] = await ask(openingSelect);
  const layout = new Layout(JSON.parse(String(rows)) as LayoutRow[], Number(schema));
  return {
    layout,
    opening: {
      tables: mirroredIn(layout),
      sequences: JSON.parse(String(sequences)),
      now: Number(now),
    },
  };
}

/** The tables that we know, with all of their columns. */
function mirroredIn(layout: Layout): Mirrored[] {
  return [...knownIn(layout).keys()].flatMap((name) => {
    if (name === 'blobs') return [];
    const columns = [...(layout.tables.get(name) ?? [])].map(([column, rest]) => ({
      name: column,
      ...rest,
    }));
    // Tables without a key have the record that owns their rows first.
    const key = columns.find((column) => column.key === 1) ?? columns[0];
    return key ? [{ name, key: key.name, columns }] : [];
  });
}

/** Requests under way: one more than the server answers at a time, so that it need not wait for us. */
const underWay = 2;

/** Characters in an answer: what fits in memory a few times over, and keeps the server a fraction of a second. */
const wanted = 4e5;

/** Buckets of a table that are to be read. */
interface Suspects {
  table: MirroredTable;
  buckets: readonly number[];
  /** What the server tells of the table. */
  told: Digests;
}

/** One reading of a server's tables into a file. */
class Mirroring {
  readonly #ask: Ask;
  readonly #layout: Layout;
  readonly #opening: Opening;
  readonly #options: MirrorOptions;
  #tables: readonly MirroredTable[] = [];
  #owned: ReadonlyMap<string, readonly Mirrored[]> = new Map();
  #notes: TouchNotes | null = null;
  /** Tables that have got other rows in this reading. */
  readonly #changed = new Set<MirroredTable>();
  /** Of buckets that were read without news, the digest that the server had told before. */
  readonly #calm = new Map<MirroredTable, Map<number, string>>();
  readonly #progress = { rows: 0, total: 0 };

  constructor(ask: Ask, layout: Layout, opening: Opening, options: MirrorOptions) {
    this.#ask = ask;
    this.#layout = layout;
    this.#opening = opening;
    this.#options = options;
  }

  async run(path: string): Promise<void> {
    using file = MirrorFile.open(path, this.#opening);
    const { tables, now, sequences } = this.#opening;
    this.#tables = tables.map((table) => new MirroredTable(file.db, table, file.secret));
    const concerns = concernsOf(this.#layout, tables);
    this.#owned = ownedTables(tables, concerns);
    const fresh = new Fresh(file.db, this.#layout, this.#owned);
    const suspects = fresh.buckets();
    await file.together(async () => {
      if (!file.isFilled) {
        await this.#fill();
        await this.#settle();
      } else {
        this.#notes = new TouchNotes(file.db, concerns);
        const isQuick = this.#options.compare === 'quick';
        if (isQuick || (await this.#compareAll())) await this.#settle(isQuick ? suspects : null);
      }
      if (this.#changed.size > 0 || suspects.size > 0) fresh.note(now);
      file.keepSequences(sequences);
    });
    if (!file.isFilled) file.filled();
  }

  /** Reads all into an empty file. */
  async #fill(): Promise<void> {
    const sizes = this.#tables.map(({ of }) => [of, rowsWanted(of)] as const);
    const [found = []] = await this.#ask(stretchesSelect(sizes));
    const ranges: [MirroredTable, Stretch][] = [];
    for (const [i, table] of this.#tables.entries()) {
      this.#progress.total += Number(found[i * 2]);
      const begins = String(found[i * 2 + 1] ?? '')
        .split(',')
        .slice(1);
      const firsts = [-Number.MAX_SAFE_INTEGER, ...begins.map(Number)];
      for (const [n, first] of firsts.entries()) {
        const last = (firsts[n + 1] ?? Number.MAX_SAFE_INTEGER) - 1;
        ranges.push([table, { first, last, rows: 0 }]);
      }
      this.#changed.add(table);
    }
    for await (const { table, stretch, answer } of this.#read(ranges)) {
      const rows = table.fill(answer);
      table.keep({ ...stretch, rows });
      this.#tell(rows);
    }
  }

  /**
   * Reads all that the tables hold, and compares it with the very rows of the file: whatever changed them, they are right
   * afterwards. Returns whether anything was different.
   */
  async #compareAll(): Promise<boolean> {
    const ranges = this.#tables.flatMap((table) =>
      table.stretches().map((stretch) => [table, stretch] as [MirroredTable, Stretch]),
    );
    for (const [, { rows }] of ranges) this.#progress.total += rows;
    for await (const { table, stretch, answer } of this.#read(ranges)) {
      const different = this.#note(table, table.compare(stretch, answer));
      if (different.size > 0) for (const part of split(table, stretch, answer)) table.keep(part);
      this.#tell(stretch.rows);
    }
    return this.#changed.size > 0;
  }

  #read(ranges: readonly [MirroredTable, Stretch][]) {
    return inOrder(
      ranges,
      underWay,
      async ([table, stretch], signal) => {
        signal.throwIfAborted();
        const sql = stretchSelect(table.of);
        const [answer = []] = await this.#ask(sql, [stretch.first, stretch.last]);
        return { table, stretch, answer };
      },
      this.#options.signal,
    );
  }

  /** Reads what differs by its digest, and what is suspect, until nothing differs. */
  async #settle(first: ReadonlyMap<string, readonly number[]> | null = null): Promise<void> {
    let suspects = first;
    for (let round = 0; round < rounds; round++) {
      const before = await this.#written();
      const telling = started(this.#told());
      // While the server digests what it holds, so do we what is new.
      for (const table of this.#changed) {
        table.digests();
        await setImmediate();
      }
      const told = await telling;
      const differing = this.#tables.map((table) => this.#differing(table, told.get(table) ?? ''));
      const isProven = differing.every(({ buckets }) => buckets.length === 0);
      const news = await this.#bring(
        differing.map((found) => withSuspects(found, suspects, first !== null && round === 0)),
      );
      suspects = this.#suspectsBeside(news);
      const isStill = async () => {
        if (before === null) return false;
        await this.#bring(
          differing.map((found) => withSuspects({ ...found, buckets: [] }, suspects, false)),
        );
        return isSame(before, await this.#written());
      };
      if ((isProven && news.size === 0) || (await isStill())) {
        for (const table of this.#tables) table.told = told.get(table) ?? '';
        return;
      }
    }
    throw new StowageError(
      'source.moving',
      'The server’s tables change faster than they are read.',
      {
        remedy: 'Wait until its tasks are done (Settings → Tasks). Or use --via snapshot.',
      },
    );
  }

  /**
   * Where a record's own row is another, the texts of the tables that belong to it may be, too, though their digests do not
   * show it (digest.ts).
   */
  #suspectsBeside(news: ReadonlyMap<string, ReadonlySet<number>>): Map<string, number[]> {
    const suspects = new Map<string, number[]>();
    for (const [name, buckets] of news) {
      for (const table of this.#owned.get(name) ?? []) {
        if (hasSampledTexts(table)) suspects.set(table.name, [...buckets]);
      }
    }
    return suspects;
  }

  /** How far the server has come with writing; null where it does not tell. */
  async #written(): Promise<Written | null> {
    const select = writtenSelect(this.#layout);
    if (select === null) return null;
    const at = Date.now();
    const [[told] = []] = await this.#ask(select);
    return { told: String(told), at };
  }

  /** The digests that the server tells of each table. */
  async #told(): Promise<Map<MirroredTable, string>> {
    const told = new Map<MirroredTable, string>();
    let parts: DigestPart<MirroredTable>[] = this.#tables.map((table) => ({ table, from: 0 }));
    while (parts.length > 0) {
      const next: typeof parts = [];
      const answers = inOrder(
        requestsOf(parts),
        underWay,
        async (some, signal) => {
          signal.throwIfAborted();
          return { some, texts: (await this.#ask(digestsSelect(some)))[0] ?? [] };
        },
        this.#options.signal,
      );
      for await (const { some, texts } of answers) {
        for (const [i, { table }] of some.entries()) {
          const text = texts[i];
          if (typeof text !== 'string') continue;
          const before = told.get(table);
          told.set(table, before === undefined ? text : `${before},${text}`);
          const from = nextPart(text);
          if (from !== null) next.push({ table, from });
        }
      }
      parts = next;
    }
    return told;
  }

  /** The buckets whose digest is not that of what we hold. */
  #differing(table: MirroredTable, text: string): Suspects {
    const expected = (this.#changed.has(table) ? null : table.told) ?? table.digests();
    if (expected === text && !table.isAlwaysRead) return { table, buckets: [], told: new Map() };
    const [held, told] = [digestsOf(expected), digestsOf(text)];
    const calm = this.#calm.get(table);
    const buckets = [...new Set([...told.keys(), ...held.keys()])].filter((bucket) => {
      const now = told.get(bucket)?.digest ?? '';
      // What was read without news between two equal digests is as the server has it, even where another version of SQLite
      // reckons them otherwise.
      return now !== (held.get(bucket)?.digest ?? '') && now !== calm?.get(bucket);
    });
    return { table, buckets, told };
  }

  /** Reads these buckets into the mirror. Returns those that were different, by their tables. */
  async #bring(suspects: readonly Suspects[]): Promise<Map<string, Set<number>>> {
    const news = new Map<string, Set<number>>();
    const requests = suspects.flatMap(batchesOf);
    for (const { rows } of requests) this.#progress.total += rows;
    const answers = inOrder(
      requests,
      underWay,
      async (request, signal) => {
        signal.throwIfAborted();
        const { table, buckets } = request;
        const [answer = []] = await this.#ask(bucketsSelect(table.of), [JSON.stringify(buckets)]);
        return { ...request, answer };
      },
      this.#options.signal,
    );
    for await (const { table, buckets, told, rows, answer } of answers) {
      const difference = table.compare(buckets, answer);
      const different = this.#note(table, difference);
      if (different.size > 0) {
        news.set(table.of.name, different.union(news.get(table.of.name) ?? new Set()));
      }
      const calm = this.#calm.get(table) ?? new Map<number, string>();
      for (const bucket of buckets) {
        if (different.has(bucket)) calm.delete(bucket);
        else calm.set(bucket, told.get(bucket)?.digest ?? '');
      }
      this.#calm.set(table, calm);
      this.#tell(rows);
    }
    return news;
  }

  /** Returns the buckets of the rows that were different. */
  #note(table: MirroredTable, difference: Difference): Set<number> {
    const different = new Set(
      [...difference.gone, ...difference.come].map((row) => table.bucketOf(row)),
    );
    if (different.size > 0) this.#changed.add(table);
    this.#notes?.note(table.of.name, difference);
    return different;
  }

  #tell(rows: number): void {
    this.#progress.rows += rows;
    this.#options.onProgress?.(this.#progress.rows, this.#progress.total);
  }
}

/** What `writtenSelect` told, and when it was asked, in milliseconds. */
interface Written {
  told: string;
  at: number;
}

/** Servers close a connection that is idle for half a minute, and the next one counts anew. */
const isSame = (before: Written, now: Written | null): boolean =>
  now?.told === before.told && Date.now() - before.at < 25_000;

function withSuspects(
  found: Suspects,
  suspects: ReadonlyMap<string, readonly number[]> | null,
  isFirst: boolean,
): Suspects {
  const { table, buckets, told } = found;
  const more = isFirst && table.isAlwaysRead ? told.keys() : (suspects?.get(table.of.name) ?? []);
  return { table, told, buckets: [...new Set([...buckets, ...more])] };
}

interface Batch extends Suspects {
  rows: number;
}

/** So many buckets that an answer is of the wanted size. */
function batchesOf({ table, buckets, told }: Suspects): Batch[] {
  const batches: Batch[] = [];
  const most = rowsWanted(table.of);
  let [batch, rows]: [number[], number] = [[], 0];
  const end = () => {
    if (batch.length > 0) batches.push({ table, buckets: batch, told, rows });
    [batch, rows] = [[], 0];
  };
  for (const bucket of buckets.toSorted((a, b) => a - b)) {
    const more = told.get(bucket)?.rows ?? 0;
    if (rows + more > most || batch.length === mostBuckets) end();
    batch.push(bucket);
    rows += more;
  }
  end();
  return batches;
}

const mostBuckets = 1000;

/** Parts of digests for one request each: as many as the server has told in a fraction of a second. */
function* requestsOf<T extends MirroredTable>(
  parts: readonly DigestPart<T>[],
): Generator<DigestPart<T>[]> {
  let [some, rows]: [DigestPart<T>[], number] = [[], 0];
  for (const part of parts) {
    const more = Math.min(part.table.rows, digestsTogether * 2 ** bucketBits * 10);
    if (some.length > 0 && rows + more > rowsDigested) {
      yield some;
      [some, rows] = [[], 0];
    }
    some.push(part);
    rows += more;
  }
  if (some.length > 0) yield some;
}

const rowsDigested = 500_000;

/** How many rows of a table make an answer of the wanted size, as far as its columns tell. */
function rowsWanted({ columns }: Mirrored): number {
  const characters = columns.reduce((sum, { type }) => sum + (widths[affinityOf(type)] ?? 20), 0);
  return Math.round(Math.min(30_000, wanted / characters));
}

const widths: { [affinity: string]: number } = {
  integer: 6,
  text: 25,
  none: 25,
  real: 18,
  numeric: 12,
};

/** A stretch that has grown to twice the wanted size is two from now on. */
function split(table: MirroredTable, stretch: Stretch, answer: Answer): Stretch[] {
  const keys = table.keysOf(answer);
  const rows = keys.length;
  const middle = keys[Math.floor(rows / 2)] as number;
  if (rows < 2 * rowsWanted(table.of) || middle === keys[0]) return [{ ...stretch, rows }];
  return [
    { first: stretch.first, last: middle - 1, rows: rows / 2 },
    { first: middle, last: stretch.last, rows: rows / 2 },
  ];
}

/** Awaited only later, or never where something else fails first: a failure until then is not unhandled. */
function started<T>(promise: Promise<T>): Promise<T> {
  promise.catch(() => {});
  return promise;
}
