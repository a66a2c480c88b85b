import assert from 'node:assert/strict';
import { test } from 'node:test';
import { patternOf } from './secrets.ts';

const secret = 'Kq7+v<X>/2m "Z\'=&%Zt9é😀';
const json = JSON.stringify(secret).slice(1, -1);
const goJson = json.replace(/[<>&]/g, (c) => `\\u00${c.charCodeAt(0).toString(16)}`);

const forms: { [how: string]: string } = {
  'as it is': secret,
  'in an address': encodeURIComponent(secret),
  'in an address, with small letters': encodeURIComponent(secret).replace(/%../g, (escaped) =>
    escaped.toLowerCase(),
  ),
  'in an address inside another': encodeURIComponent(encodeURIComponent(secret)),
  'in the query of a form': new URLSearchParams({ x: secret }).toString().slice(2),
  'in JSON': json,
  'in JSON as Go writes it': goJson,
  'in JSON inside of JSON': JSON.stringify(goJson).slice(1, -1),
  'in JSON, all of it escaped': [...secret]
    .flatMap((c) => c.split(''))
    .map((c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`)
    .join(''),
  'in HTML': secret
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('"', '&#34;')
    .replaceAll("'", '&#x27;'),
  'in base64': Buffer.from(secret).toString('base64'),
  'in base64 after a name': Buffer.from(`me:${secret}`).toString('base64'),
  'in base64 within something': Buffer.from(`user:${secret}, and more`).toString('base64url'),
  'in hexadecimal': Buffer.from(secret).toString('hex'),
};

for (const [how, written] of Object.entries(forms)) {
  test(`a secret is found ${how}`, () => {
    const left = `before ${written} after`.replace(patternOf(secret), '***');
    assert.match(left, /^before \S{0,12}\*\*\*\S{0,20} after$/);
  });
}

test('what is not the secret stays', () => {
  const text = `before ${secret.slice(0, -1)}x ${secret.toUpperCase()} after`;
  assert.equal(text.replace(patternOf(secret), '***'), text);
});
