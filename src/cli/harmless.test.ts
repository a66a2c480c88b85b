import assert from 'node:assert/strict';
import { test } from 'node:test';
import { harmless, harmlessJson } from './harmless.ts';

const steers: { [what: string]: string } = {
  'an escape sequence': '\u001b[2J\u001b]0;title\u0007',
  'the same in one character': '\u009b2J \u009d0;title\u009c',
  'a carriage return, a backspace': 'harbour\r\b\b\b',
  'a delete': '\u007f',
  'another direction of writing': '\u202etxt.exe\u202c \u2066x\u2069 \u200e\u200f\u061c',
  'what has no width': 'light\u200bhouse \u200d \ufeff \u2060 pay\u200dpal soft\u00adhyphen',
  'tags that nobody sees': 'x\u{e0041}\u{e007f}',
  'lines of another kind': 'one\u2028two\u2029three',
  'a half of a pair': '\ud800',
};
for (const [what, text] of Object.entries(steers)) {
  test(`${what} does not reach a terminal`, () => {
    const shown = harmless(text);
    assert.doesNotMatch(shown, /[\p{Cc}\p{Cf}\p{Cs}\u2028\u2029]/u);
    const json = JSON.stringify({ [text]: [text] });
    assert.doesNotMatch(harmlessJson(json), /[\p{Cc}\p{Cf}\p{Cs}\u2028\u2029]/u);
    assert.deepEqual(JSON.parse(harmlessJson(json)), { [text]: [text] });
  });
}

test('what people write stays as it is', () => {
  const texts = [
    'tabs\tand\nlines',
    'é e\u0301 Ä ñ 漢字 かな 한글',
    'שלום العربية ١٢٣ می\u200cخواهم क्\u200dष',
    '👩\u200d👩\u200d👧 👍🏽 ❤\ufe0f\u200d🔥 🏴',
  ];
  for (const text of texts) {
    assert.equal(harmless(text), text);
    assert.equal(harmlessJson(text), text);
  }
});
