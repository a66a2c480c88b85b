import { stripVTControlCharacters, styleText } from 'node:util';
import { harmless } from '../harmless.ts';
import type { ShownError, ShownTrouble } from '../output.ts';
import type { Stage } from '../stage.ts';

const multiples = ['B', 'kB', 'MB', 'GB', 'TB'];

/** `12,345`, or `12.3 MB` where bytes are counted. */
export function amount(value: number, unit: Stage['unit']): string {
  // Not with a formatter that is kept: to make one takes a fifth of the time in which `--version` is told.
  if (unit === 'records') return Math.round(value).toLocaleString('en');
  const power = Math.min(multiples.length - 1, Math.floor(Math.log10(Math.max(1, value)) / 3));
  return `${(value / 1000 ** power).toFixed(power === 0 ? 0 : 1)} ${multiples[power]}`;
}

/** `4.2 s`, `3 min 05 s`, `2 h 10 min`. */
export function duration(seconds: number): string {
  if (seconds < 10) return `${seconds.toFixed(1)} s`;
  const s = Math.round(seconds);
  if (s < 60) return `${s} s`;
  if (s < 3600) return `${Math.floor(s / 60)} min ${pad(s % 60)} s`;
  return `${Math.floor(s / 3600)} h ${pad(Math.floor((s % 3600) / 60))} min`;
}
const pad = (value: number) => String(value).padStart(2, '0');

/** `62,000 of 100,000`. */
export const howFar = ({ done, total, unit }: Stage): string =>
  total === undefined ? amount(done, unit) : `${amount(done, unit)} of ${amount(total, unit)}`;

/** `62,000 of 100,000 · 3,120/s · 12 s left`, with what is known of it. */
export function progress(stage: Stage): string {
  const { unit, rate, secondsLeft } = stage;
  const known = [
    howFar(stage),
    rate !== undefined && `${amount(rate, unit)}/s`,
    secondsLeft !== undefined && `${duration(secondsLeft)} left`,
  ];
  return known.filter(Boolean).join(' · ');
}

/** `scenes: 100,000 in 12 s`, or where it stopped. */
export function ended(stage: Stage): string {
  if (stage.state === 'stopped') return `${stage.name}: stopped at ${howFar(stage)}`;
  const done = stage.done > 0 ? `${amount(stage.done, stage.unit)} in ` : '';
  return `${stage.name}: ${done}${duration(stage.seconds)}`;
}

/** `scene 12, title: holds a NUL character, which PostgreSQL cannot hold`. */
export function troubleLine(trouble: ShownTrouble): string {
  const { kind, id, field, why } = trouble;
  // A server may refuse a record without saying which.
  const number = id === 0 ? '(number unknown)' : id;
  const which = 'name' in trouble && id === null ? JSON.stringify(trouble.name) : number;
  const line = `${kind} ${which}${field === null ? '' : `, ${field}`}: ${why}`;
  return harmless(line.replaceAll(/\s+/g, ' '));
}

/** The message, under it what to do. */
export function errorLines({ message, item, remedy, stack }: ShownError): string {
  const styled = styleText(['bold', 'red'], 'error:', { stream: process.stderr });
  const about = item === undefined || message.includes(item) ? '' : ` (${item})`;
  const lines = [`${message}${about}`, remedy && indent(remedy), stack && indent(stack)];
  return `${styled} ${harmless(lines.filter(Boolean).join('\n'))}`;
}
const indent = (text: string) => text.replace(/^/gm, '  ');

/** The same text in lines that fit, broken between words; a line's indentation goes on in those after it. */
export function wrapped(text: string, columns: number): string {
  return text
    .split('\n')
    .map((line) => {
      const indent = /^ */.exec(line)?.[0] ?? '';
      const lines = [''];
      for (const word of line.slice(indent.length).split(' ')) {
        const last = lines.at(-1) as string;
        if (last !== '' && indent.length + width(last) + 1 + width(word) > columns)
          lines.push(word);
        else lines[lines.length - 1] = lines.length === 1 && last === '' ? word : `${last} ${word}`;
      }
      return lines.map((each) => `${indent}${each}`).join('\n');
    })
    .join('\n');
}

/** In characters, without what colours it. */
const width = (text: string): number => stripVTControlCharacters(text).length;
