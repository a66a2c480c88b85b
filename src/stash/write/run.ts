import type { SourceChange, WriterOptions } from '../../model/writing.ts';
import type { StashServer } from '../server.ts';
import { type Words, type WrittenKind, wordsOf } from './entry.ts';
import { Inputs } from './inputs.ts';
import type { Operation } from './mutations.ts';
import type { Mutation, Mutations } from './request.ts';
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
  readonly #onSending: WriterOptions['onSending'];
  readonly #told = new Set<SourceChange>();

  constructor(
    { server, mutations, options }: Tools,
    kind: WrittenKind,
    signal: AbortSignal | undefined,
  ) {
    this.server = server;
    this.kind = kind;
    this.words = wordsOf(server.profile, kind);
    this.inputs = new Inputs(kind, this.words, options);
    this.signal = signal;
    this.#sender = new Sender(server, options);
    this.#mutations = mutations;
    this.#onSending = options.onSending;
  }

  /** The first of the operations that the server has. */
  mutation(...operations: readonly Operation[]): Mutation {
    return this.#mutations.first(operations);
  }

  /** Names the changes that are about to be sent, each once. */
  async tell(changes: readonly SourceChange[]): Promise<void> {
    const news = [...new Set(changes)].filter((change) => !this.#told.has(change));
    this.signal?.throwIfAborted();
    if (news.length > 0) await this.#onSending?.(news);
    for (const change of news) this.#told.add(change);
  }

  send(pieces: readonly Piece[], sending: Omit<Sending, 'signal'>): Promise<void> {
    return this.#sender.send(pieces, { ...sending, signal: this.signal });
  }
}

/** What a writer keeps from one write to the next. */
export interface Tools {
  server: StashServer;
  mutations: Mutations;
  options: WriterOptions;
}
