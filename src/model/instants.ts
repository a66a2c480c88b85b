import type { Instant } from './fields.ts';

/**
 * Microseconds since 1970 of an RFC 3339 instant with any offset, fraction cut to six digits (PostgreSQL holds
 * no more); NaN for what is none. Whole numbers, exact until the year 2255.
 */
export function microseconds(instant: Instant): number {
  const dot = instant.indexOf('.');
  if (dot < 0) return Date.parse(instant) * 1000;
  const end = instant.slice(dot + 1).search(/\D/) + dot + 1;
  const whole = Date.parse(instant.slice(0, dot) + instant.slice(end));
  return (
    whole * 1000 +
    Number(
      instant
        .slice(dot + 1, end)
        .slice(0, 6)
        .padEnd(6, '0'),
    )
  );
}

/** An instant in UTC as Go writes RFC 3339: no fraction where it is zero, else without trailing zeros. */
export function instantOf(micros: number): Instant {
  const milliseconds = Math.floor(micros / 1000);
  const text = new Date(milliseconds).toISOString();
  const fraction = (
    text.slice(20, 23) + String(micros - milliseconds * 1000).padStart(3, '0')
  ).replace(/0+$/, '');
  return `${text.slice(0, 19)}${fraction ? `.${fraction}` : ''}Z`;
}
