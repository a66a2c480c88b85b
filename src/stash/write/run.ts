import type { WriterOptions } from '../../model/writing.ts';
import type { StashServer } from '../server.ts';
import type { TypedDocumentString } from '../types.ts';
import { type Words, type WrittenKind, wordsOf } from './entry.ts';
import { Inputs } from './inputs.ts';
import { type Mutation, Mutations } from './request.ts';
import { type Piece, Sender, type Sending } from './sender.ts';

/** What the parts of one write share. */
export class Run {
  readonly server: StashServer;
  readonly kind: WrittenKind;
  readonly words: Words;
  readonly inputs: Inputs;
  readonly signal: AbortSignal | undefined;
  readonly #sender: Sender;
  readonly #mutations: Mutations;

  constructor(
    server: StashServer,
    kind: WrittenKind,
    options: WriterOptions,
    signal: AbortSignal | undefined,
  ) {
    this.server = server;
    this.kind = kind;
    this.words = wordsOf(server.profile, kind);
    this.inputs = new Inputs(this.words, options);
    this.signal = signal;
    this.#sender = new Sender(server, options);
    this.#mutations = new Mutations(server);
  }

  /** The first of the operations that the server has. */
  mutation(...operations: readonly TypedDocumentString<unknown, never>[]): Mutation {
    return this.#mutations.first(operations);
  }

  send(pieces: readonly Piece[], sending: Omit<Sending, 'signal'>): Promise<void> {
    return this.#sender.send(pieces, { ...sending, signal: this.signal });
  }
}
