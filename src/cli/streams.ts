import type { Writable } from 'node:stream';
import type { Redactor } from './redactor.ts';

/** Standard output and standard error, with secrets taken out. Everything the process says goes through here. */
export interface Streams {
  /** Writes whole lines. */
  out(text: string): void;
  err(text: string): void;
  /** Where bars may be drawn; undefined where standard error is no terminal, or one that knows not its size. */
  readonly terminal: TerminalStream | undefined;
  /** How many characters fit into a line of standard output; undefined where that is no terminal: a program reads whole lines. */
  readonly outColumns?: number | undefined;
}
export type TerminalStream = Writable & { columns: number };

export function redactedStreams(
  redactor: Redactor,
  stdout: NodeJS.WriteStream,
  stderr: NodeJS.WriteStream,
): Streams {
  for (const stream of [stdout, stderr]) stream.on('error', ignoreClosedPipe);
  const write = (stream: Writable) => (text: string) => {
    if (!stream.destroyed) stream.write(`${redactor.clean(text)}\n`);
  };
  return {
    out: write(stdout),
    err: write(stderr),
    terminal: stderr.isTTY && stderr.columns && stderr.rows ? stderr : undefined,
    outColumns: stdout.isTTY ? stdout.columns || undefined : undefined,
  };
}

/** A reader that leaves (`| head`) ends the listening, not the work. */
function ignoreClosedPipe(error: NodeJS.ErrnoException): void {
  if (error.code !== 'EPIPE') throw error;
}
