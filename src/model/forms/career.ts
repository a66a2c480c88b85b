import type { Values } from '../held.ts';
import type { OtherForm } from './otherForm.ts';

/** A performer's career was a text once, and is two dates in servers newer than v0.30: years are read from it. */
export const career: OtherForm = {
  kind: 'performer',
  former: ['careerLength'],
  present: ['careerStart', 'careerEnd'],
  isAt: ({ types: { Performer: served = [] } }) =>
    served.includes('career_start') && !served.includes('career_length'),
  holds: (length) => length === '' || yearsIn(length) !== undefined,
  tell({ careerLength, careerStart = null, careerEnd = null }) {
    const isOpen = careerStart === null && careerEnd === null;
    return { careerStart, careerEnd, ...(isOpen && yearsIn(careerLength)) };
  },
  read(told, known) {
    const { careerStart: start, careerEnd: end } = told;
    if (start === undefined || end === undefined) return told;
    if (known.some(hasDates)) return told;
    const lengths = known.flatMap(({ careerLength }) =>
      yearsIn(careerLength) ? [careerLength] : [],
    );
    if (lengths.length === 0) return told;
    const asWritten = lengths.find((length) => {
      const years = yearsIn(length);
      return years?.careerStart === start && years.careerEnd === end;
    });
    const careerLength = asWritten ?? lengthOf(start, end);
    if (careerLength === undefined) return { ...told, careerLength: '' };
    return { ...told, careerStart: null, careerEnd: null, careerLength };
  },
};

const hasDates = ({ careerStart = null, careerEnd = null }: Values): boolean =>
  careerStart !== null || careerEnd !== null;

interface Years {
  careerStart: string | null;
  careerEnd: string | null;
}

/** `2001 - 2010`, `2001 –`, `2001-present`, `- 2010`, `2001`. */
function yearsIn(length: unknown): Years | undefined {
  if (typeof length !== 'string') return undefined;
  const found = /^\s*(\d{4})?\s*(?:([-–—])\s*(\d{4}|present|now)?)?\s*$/i.exec(length);
  const [, start = null, , last] = found ?? [];
  const end = last !== undefined && /^\d/.test(last) ? last : null;
  if (start === null && end === null) return undefined;
  return { careerStart: start, careerEnd: end };
}

/** What an older server says of years; a month or a day has no place in it. */
function lengthOf(start: unknown, end: unknown): string | undefined {
  const [from, to] = [start ?? '', end ?? ''].map(String);
  if (![from, to].every((year) => year === '' || /^\d{4}$/.test(year as string))) return undefined;
  return from === '' && to === '' ? '' : `${from} - ${to}`.trim();
}
