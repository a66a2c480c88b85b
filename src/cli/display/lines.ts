import type { Display, ShownError, ShownTrouble } from '../output.ts';
import type { Stage } from '../stage.ts';
import type { Streams } from '../streams.ts';
import { ended, errorLines, progress, troubleLine, wrapped } from './words.ts';

const everyMilliseconds = 5000;
/** A library may hold one hard text in every record: past these, a count says the same. */
const troublesShown = 20;

/** Broken between words where a terminal shows it; whole where a program or a file gets it. */
const fitting = (text: string, columns: number | undefined): string =>
  columns === undefined ? text : wrapped(text, columns);

/** For people, where nothing can be redrawn: a log file, a pipe, a service's journal. */
export class Lines implements Display {
  readonly streams: Streams;
  readonly quiet: boolean;
  #shown = performance.now();
  #troubles = 0;

  constructor(streams: Streams, quiet: boolean) {
    this.streams = streams;
    this.quiet = quiet;
  }

  get columns(): number {
    return this.streams.outColumns ?? 80;
  }

  line(text: string): void {
    if (!this.quiet) this.streams.out(fitting(text, this.streams.outColumns));
  }

  note(text: string): void {
    if (!this.quiet) this.streams.err(fitting(text, this.streams.terminal?.columns));
  }

  warning(text: string): void {
    this.streams.err(fitting(text, this.streams.terminal?.columns));
  }

  event(): void {}

  trouble(trouble: ShownTrouble): void {
    this.#troubles++;
    if (this.#troubles <= troublesShown) this.warning(troubleLine(trouble));
  }

  stageStarted(_stage: Stage): void {}

  stagesMoved(stages: readonly Stage[]): void {
    if (performance.now() - this.#shown < everyMilliseconds) return;
    this.#shown = performance.now();
    for (const stage of stages) this.note(`${stage.name}: ${progress(stage)}`);
  }

  stageEnded(stage: Stage): void {
    this.note(ended(stage));
  }

  error(error: ShownError): void {
    this.warning(errorLines(error));
  }

  summary(): void {
    const hidden = this.#troubles - troublesShown;
    if (hidden > 0) this.warning(`… and ${hidden} more: --json lists them all.`);
  }

  close(): void {}
}
