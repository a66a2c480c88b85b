import type { ClientBase } from 'pg';
import { type Reason, reasonsFor } from '../library/differences.ts';
import type { Source } from '../library/sources.ts';
import type { Kind } from '../model/kinds.ts';
import { jsonText } from '../model/records.ts';
import type { Difference } from '../sync/compare.ts';
import type { Output } from './output.ts';

/** So many are looked up at a time. */
const atOnce = 500;

/** The differences that a proof finds, told with what is known of each: a few hundred at a time, whatever there are. */
export class FoundDifferences {
  /** How many of them are explained, by why; the others are not. */
  readonly known: { [why in Reason]?: number } = {};
  unknown = 0;
  readonly #output: Output;
  readonly #client: ClientBase;
  readonly #source: Source;
  #pending: Difference[] = [];

  constructor(output: Output, client: ClientBase, source: Source) {
    this.#output = output;
    this.#client = client;
    this.#source = source;
  }

  add(difference: Difference): void {
    this.#pending.push(difference);
  }

  /** Passes batches on; what was found so far is told before the next one is read. */
  async *telling<T>(batches: AsyncIterable<T>): AsyncGenerator<T> {
    for await (const batch of batches) {
      yield batch;
      if (this.#pending.length >= atOnce) await this.tell();
    }
  }

  /** Tells what was found, all of it of one kind. */
  async tell(): Promise<void> {
    while (this.#pending.length > 0) {
      const some = this.#pending.splice(0, atOnce);
      const { kind } = some[0] as { kind: Kind };
      const reasons = await reasonsFor(this.#client, this.#source, kind, some);
      some.forEach((difference, i) => {
        const known = reasons[i];
        if (known === undefined) this.unknown++;
        else this.known[known] = (this.known[known] ?? 0) + 1;
        const why =
          known === undefined ? words(difference) : `${words(difference)} (${because(known)})`;
        this.#output.trouble({ ...difference, ...(known !== undefined && { known }), why });
      });
    }
  }

  /** What explains those that are explained, in words; nothing where none is. */
  get explained(): string | undefined {
    const counts = Object.entries(this.known).map(
      ([why, count]) => `${count.toLocaleString('en')} ${because(why as Reason)}`,
    );
    return counts.length > 0 ? counts.join(', ') : undefined;
  }
}

const because = (why: Reason): string => reasons[why];

const reasons: { [why in Reason]: string } = {
  unsent: 'changed here, or by another source, and not sent yet',
  question: 'asked: `stowage conflicts`',
  absent: 'gone from the source, and kept here',
  deleted: 'deleted here, and kept at the source',
  part: 'part of another record here',
  gone: 'naming a record that only one side has deleted',
  missing: 'naming a record that the source does not have',
  place: 'for which the source has no place',
  other: 'different when they were last synced',
};

function words({ field, source, library }: Difference): string {
  if (field === null)
    return source === undefined ? 'is only in the library' : 'is not in the library';
  return `source ${short(source)}, library ${short(library)}`;
}

function short(value: unknown): string {
  if (value === undefined) return 'was never told';
  const text = jsonText(value);
  return text.length > 80 ? `${text.slice(0, 79)}…` : text;
}
