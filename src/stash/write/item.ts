import { StowageError } from '../../model/errors.ts';
import type { Id } from '../../model/fields.ts';
import type { Values } from '../../model/held.ts';
import type { SourceChange, WriteResult } from '../../model/writing.ts';
import { holds, leftOf } from './canHold.ts';
import type { Words, WrittenKind } from './entry.ts';
import { entryOf } from './fields.ts';

/** A change on its way: which of its fields are still to be written, and what came of the others. */
export class Item {
  readonly change: SourceChange;
  readonly kind: WrittenKind;
  remoteId: Id | null;
  /** What the server has made of it so far. */
  readonly record: Values = {};
  error: StowageError | undefined;
  /** The name that it had to give up for a while (names.ts). */
  formerName: string | undefined;
  /** The same for all that write the same fields. */
  readonly sort: string;
  readonly #open: Set<string>;
  #refusal: StowageError | undefined;
  /** What of its values the server has no place for. */
  readonly #left: string[];

  constructor(change: SourceChange, words: Words) {
    this.change = change;
    this.kind = change.kind as WrittenKind;
    this.remoteId = change.remoteId;
    const { action, after } = change;
    const fields = Object.keys(after).filter((field) =>
      holds(words, this.kind, field, after[field]),
    );
    this.#open = new Set(action === 'update' ? fields : [whole, ...fields]);
    this.sort = fields.join();
    this.#left = fields.flatMap((field) => leftOf(words, this.kind, field, after[field]) ?? []);
    if (this.#open.size === 0) {
      this.error = new StowageError(
        'source.unsupported',
        `This Stash cannot hold the ${Object.keys(after).join(', ')} of ${nameOf(change)}.`,
        { item: nameOf(change) },
      );
    }
  }

  /** Is this field still to be written? */
  awaits(field: string): boolean {
    return this.error === undefined && this.#open.has(field);
  }

  get hasPicture(): boolean {
    return this.fields.some((field) => 'picture' in (entryOf(this.kind, field) as object));
  }

  get fields(): string[] {
    return [...this.#open].filter((field) => field !== whole);
  }

  /** The server has made or destroyed the record. */
  settle(remoteId: Id): void {
    this.remoteId = remoteId;
    this.#open.delete(whole);
  }

  /** The server has written this field, and keeps this value. */
  wrote(field: string, value: unknown): void {
    this.record[field] = value;
    this.#open.delete(field);
  }

  fail(error: StowageError): void {
    this.error ??= new StowageError(error.code, error.message, {
      item: nameOf(this.change),
      cause: error,
      ...(error.remedy !== undefined && { remedy: error.remedy }),
    });
  }

  /** The server takes anything but these fields: what made it fail is about them alone. */
  refuse(fields: readonly string[]): void {
    for (const field of fields) this.#open.delete(field);
    this.#refusal = this.error;
    this.error = undefined;
  }

  #forgotten(): StowageError {
    return new StowageError('internal', `Not written: ${[...this.#open].join(', ')}.`, {
      item: nameOf(this.change),
    });
  }

  #inPart(): StowageError | undefined {
    if (this.#left.length === 0) return undefined;
    return new StowageError(
      'source.unsupported',
      `This Stash has no place for ${this.#left.join(', ')}: the rest was written.`,
      { item: nameOf(this.change) },
    );
  }

  /** What is told of it. Nothing where `stop` kept it from being sent, or its answer from coming. */
  result(stop?: StowageError): WriteResult | undefined {
    const { change, record, remoteId } = this;
    const unwritten = this.#open.size > 0 ? (stop ?? this.#forgotten()) : this.#inPart();
    const error = this.error ?? this.#refusal ?? unwritten;
    if (!error) return { change, remoteId: remoteId as Id, record };
    const written =
      remoteId !== null && (change.remoteId === null || Object.keys(record).length > 0);
    if (!written && !this.error && !this.#refusal) return undefined;
    return {
      change,
      error,
      ...(written && { written: { remoteId, record } }),
    };
  }
}

/** Stands for the record itself, where that is to be made or destroyed. */
const whole = '';

export const nameOf = ({ kind, remoteId }: SourceChange): string =>
  remoteId === null ? `a new ${kind}` : `${kind} ${remoteId}`;
