import { jsonText } from '../../model/records.ts';
import { harmlessJson } from '../harmless.ts';
import {
  type Display,
  round,
  type ShownError,
  type ShownTrouble,
  type Summary,
} from '../output.ts';
import type { Stage } from '../stage.ts';
import type { Streams } from '../streams.ts';

const everyMilliseconds = 1000;

/** `--json`: an event a line on standard output, the last one the summary; words for people on the other. */
export class Events implements Display {
  readonly columns = 80;
  readonly #streams: Streams;
  readonly #quiet: boolean;
  #shown = 0;

  constructor(streams: Streams, quiet: boolean) {
    this.#streams = streams;
    this.#quiet = quiet;
  }

  line(text: string): void {
    this.note(text);
  }

  note(text: string): void {
    if (!this.#quiet) this.#streams.err(text);
  }

  warning(text: string): void {
    this.event('warning', { message: text });
  }

  event(event: string, fields: { [name: string]: unknown }): void {
    this.#streams.out(harmlessJson(jsonText({ event, ...fields }))); // a custom field may hold a BigInt
  }

  trouble(trouble: ShownTrouble): void {
    this.event('trouble', { ...trouble });
  }

  stageStarted({ name, state, unit, total }: Stage): void {
    this.event('stage', { stage: name, state, unit, total });
  }

  stagesMoved(stages: readonly Stage[]): void {
    if (this.#quiet || performance.now() - this.#shown < everyMilliseconds) return;
    this.#shown = performance.now();
    for (const { name, done, total, rate, secondsLeft } of stages) {
      this.event('progress', {
        stage: name,
        done,
        total,
        rate: rate && Math.round(rate),
        secondsLeft: secondsLeft && Math.round(secondsLeft),
      });
    }
  }

  stageEnded({ name, state, done, total, seconds }: Stage): void {
    this.event('stage', { stage: name, state, done, total, seconds: round(seconds) });
  }

  error(error: ShownError): void {
    this.event('error', { ...error });
  }

  summary(summary: Summary): void {
    this.event('summary', summary);
  }

  close(): void {}
}
