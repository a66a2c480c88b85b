import { StowageError } from '../../model/errors.ts';
import type { PictureId } from '../../model/fields.ts';
import type { Values } from '../../model/held.ts';
import type { WriterOptions } from '../../model/writing.ts';
import { type Answers, mapperOf } from '../mapper.ts';
import { type Input, isInput, servedAs, type Words, type WrittenKind } from './entry.ts';
import { entryOf } from './fields.ts';
import type { Item } from './item.ts';
import type { Mutation } from './request.ts';
import { bytesOf, type Piece } from './sender.ts';

/** Makes the inputs of mutations, and records of what they answer. */
export class Inputs {
  readonly words: Words;
  readonly #record: (answer: never) => Values;
  readonly #picture: NonNullable<WriterOptions['picture']>;

  constructor(kind: WrittenKind, words: Words, { picture = async () => null }: WriterOptions) {
    this.words = words;
    this.#record = mapperOf(kind) as never;
    this.#picture = picture;
  }

  /** A mutation that writes these fields of an item; null where there is nothing to write in its input. */
  async piece(item: Item, values: Values, mutation: Mutation): Promise<Piece | null> {
    const { change, remoteId } = item;
    const creating = remoteId === null;
    const input: Input = creating ? {} : { id: String(remoteId) };
    const asks = creating ? ['created_at', 'updated_at'] : ['updated_at'];
    const fields: string[] = [];
    for (const [field, value] of Object.entries(values)) {
      const entry = entryOf(item.kind, field);
      if (!isInput(entry)) continue;
      if ('picture' in entry) {
        input[entry.picture] = value === null ? '' : await this.#dataUrl(item, value as string);
      } else {
        if (creating && entry.onlyLater) continue;
        const answer = servedAs(entry, this.words);
        const put = entry.input(value as never, this.words, change.before[field] as never);
        Object.assign(input, put);
        if (answer !== undefined) asks.push(answer);
      }
      fields.push(field);
    }
    if (item.error || (!creating && fields.length === 0)) return null;
    if (creating) asPlainMap(input);
    return {
      change,
      mutation,
      variables: { input },
      bytes: bytesOf({ input }),
      asks,
      done: (answer) => this.#take(item, values, fields, answer as Answers['scene'] | undefined),
      failed: (error) => item.fail(error),
    };
  }

  #take(item: Item, values: Values, fields: string[], answer: { id: string } | undefined): void {
    if (item.remoteId === null && !answer) {
      item.fail(new StowageError('source.incomplete', 'The answer of Stash is cut off.'));
      return;
    }
    const record = answer ? this.#record(withGallery(answer) as never) : {};
    if (answer) item.settle(Number(answer.id));
    for (const time of ['createdAt', 'updatedAt']) {
      if (record[time] !== undefined) item.record[time] = record[time];
    }
    for (const field of fields) {
      if (!(field in item.change.after)) continue;
      const stored = isUntold(item, field, values, this.words) ? undefined : record[field];
      item.wrote(field, stored === undefined ? values[field] : stored);
    }
  }

  async #dataUrl(item: Item, picture: PictureId): Promise<string> {
    const bytes = await this.#picture(picture);
    if (bytes) return `data:image/jpeg;base64,${bytes.toString('base64')}`;
    item.fail(
      new StowageError('library.failed', `The picture ${picture} is not among those we hold.`, {
        remedy: 'Sync with a Stash that has it, or give the record another one.',
      }),
    );
    return '';
  }
}

/** Custom fields are a plain object for a new record. */
function asPlainMap(input: Input): void {
  const custom = input.custom_fields as { full?: unknown; partial?: unknown } | undefined;
  if (custom) input.custom_fields = custom.full ?? custom.partial;
}

/** A chapter's, as the mapper takes it. */
function withGallery(answer: { id: string }): object {
  const { gallery } = answer as { gallery?: { id: string } };
  return gallery ? { ...answer, gallery: Number(gallery.id) } : answer;
}

/** Before v0.28 (72) an image without a title is served under its file's name. */
const isUntold = (item: Item, field: string, values: Values, { schema }: Words): boolean =>
  schema < 72 && item.kind === 'image' && field === 'title' && values.title === '';
