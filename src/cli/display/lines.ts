import type { Display, ShownError, ShownTrouble } from '../output.ts';
import type { Stage } from '../stage.ts';
import type { Streams } from '../streams.ts';
import { ended, errorLines, progress, troubleLine } from './words.ts';

const everyMilliseconds = 5000;
/** A library may hold one hard text in every record: past these, a count says the same. */
const troublesShown = 20;

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

  line(text: string): void {
    if (!this.quiet) this.streams.out(text);
  }

  note(text: string): void {
    if (!this.quiet) this.streams.err(text);
  }

  warning(text: string): void {
    this.streams.err(text);
  }

  event(): void {}

  trouble(trouble: ShownTrouble): void {
    this.#troubles++;
    if (this.#troubles <= troublesShown) this.streams.err(troubleLine(trouble));
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
    this.streams.err(errorLines(error));
  }

  summary(): void {
    const hidden = this.#troubles - troublesShown;
    if (hidden > 0) this.streams.err(`… and ${hidden} more: --json lists them all.`);
  }

  close(): void {}
}
