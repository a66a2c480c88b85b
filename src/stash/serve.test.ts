import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { shared, skipWithoutShared } from '../../test/shared.ts';
import type { Id } from '../model/fields.ts';
import type { Kind, Rec } from '../model/kinds.ts';
import { jsonText } from '../model/records.ts';
import { plural } from '../model/vocabulary.ts';
import { profileOfLayout } from './profile.ts';
import { type ServedKind, type Surroundings, servedBy } from './serve.ts';
import { TablesReader } from './tables/reader.ts';

describe('a database file, read and served again', { skip: skipWithoutShared }, () => {
  for (const version of ['v0.25.1', 'v0.28.1', 'v0.30.1']) {
    test(`is what the server of ${version} served`, () => {
      const folder = mkdtempSync(join(tmpdir(), 'stowage-serve-'));
      try {
        serveAll(shared(`fixtures/stash-${version}.sqlite`), folder);
        const compare = spawnSync(
          process.execPath,
          [shared('check/compare.mjs'), shared(`fixtures/stash-${version}.dump.json`), folder],
          { encoding: 'utf8' },
        );
        assert.match(compare.stdout, /^\d+ records, 1\d{3} fields compared, 0 differences$/m);
      } finally {
        rmSync(folder, { recursive: true });
      }
    });
  }
});

test('an integer beyond what JavaScript holds exactly is written exactly', () => {
  const serve = servedBy({ version: null, schema: 75, types: { Performer: ['custom_fields'] } });
  const served = serve('performer', { id: 1, customFields: { n: 2n ** 63n - 1n } }, {});
  assert.match(jsonText(served), /"n":9223372036854775807/);
});

test('what a source does not have is not written, what is not known is null', () => {
  const serve = servedBy({ version: null, schema: 72, types: { Tag: ['name', 'sort_name'] } });
  assert.deepEqual(serve('tag', { id: 7, name: 'seven', favorite: true }, { children: [8] }), {
    id: '7',
    name: 'seven',
    sort_name: null,
    image_md5: null,
  });
});

function serveAll(file: string, folder: string): void {
  const reader = new TablesReader(file);
  const all = <K extends Kind>(kind: K): Rec<K>[] => [...reader.records(kind)].flat();
  const files = new Map(all('file').map((record) => [record.id, record]));
  const filesOf = (record: { files?: Id[] }) =>
    (record.files ?? []).flatMap((id) => files.get(id) ?? []);
  const idsOf = <K extends Kind>(kind: K, names: (record: Rec<K>) => boolean) =>
    all(kind).flatMap((record) => (names(record) ? record.id : []));
  const around: { [K in ServedKind]: (record: Rec<K>) => Surroundings[K] } = {
    tag: ({ id }) => ({ children: idsOf('tag', (tag) => !!tag.parents?.includes(id)) }),
    studio: () => ({}),
    performer: () => ({}),
    group: ({ id }) => ({
      containedIn: all('group').flatMap(({ id: group, subGroups }) => {
        const part = subGroups?.[id];
        return part ? { group, description: part.description } : [];
      }),
    }),
    gallery: (record) => ({
      files: filesOf(record),
      scenes: idsOf('scene', (scene) => !!scene.galleries?.includes(record.id)),
      chapters: all('chapter').filter(({ gallery }) => gallery === record.id),
    }),
    image: (record) => ({
      files: filesOf(record),
      galleries: idsOf('gallery', (gallery) => !!gallery.images?.includes(record.id)),
    }),
    scene: (record) => ({
      files: filesOf(record),
      markers: idsOf('marker', ({ scene }) => scene === record.id),
    }),
    marker: () => ({}),
    savedFilter: () => ({}),
  };
  const serve = servedBy(profileOfLayout(reader.layout));
  for (const kind of Object.keys(around) as ServedKind[]) {
    const lines = all(kind).map(
      (record) => `${jsonText(serve(kind, record, around[kind](record as never)))}\n`,
    );
    writeFileSync(join(folder, `${plural[kind]}.jsonl`), lines.join(''));
  }
  assert.deepEqual(reader.troubles, []);
  reader.close();
}
