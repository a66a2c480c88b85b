import { setTimeout as sleep } from 'node:timers/promises';
import { StowageError } from '../../model/errors.ts';
import { jsonText } from '../../model/records.ts';
import type { SourceChange, WriterOptions } from '../../model/writing.ts';
import { smallestBatch } from '../graphql/lists.ts';
import { StashFailure } from '../http/failure.ts';
import { withRetries } from '../http/retry.ts';
import type { StashServer } from '../server.ts';
import { type Answer, type Part, partName, requestOf } from './request.ts';

/** One mutation for one change, and what to do with its result. */
export interface Piece extends Part {
  change: SourceChange;
  /** About how long it is in a request, where that is known already. */
  bytes?: number;
  /** The answer is missing where another mutation of the request failed that must have one. */
  done: (answer: Answer | undefined) => void;
  failed: (error: StowageError) => void;
}

export interface Sending {
  signal: AbortSignal | undefined;
  /** How many pieces a request has at most. */
  most: number;
  /** The pieces are one mutation's list of inputs: it happens wholly, or not at all. */
  together?: boolean;
  /**
   * Those of the pieces that are still to be sent, after a request that was never answered: what sent twice would be
   * done twice is looked up first. Left out where sending again does no harm.
   */
  again?: (pieces: readonly Piece[]) => Promise<Piece[]>;
}

/** Gateways take a megabyte by default (nginx). */
const mostBytes = 900_000;
/** Scans take hours, but then it is better to come back later. */
const defaultPatience = 600_000;
/** What the server does by itself is looked at so often, in milliseconds. */
const idleFor = 2000;
/** How long an answer is awaited after the person has asked to stop, in milliseconds. */
const grace = 5000;

/** Sends the mutations of one write, with all the patience that it takes. */
export class Sender {
  readonly server: StashServer;
  readonly #options: WriterOptions;
  #mostBytes = mostBytes;
  #idleUntil = 0;

  constructor(server: StashServer, options: WriterOptions) {
    this.server = server;
    this.#options = options;
  }

  /** Every piece is either done or failed afterwards; what concerns more than a piece is thrown. */
  async send(pieces: readonly Piece[], sending: Sending): Promise<void> {
    let batch: Piece[] = [];
    let bytes = 0;
    for (const piece of pieces) {
      const size = piece.bytes ?? bytesOf(piece.variables);
      if (batch.length >= sending.most || (batch.length > 0 && bytes + size > this.#mostBytes)) {
        await this.#sendHalved(batch, bytes, sending);
        batch = [];
        bytes = 0;
      }
      batch.push(piece);
      bytes += size;
    }
    if (batch.length > 0) await this.#sendHalved(batch, bytes, sending);
  }

  /** A batch that is refused is halved, down to the piece that is the reason. */
  async #sendHalved(pieces: readonly Piece[], bytes: number, sending: Sending): Promise<void> {
    try {
      await this.#request(pieces, sending);
    } catch (error) {
      if (!(error instanceof StowageError) || !isForSplitting(error, pieces, sending)) throw error;
      if (error.code === 'source.too-large') this.#mostBytes = Math.min(this.#mostBytes, bytes / 2);
      if (pieces.length === 1) {
        pieces[0]?.failed(error);
        return;
      }
      const middle = Math.ceil(pieces.length / 2);
      await this.#sendHalved(pieces.slice(0, middle), bytes / 2, sending);
      await this.#sendHalved(pieces.slice(middle), bytes / 2, sending);
    }
  }

