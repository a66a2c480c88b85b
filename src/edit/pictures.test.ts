import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isPicture } from './pictures.ts';

const bytes = (text: string) => Buffer.from(text, 'latin1');

test('a picture is told by its first bytes', () => {
  for (const start of [
    '\xff\xd8\xff\xe0\0\x10JFIF',
    '\x89PNG\r\n\x1a\n\0\0\0\rIHDR',
    'GIF89a',
    'RIFF\x24\0\0\0WEBPVP8 ',
    '\0\0\0\x1cftypavif',
    '<svg xmlns="http://www.w3.org/2000/svg"/>',
    '\xef\xbb\xbf<?xml version="1.0"?>\n<!-- made by hand -->\n<svg>',
  ]) {
    assert.equal(isPicture(bytes(start)), true, start);
  }
  for (const start of [
    '',
    'hello',
    'RIFF\x24\0\0\0WAVEfmt ',
    '\0\0\0\x18ftypmp42',
    '<html><svg>',
    '%PDF-1.7',
  ]) {
    assert.equal(isPicture(bytes(start)), false, start);
  }
});
