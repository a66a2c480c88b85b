import assert from 'node:assert/strict';
import { test } from 'node:test';
import { pictureType } from './pictureType.ts';

const bytes = (text: string) => Buffer.from(text, 'latin1');

test('a picture is told by its first bytes', () => {
  for (const [start, type] of [
    ['\xff\xd8\xff\xe0\0\x10JFIF', 'jpg'],
    ['\x89PNG\r\n\x1a\n\0\0\0\rIHDR', 'png'],
    ['GIF89a', 'gif'],
    ['RIFF\x24\0\0\0WEBPVP8 ', 'webp'],
    ['\0\0\0\x1cftypavif', 'avif'],
    ['<svg xmlns="http://www.w3.org/2000/svg"/>', 'svg'],
    ['\xef\xbb\xbf<?xml version="1.0"?>\n<!-- made by hand -->\n<svg>', 'svg'],
  ] as const) {
    assert.equal(pictureType(bytes(start)), type, start);
  }
  for (const start of [
    '',
    'hello',
    'RIFF\x24\0\0\0WAVEfmt ',
    '\0\0\0\x18ftypmp42',
    '<html><svg>',
    '%PDF-1.7',
  ]) {
    assert.equal(pictureType(bytes(start)), undefined, start);
  }
});
