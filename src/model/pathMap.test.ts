import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import {
  isMapped,
  mapPath,
  type PathMap,
  parsePathMapping,
  printPathMapping,
  unmapPath,
} from './pathMap.ts';

const windows: PathMap = [
  { from: String.raw`D:\media`, to: '/media' },
  { from: String.raw`D:\media\new`, to: '/incoming/' },
  { from: String.raw`\\nas\films`, to: '/nas' },
  { from: 'E:\\', to: '/e' },
];

describe('a path of a source', () => {
  const cases: [what: string, map: PathMap, path: string, mapped: string][] = [
    ['below a folder', windows, String.raw`D:\media\a\b.mp4`, '/media/a/b.mp4'],
    ['on a drive', windows, String.raw`E:\a.mp4`, '/e/a.mp4'],
    ['that is the folder', windows, String.raw`D:\media`, '/media'],
    ['below the longest folder', windows, String.raw`D:\media\new\b.mp4`, '/incoming/b.mp4'],
    [
      'in other letters, as Windows takes them',
      windows,
      String.raw`d:\MEDIA\A.mp4`,
      '/media/A.mp4',
    ],
    ['with slashes on Windows', windows, 'D:/media/a.mp4', '/media/a.mp4'],
    ['on a share', windows, String.raw`\\NAS\Films\a.mp4`, '/nas/a.mp4'],
    ['beside the folder', windows, String.raw`D:\media2\a.mp4`, String.raw`D:\media2\a.mp4`],
    ['elsewhere', windows, '/media/a.mp4', '/media/a.mp4'],
    ['in other letters', [{ from: '/data', to: '/x' }], '/Data/a.mp4', '/Data/a.mp4'],
    ['to a drive', [{ from: '/data/', to: 'D:\\' }], '/data/a/b.mp4', String.raw`D:\a\b.mp4`],
    ['to the root', [{ from: '/data', to: '/' }], '/data/a.mp4', '/a.mp4'],
    ['that becomes the root', [{ from: '/data', to: '/' }], '/data', '/'],
    ['from the root', [{ from: '/', to: '/mnt' }], '/a.mp4', '/mnt/a.mp4'],
    ['with a letter that grows in lower case', windows, 'D:\\media\\İİ\\x', '/media/İİ/x'],
    ['that nothing maps', [], '/a', '/a'],
  ];
  for (const [what, map, path, mapped] of cases) {
    test(what, () => assert.equal(mapPath(map, path), mapped));
  }

  test('is told from one that no folder covers', () => {
    assert.equal(isMapped(windows, String.raw`d:\Media\x`), true);
    assert.equal(isMapped(windows, String.raw`C:\media\x`), false);
  });
});

test('a path of the library leads back to all that the source may call it', () => {
  const map: PathMap = [...windows, { from: '/old', to: '/media' }];
  assert.deepEqual(unmapPath(map, '/media/a/b.mp4'), [
    String.raw`D:\media\a\b.mp4`,
    '/old/a/b.mp4',
  ]);
  assert.deepEqual(unmapPath(map, '/elsewhere/b.mp4'), []);
  // D:\media\new is not in /media: the longer folder takes it elsewhere.
  assert.deepEqual(unmapPath(map, '/media/new/b.mp4'), ['/old/new/b.mp4']);
});

describe('a mapping given as an option', () => {
  for (const option of [
    String.raw`D:\media=/media`,
    '/a=b/c=/media',
    String.raw`/media=\\nas\films`,
    '/=/mnt',
    String.raw`C:\=D:\x`,
    'C:=/c',
  ]) {
    test(`is read and printed: ${option}`, () => {
      assert.equal(printPathMapping(parsePathMapping(option)), option);
    });
  }
  test('is split where a whole path follows', () => {
    assert.deepEqual(parsePathMapping('/a=b/c=/media'), { from: '/a=b/c', to: '/media' });
  });
  for (const option of ['', '/media', 'media=/x', '/media=x', '=/x', '/a=/b=/c']) {
    test(`is refused where it is no such thing, or two: ${option}`, () => {
      assert.throws(() => parsePathMapping(option), { code: 'usage', item: option });
    });
  }
});