  async #request(pieces: readonly Piece[], sending: Sending): Promise<void> {
    const { signal, again } = sending;
    let pending = pieces;
    let unsure = false;
    const once = async () => {
      await this.#idle(signal);
      if (unsure && again) pending = await again(pending);
      unsure = false;
      if (pending.length === 0) return;
      signal?.throwIfAborted();
      try {
        const { locked, lock } = await this.#attempt(pending, sending);
        pending = locked;
        if (lock) throw lock;
      } catch (error) {
        unsure = error instanceof StashFailure && mayHaveArrived.has(error.code);
        this.#idleUntil = 0;
        throw error;
      }
    };
    const waiting = this.server.client.onWaiting;
    await withRetries(once, { firstPause: this.#options.firstPause ?? 250, signal, waiting });
  }

  /** Returns the pieces that found the database locked. */
  async #attempt(
    pieces: readonly Piece[],
    sending: Sending,
  ): Promise<{ locked: Piece[]; lock?: StashFailure }> {
    const { operation, variables } = requestOf(sending.together ? joined(pieces) : pieces);
    const linger = lingering(sending.signal);
    const { data, failures } = await this.server.client
      .attempt(operation, variables, { signal: linger.signal })
      .finally(linger.end);
    const wrong = failures.size === 0 && this.server.wrongIn(operation.toString(), data);
    if (wrong) {
      throw new StashFailure(
        'source.incomplete',
        `Stash’s answer is not what it should be: ${wrong}.`,
        {
          item: pieces[0]?.mutation.name ?? '',
          remedy: 'Look at the server’s log, or at the proxy in between; then run it again.',
        },
      );
    }
    if (sending.together) {
      const [failure] = failures.values();
      if (failure) throw failure;
      const answers = (data?.[partName(0)] ?? []) as ({ id: string } | null)[];
      const byId = new Map(answers.map((answer) => [answer?.id, answer]));
      for (const piece of pieces) piece.done(byId.get(inputOf(piece).id) ?? undefined);
      return { locked: [] };
    }
    const isLocked = (i: number) => failures.get(partName(i))?.code === 'source.locked';
    for (const [i, piece] of pieces.entries()) {
      const failure = failures.get(partName(i));
      if (!failure) piece.done(data?.[partName(i)] ?? undefined);
      else if (!isLocked(i)) piece.failed(failure);
    }
    const lock = [...failures.values()].find(({ code }) => code === 'source.locked');
    return { locked: pieces.filter((_, i) => isLocked(i)), ...(lock && { lock }) };
  }

  /** Waits while the server runs a task: its scans, imports and so on compete for the database. */
  async #idle(signal: AbortSignal | undefined): Promise<void> {
    if (Date.now() < this.#idleUntil) return;
    const latest = Date.now() + (this.#options.patience ?? defaultPatience);
    let told = '';
    for (let pause = 2 * (this.#options.firstPause ?? 250); ; pause = Math.min(pause * 2, 15_000)) {
      const [job] = await this.server.jobs({ signal });
      if (!job) break;
      if (job.description !== told) this.#options.onWaiting?.(job.description);
      told = job.description;
      if (Date.now() + pause > latest) {
        throw new StowageError('source.locked', `Stash is still busy: ${job.description}`, {
          remedy: 'Wait until its running tasks are done (Settings → Tasks), then run it again.',
        });
      }
      await sleep(pause, undefined, { signal }).catch(() => signal?.throwIfAborted());
    }
    this.#idleUntil = Date.now() + idleFor;
  }
}

export const bytesOf = (variables: Piece['variables']): number =>
  Buffer.byteLength(jsonText(variables)) + 200;

/** Where the answer is missing, but not for sure the deed. */
const mayHaveArrived = new Set<string>([
  'source.unreachable',
  'source.incomplete',
  'source.failed',
  'source.timeout',
]);

function isForSplitting(
  { code }: StowageError,
  { length }: readonly Piece[],
  { again }: Sending,
): boolean {
  if (code === 'source.timeout') return !again && length > smallestBatch;
  return ['source.refused', 'source.unsupported', 'source.too-large'].includes(code);
}

/** Pieces of one mutation that takes a list of inputs. Asked back of all is what is asked of any. */
function joined(pieces: readonly Piece[]): Part[] {
  const [first] = pieces;
  if (!first) return [];
  return [
    {
      mutation: first.mutation,
      variables: { input: pieces.map(inputOf) },
      asks: [...new Set(pieces.flatMap(({ asks }) => asks))],
    },
  ];
}

const inputOf = ({ variables }: Piece) => variables.input as { id: string };

/** A signal that comes a while after another: what was sent should be answered, if it can be. */
function lingering(signal: AbortSignal | undefined): {
  signal: AbortSignal | undefined;
  end: () => void;
} {
  if (!signal) return { signal, end: () => {} };
  const late = new AbortController();
  let timer: NodeJS.Timeout | undefined;
  const begin = () => {
    timer = setTimeout(() => late.abort(signal.reason), grace);
  };
  signal.addEventListener('abort', begin, { once: true });
  return {
    signal: late.signal,
    end: () => {
      signal.removeEventListener('abort', begin);
      clearTimeout(timer);
    },
  };
}
