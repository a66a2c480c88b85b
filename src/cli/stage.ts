/**
 * One stretch of a long work, as the person sees it: how much is done, how fast, how long still.
 * Disposed of without having been finished (`using`, and an error), it has stopped where it was.
 */
export class Stage {
  readonly name: string;
  /** What is counted: `bytes` are written with their multiples, anything else as a number. */
  readonly unit: 'records' | 'bytes';
  total: number | undefined;
  done = 0;
  state: 'started' | 'finished' | 'stopped' = 'started';
  readonly #started = performance.now();
  #ended: number | undefined;
  #rate: number | undefined;
  #advanced = this.#started;
  #seen = { at: this.#started, done: 0 };
  readonly #onEnd: (stage: Stage) => void;

  constructor(
    name: string,
    options: { total?: number | undefined; unit?: 'records' | 'bytes' },
    onEnd: (stage: Stage) => void,
  ) {
    this.name = name;
    this.total = options.total;
    this.unit = options.unit ?? 'records';
    this.#onEnd = onEnd;
  }

  advance(count = 1): void {
    this.#advanced = performance.now();
    this.done += count;
  }

  finish(): void {
    this.#end('finished');
  }

  [Symbol.dispose](): void {
    this.#end('stopped');
  }

  #end(state: 'finished' | 'stopped'): void {
    if (this.state !== 'started') return;
    this.state = state;
    this.#ended = performance.now();
    this.#onEnd(this);
  }

  get seconds(): number {
    return ((this.#ended ?? performance.now()) - this.#started) / 1000;
  }

  /** Looks at the clock: to be called now and then while the stage runs. Weighs the last ten seconds or so. */
  sample(): void {
    const now = performance.now();
    const seconds = (now - this.#seen.at) / 1000;
    // How long it takes to begin says nothing of how fast it goes.
    if (seconds <= 0 || this.done === 0) return;
    const current = (this.done - this.#seen.done) / seconds;
    const weight = 1 - Math.exp(-seconds / 5);
    this.#rate = this.#rate === undefined ? current : this.#rate + (current - this.#rate) * weight;
    this.#seen = { at: now, done: this.done };
  }

  /** Units a second; undefined before there is anything to tell it from. */
  get rate(): number | undefined {
    return this.done > 0 && !this.#isStill ? this.#rate : undefined;
  }

  /** A server that does not answer says nothing of how fast it is. */
  get #isStill(): boolean {
    return performance.now() - this.#advanced > 10_000;
  }

  get secondsLeft(): number | undefined {
    const rate = this.rate;
    if (this.total === undefined || !rate) return undefined;
    return Math.max(0, this.total - this.done) / rate;
  }
}
