import assert from 'node:assert/strict';
import { test } from 'node:test';
import { connected, importOf, type Records } from '../../test/support/filled.ts';
import type { LibraryId, Values } from '../model/held.ts';
import { kindNames } from '../model/kinds.ts';
import { firstImport } from './firstImport.ts';
import { heldRecords } from './heldRecords.ts';
import { linksOf } from './links.ts';
import { idsIn, libraryIds, type NamedIds, sourceIds, toLibrary, toSource } from './translate.ts';

const nasty = [
  '\\N',
  'a "b" {c},d\\e',
  'tab\tnew\nline',
  'emoji 🏴‍☠️ \u202eעברית',
  'NULL',
  'x'.repeat(100_000),
];
const at = { createdAt: '2021-02-03T02:05:06Z', updatedAt: '2021-02-03T04:05:06.123456Z' };
const withFiles = { files: [3, 1, 2], tags: [1, 2, 3], performers: [2], ...at };

const library: Records = {
  tag: nasty.map((name, i) => ({
    id: i + 1,
    name,
    sortName: name,
    description: name,
    aliases: [...new Set([name, 'Z', 'a'])].sort(),
    ignoreAutoTag: true,
    favorite: false,
    parents: i > 2 ? [1, 2] : [],
    stashIds: {
      'https://a.example': [{ stashId: 'x' }, { stashId: 'y' }],
      ['__proto__']: [{ stashId: 'z' }],
    },
    customFields: { [name]: name, big: 2n ** 63n, list: [null, 1.5, { a: 1 }] },
    image: 'd41d8cd98f00b204e9800998ecf8427e',
    ...at,
  })),
  studio: [
    { id: 1, name: 'Outer', parent: null, urls: ['b', 'a', 'b', ''], rating: 80, ...at },
    { id: 2, name: 'Inner', parent: 1, tags: [2], organized: true, details: 'x', ...at },
  ],
  performer: [
    {
      id: 2,
      name: 'Ann',
      birthdate: '1980-02',
      penisLength: 12.25,
      height: 170,
      gender: null,
      ...at,
    },
  ],
  group: [
    {
      id: 1,
      name: 'A',
      subGroups: { 2: { position: 1, description: 'x' } },
      duration: null,
      ...at,
    },
    { id: 2, name: 'B', subGroups: {}, studio: 2, date: '2018', ...at },
  ],
  file: [
    {
      id: 1,
      path: 'a.mp4',
      size: 2 ** 41,
      zipFile: 3,
      duration: 8.000001,
      ...at,
      modTime: at.createdAt,
    },
    { id: 2, path: 'b.mp4', captions: [{ languageCode: 'de', captionType: 'srt' }], ...at },
    {
      id: 3,
      path: 'c.zip',
      fingerprints: [
        { type: 'md5', value: 'b' },
        { type: 'oshash', value: 'a' },
      ],
      ...at,
    },
  ],
  image: [{ id: 9, title: 'I', oCounter: 3, ...withFiles }],
  gallery: [
    { id: 4, title: 'G', images: [9], cover: 9, folder: { id: 5, path: '/x' }, ...withFiles },
  ],
  scene: [
    {
      id: 2 ** 33,
      title: 'A walk',
      groups: { 1: null, 2: 12 },
      galleries: [4],
      plays: ['2020-01-01T00:00:00.25Z', '2021-02-02T03:04:05Z', '2021-02-02T03:04:05Z'],
      os: ['2020-01-01T00:00:00Z'],
      resumeTime: 1.25,
      playDuration: 0.1 + 0.2,
      cover: null,
      ...withFiles,
    },
    { id: 1, title: '', ...at, files: [] },
  ],
  marker: [{ id: 1, title: 'm', seconds: 1.5, primaryTag: 1, tags: [2], scene: 1, ...at }],
  chapter: [{ id: 1, title: 'c', imageIndex: 2, gallery: 4, ...at }],
  savedFilter: [
    {
      id: 1,
      mode: 'TAGS',
      name: 'children',
      findFilter: null,
      objectFilter: { parents: { value: { items: [{ id: '3', label: '' }, { id: '99' }] } } },
      uiOptions: { a: 1 },
    },
  ],
};

test('a library’s records are what its source’s are, in library ids, and back', async (t) => {
  const { client } = await connected(t);
  const { source } = await firstImport(importOf(client, library));
  for (const kind of kindNames) {
    const records = library[kind] as ({ id: number } & Values)[];
    const links = await linksOf(
      client,
      source,
      kind,
      records.map(({ id }) => id),
    );
    const named: NamedIds = new Map();
    for (const values of records) idsIn(kind, values, named);
    const ids = await libraryIds(client, source, named);
    const held = await heldRecords(
      client,
      kind,
      [...links.values()].map(({ libraryId }) => libraryId),
    );
    for (const { id, ...values } of records) {
      const { libraryId } = links.get(id) as { libraryId: LibraryId };
      const record = held.get(libraryId);
      const found = Object.fromEntries(
        Object.keys(values).map((field) => [field, record?.values[field]]),
      );
      assert.deepEqual(found, toLibrary(kind, values, ids), `${kind} ${id}`);
      const back = await sourceIds(client, source, idsIn(kind, found));
      assert.deepEqual(toSource(kind, found, back), values, `${kind} ${id}`);
      assert.deepEqual([record?.id, record?.revision, record?.deletedAt], [libraryId, 1, null]);
    }
  }
});
