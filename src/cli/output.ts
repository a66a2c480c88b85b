import type { Id } from '../model/fields.ts';
import type { Trouble } from '../model/reading.ts';
import { harmless } from './harmless.ts';
import { Stage } from './stage.ts';

/** How a command's progress and results are shown; `display/` has one for each kind of reader. */
export interface Display {
  /** How many characters fit into a line; 80 where nobody says. */
  readonly columns: number;
  /** What the person asked to know. */
  line(text: string): void;
  /** A remark beside the result. */
  note(text: string): void;
  warning(text: string): void;
  event(name: string, fields: { [name: string]: unknown }): void;
  trouble(trouble: ShownTrouble): void;
  stageStarted(stage: Stage): void;
  /** Called several times a second while stages run; decides itself how often to show something. */
  stagesMoved(stages: readonly Stage[]): void;
  stageEnded(stage: Stage): void;
  error(error: ShownError): void;
  summary(summary: Summary): void;
  close(): void;
}

/** Of a record that the source has no number for, its name. */
export type ShownTrouble = Trouble | (Omit<Trouble, 'id'> & { id: Id | null; name: string });

export interface ShownError {
  code: string;
  message: string;
  item?: string | undefined;
  remedy?: string | undefined;
  stack?: string | undefined;
}

export interface Summary {
  command: string;
  /** Whether everything that was asked for is done: the exit code is 0. */
  ok: boolean;
  exitCode: number;
  seconds: number;
  /** Seconds of each stage. */
  stages: { [stage: string]: number };
  peakRssMb: number;
  [field: string]: unknown;
}

const tick = 100;

/** What a command says while it works. Handed to every command; it knows nothing of terminals or JSON. */
export class Output {
  readonly #display: Display;
  readonly #running = new Set<Stage>();
  readonly #seconds = new Map<string, number>();
  #timer: NodeJS.Timeout | undefined;

  constructor(display: Display) {
    this.#display = display;
  }

  /** How many characters fit into a line. */
  get columns(): number {
    return this.#display.columns;
  }

  /** What the person asked to know: on standard output (with `--json`, which has that for itself, on the other). */
  line(text = ''): void {
    this.#display.line(harmless(text));
  }

  /** A remark beside the result: on standard error, and not with `--quiet`. */
  note(text: string): void {
    this.#display.note(harmless(text));
  }

  /** Something of the whole that could not be brought, or that the person has to know: shown even with `--quiet`. */
  warning(text: string): void {
    this.#display.warning(harmless(text));
  }

  /** Something that only a machine asks for: an event of its own with `--json`, else nothing. */
  event(name: string, fields: { [name: string]: unknown }): void {
    this.#display.event(name, fields);
  }

  /** Something of one record that could not be brought, or differs. Return `complete: false` in the end. */
  trouble(trouble: ShownTrouble): void {
    this.#display.trouble(trouble);
  }

  /** Begins a stage of long work: `using pictures = output.stage('pictures', { total }); …; pictures.finish();`. */
  stage(name: string, options: { total?: number; unit?: 'records' | 'bytes' } = {}): Stage {
    const stage = new Stage(name, options, (ended) => this.#end(ended));
    this.#running.add(stage);
    this.#display.stageStarted(stage);
    this.#timer ??= setInterval(() => this.#move(), tick).unref();
    return stage;
  }

  /** The stages that are running now, for saying where the work stopped. */
  get running(): readonly Stage[] {
    return [...this.#running];
  }

  /** Seconds of every stage so far. */
  get stages(): { [stage: string]: number } {
    const running = this.running.map((stage) => [stage.name, stage.seconds] as const);
    const rounded = [...this.#seconds, ...running].map(([name, s]) => [name, round(s)] as const);
    return Object.fromEntries(rounded);
  }

  #move(): void {
    for (const stage of this.#running) stage.sample();
    this.#display.stagesMoved(this.running);
  }

  #end(stage: Stage): void {
    this.#running.delete(stage);
    this.#seconds.set(stage.name, (this.#seconds.get(stage.name) ?? 0) + stage.seconds);
    this.#display.stageEnded(stage);
    if (this.#running.size > 0) return;
    clearInterval(this.#timer);
    this.#timer = undefined;
  }
}

/** To the millisecond. */
export const round = (seconds: number): number => Math.round(seconds * 1000) / 1000;
