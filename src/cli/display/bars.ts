import { styleText } from 'node:util';
import { createLogUpdate } from 'log-update';
import type { Stage } from '../stage.ts';
import type { Streams, TerminalStream } from '../streams.ts';
import { Lines } from './lines.ts';
import { progress } from './words.ts';

const cells = 24;

/** For people at a terminal: a bar for each running stage, redrawn in place below what was said. */
export class Bars extends Lines {
  readonly #terminal: TerminalStream;
  readonly #draw: ReturnType<typeof createLogUpdate>;

  constructor(streams: Streams, terminal: TerminalStream) {
    super(streams, false);
    this.#terminal = terminal;
    this.#draw = createLogUpdate(terminal);
  }

  override line(text: string): void {
    this.#draw.clear();
    super.line(text);
  }

  override note(text: string): void {
    this.#draw.clear();
    super.note(styleText('dim', text, { stream: this.#terminal as unknown as NodeJS.WriteStream }));
  }

  override warning(text: string): void {
    this.#draw.clear();
    super.warning(text);
  }

  override stagesMoved(stages: readonly Stage[]): void {
    const widest = Math.max(...stages.map((stage) => stage.name.length));
    const lines = stages.map((stage) =>
      [stage.name.padEnd(widest), this.#bar(stage), progress(stage)].filter(Boolean).join('  '),
    );
    this.#draw(lines.map((line) => line.slice(0, this.#terminal.columns - 1)).join('\n'));
  }

  override close(): void {
    this.#draw.clear();
    this.#draw.done();
  }

  #bar({ done, total }: Stage): string {
    if (!total || this.#terminal.columns < 80) return '';
    const full = Math.round(cells * Math.min(1, done / total));
    return `${'█'.repeat(full)}${'░'.repeat(cells - full)}`;
  }
}
