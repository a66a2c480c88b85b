import type { Node } from './batch.ts';
import type { Value } from './library.ts';

/** How a real server serves what its tables hold. Each makes a resolver of a column. */

/** NULL is served as an empty text. */
export const text = (column: string) => (node: Node) => node.row[column] ?? '';
export const value = (column: string) => (node: Node) => node.row[column] ?? null;
export const flag = (column: string) => (node: Node) => node.row[column] === 1;
export const time = (column: string) => (node: Node) => rfc3339(node.row[column]);

/** A day, cut to what is known of it: precision 1 is a month, 2 a year. */
export const date =
  (column: string, precision = `${column}_precision`) =>
  (node: Node) => {
    const day = node.row[column];
    if (typeof day !== 'string') return null;
    const known = node.row[precision];
    return day.slice(0, known === 2 ? 4 : known === 1 ? 7 : 10);
  };

const canonical = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(Z|[+-]\d\d:\d\d)$/;
const parts = /^(\d{4}-\d\d-\d\d)(?:[ T](\d\d:\d\d(?::\d\d)?)(?:[.](\d+))?\s*(Z|[+-]\d\d:\d\d)?)?$/;

const zero = /^0001-01-01([ T]00:00(:00(\.0+)?)?(Z|[+-]00:00)?)?$/;

/** As Go prints a time: the stored offset, no zeros at the end of a fraction. Null is Go's zero time. */
export function rfc3339(stored: Value | undefined): string | null {
  if (typeof stored !== 'string' || zero.test(stored)) return null;
  if (canonical.test(stored)) return stored;
  const found = parts.exec(stored);
  if (!found) return null;
  const [, day, clock = '00:00:00', fraction = '', offset = 'Z'] = found;
  const rest = fraction.replace(/0+$/, '').slice(0, 9);
  const zone = offset === '+00:00' ? 'Z' : offset;
  return `${day}T${clock.length === 5 ? `${clock}:00` : clock}${rest && `.${rest}`}${zone}`;
}

/** A history's instants are served in UTC. */
export function utc(stored: string): string | null {
  const instant = rfc3339(stored);
  if (!instant || instant.endsWith('Z')) return instant;
  return new Date(instant).toISOString().replace('.000Z', 'Z');
}

/** A whole number that JavaScript's numbers cannot hold is still written out in full. */
export const json = (stored: Value): unknown =>
  typeof stored === 'bigint'
    ? rawJson(`${stored}`)
    : stored instanceof Uint8Array
      ? Buffer.from(stored).toString('base64')
      : stored;

/** In V8, not yet in TypeScript's library. */
const { rawJSON: rawJson } = JSON as unknown as { rawJSON: (text: string) => unknown };
