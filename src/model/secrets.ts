/**
 * Finds a secret in a text, however whoever wrote the text wrote it: as it is, as an address holds it, escaped in JSON
 * (by JavaScript or by Go, once or again), in HTML, and in base64 or hexadecimal, at any place of something longer.
 */
export function patternOf(secret: string): RegExp {
  const written = [...secret].map((character) => `(?:${formsOf(character).join('|')})`).join('');
  const bytes = Buffer.from(secret);
  const coded = [bytes.toString('hex'), bytes.toString('hex').toUpperCase(), ...inBase64(bytes)];
  return new RegExp([written, ...coded.map(exactly)].join('|'), 'gu');
}

/** So that no character means anything else. */
const exactly = (text: string): string =>
  [...text].map((character) => `\\u{${character.codePointAt(0)?.toString(16)}}`).join('');

function formsOf(character: string): string[] {
  const code = character.codePointAt(0) as number;
  const forms = [`\\\\*${exactly(character)}`];
  const percent = [...Buffer.from(character)].map((byte) => `%(?:25)*${anyCase(byte, 2)}`);
  forms.push(percent.join(''));
  const units = character.split('').map((unit) => `\\\\+u${anyCase(unit.charCodeAt(0), 4)}`);
  forms.push(units.join(''), `&#0*${code};`, `&#[xX]0*${anyCase(code, 1)};`);
  const name = entities[character];
  if (name) forms.push(`&${name};`);
  if (character === ' ') forms.push('\\+');
  return forms;
}

const entities: { [character: string]: string } = {
  '&': 'amp',
  '<': 'lt',
  '>': 'gt',
  '"': 'quot',
  "'": 'apos',
};

/** Hexadecimal, in either case. */
const anyCase = (number: number, digits: number): string =>
  number
    .toString(16)
    .padStart(digits, '0')
    .replace(/[a-f]/g, (digit) => `[${digit}${digit.toUpperCase()}]`);

/** Where it begins at any byte of a longer text: without the characters that its neighbours share. */
function inBase64(bytes: Buffer): string[] {
  const texts = [0, 1, 2].map((before) => {
    const whole = Buffer.concat([Buffer.alloc(before), bytes]);
    const shared = whole.length % 3 === 0 ? undefined : whole.length % 3 === 1 ? -3 : -2;
    return whole.toString('base64').slice([0, 2, 3][before], shared);
  });
  return [...texts, ...texts.map((text) => text.replaceAll('+', '-').replaceAll('/', '_'))].filter(
    (text) => text.length >= 4,
  );
}
