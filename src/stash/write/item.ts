import { StowageError } from '../../model/errors.ts';
import type { Id } from '../../model/fields.ts';
import type { Values } from '../../model/held.ts';
import type { LeftOut, SourceChange, WriteResult } from '../../model/writing.ts';
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
  /** What of its values the server has no place for, or refused. */
  readonly #left: LeftOut[];

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
    this.#left = fields.flatMap((field) =>
      leftOf(words, this.kind, field, after[field], change.before[field]),
    );
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

  /** The server takes the field but for this element: what it said last is about that. */
  leaveOut(field: string, key: string): void {
    const said = this.error?.message ?? '';
    const why = said.split(itSays).at(-1) ?? said;
    const known = this.#left.findIndex((one) => one.field === field && one.key === key);
    if (known >= 0) this.#left.splice(known, 1);
    this.#left.push({ field, key, why });
  }

  #forgotten(): StowageError {
    return new StowageError('internal', `Not written: ${[...this.#open].join(', ')}.`, {
      item: nameOf(this.change),
    });
  }

  /** What is told of it. Nothing where `stop` kept it from being sent, or its answer from coming. */
  result(stop?: StowageError): WriteResult | undefined {
    const { change, record, remoteId } = this;
    const unwritten = this.#open.size > 0 ? (stop ?? this.#forgotten()) : undefined;
    const error = this.error ?? this.#refusal ?? unwritten;
    const left = this.#left.filter(({ field }) => field in record);
    const kept = { record, ...(left.length > 0 && { left }) };
    if (!error) return { change, remoteId: remoteId as Id, ...kept };
    const written =
      remoteId !== null && (change.remoteId === null || Object.keys(record).length > 0);
    if (!written && !this.error && !this.#refusal) return undefined;
    return {
      change,
      error,
      ...(written && { written: { remoteId, ...kept } }),
    };
  }
}

/** What comes before a server's own words. */
const itSays = 'It says: ';

/** Stands for the record itself, where that is to be made or destroyed. */
const whole = '';

export const nameOf = ({ kind, remoteId }: SourceChange): string =>
  remoteId === null ? `a new ${kind}` : `${kind} ${remoteId}`;
