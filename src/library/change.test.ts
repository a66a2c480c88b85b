import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { type ChangingLibrary, changingLibrary, libraryId } from '../../test/support/changing.ts';
import type { LibraryId, Values } from '../model/held.ts';
import { type Kind, kindNames } from '../model/kinds.ts';
import type { LibraryChange } from './change.ts';
import { heldRecords } from './heldRecords.ts';
import type { JournalLine } from './journal.ts';

const red = libraryId(1);
const blue = libraryId(2);
const harbour = libraryId(3);
const quay = libraryId(4);
const ann = libraryId(5);
const walk = libraryId(6);
const swim = libraryId(7);
const album = libraryId(8);
const front = libraryId(9);
const mark = libraryId(10);
const chapter = libraryId(11);
const outer = libraryId(12);
const inner = libraryId(13);
const film = libraryId(14);
const nobody = libraryId(99);

const change =
  (action: LibraryChange['action']) =>
  (kind: Kind, id: LibraryId, values: Values = {}): LibraryChange => ({ kind, id, action, values });
const create = change('create');
const update = change('update');
const remove = change('delete');
const restore = change('restore');

/** What refers to something comes before it. */
const someLibrary: LibraryChange[] = [
  create('savedFilter', libraryId(15), { mode: 'SCENES', name: 'mine', findFilter: { q: 'x' } }),
  create('chapter', chapter, { gallery: album, title: 'one', imageIndex: 1 }),
  create('marker', mark, {
    title: 'start',
    seconds: 1.5,
    scene: walk,
    primaryTag: red,
    tags: [blue],
  }),
  create('scene', walk, {
    title: 'A walk',
    date: '2018-05',
    rating: 80,
    tags: [red, blue],
    performers: [ann],
    studio: quay,
    galleries: [album],
    groups: { [outer]: 3, [inner]: null },
    plays: ['2020-01-01T00:00:00Z', '2020-01-01T00:00:00Z', '2021-01-01T00:00:00.25Z'],
    os: ['2020-01-01T00:00:00Z'],
    stashIds: {
      'https://a.example': [{ stashId: 'x', updatedAt: '2021-01-01T00:00:00.123456789Z' }],
      'https://b.example': [{ stashId: 'y' }],
    },
    customFields: { big: 2n ** 63n, list: [1, null] },
    urls: ['b', 'a', 'b'],
    files: [film],
    createdAt: '2021-02-03T04:05:06+02:00',
  }),
  create('scene', swim, { title: 'A swim', tags: [red] }),
  create('gallery', album, { title: 'Album', cover: front, images: [front], tags: [red] }),
  create('image', front, { title: 'Front', tags: [red], oCounter: 2 }),
  create('performer', ann, { name: 'Ann', tags: [red], aliases: ['B', 'A'] }),
  create('studio', quay, { name: 'Quay', parent: harbour }),
  create('studio', harbour, { name: 'Harbour', tags: [red] }),
  create('group', outer, {
    name: 'Outer',
    subGroups: { [inner]: { position: 0, description: 'x' } },
  }),
  create('group', inner, { name: 'Inner', tags: [red] }),
  create('tag', blue, { name: 'blue', parents: [red] }),
  create('tag', red, { name: 'red' }),
  create('file', film, { path: 'a.mp4', fingerprints: [{ type: 'md5', value: 'x' }] }),
];

describe('records', () => {
  test('that refer to each other are made whatever their order, and hold what they were given', async (t) => {
    const library = await changingLibrary(t, []);
    const { stale, lines } = await library.apply(someLibrary);
    assert.deepEqual(stale, []);
    for (const { kind, id, values } of someLibrary) {
      const expected = { ...values };
      if (kind === 'performer') expected.aliases = ['A', 'B'];
      if (kind === 'scene' && id === walk) expected.createdAt = '2021-02-03T02:05:06Z';
      assert.deepEqual(await library.held(kind, id, ...Object.keys(values)), expected, kind);
      const line = lines.find((one) => one.libraryId === id);
      assert.deepEqual([line?.action, line?.field, line?.after], ['create', null, expected], kind);
    }
    assert.equal(lines.length, someLibrary.length);
    assert.equal((await library.held('scene', swim))?.playDuration, 0);
  });

  test('may be many, and name those that are made after them', async (t) => {
    const studios = Array.from({ length: 1100 }, (_, i) =>
      create('studio', libraryId(i), i < 1099 ? { parent: libraryId(i + 1) } : {}),
    );
    const library = await changingLibrary(t, studios);
    const { rows } = await library.client.query('SELECT count(parent_id)::int FROM qar.fleet');
    assert.deepEqual(rows, [{ count: 1099 }]);
  });

  test('that are there already are not made again', async (t) => {
    const library = await changingLibrary(t, someLibrary);
    const before = await wholeLibrary(library);
    assert.deepEqual((await library.apply(someLibrary)).stale, someLibrary);
    assert.deepEqual(await wholeLibrary(library), before);
  });

  test('take new values of every kind of field, each journalled with what was before', async (t) => {
    const library = await changingLibrary(t, someLibrary);
    const values = {
      title: 'A longer walk',
      rating: null,
      date: '2018-05-06',
      organized: true,
      studio: null,
      tags: [blue],
      performers: [],
      groups: { [outer]: 4 },
      galleries: [],
      plays: ['2020-01-01T00:00:00Z', '2022-01-01T00:00:00Z'],
      os: ['2020-01-01T00:00:00Z', '2020-01-01T00:00:00Z'],
      stashIds: {
        'https://a.example': [{ stashId: 'x' }],
        'https://b.example': [{ stashId: 'y' }],
      },
      customFields: { big: 2n ** 63n, list: [2] },
      urls: [],
      playDuration: 0.1 + 0.2,
      files: [],
    };
    const before = (await library.held('scene', walk, ...Object.keys(values))) as Values;
    const { stale, lines } = await library.apply([update('scene', walk, values)]);
    assert.deepEqual(stale, []);
    assert.deepEqual(await library.held('scene', walk, ...Object.keys(values)), values);
    assert.deepEqual(
      Object.fromEntries(lines.map((line) => [line.field, [line.action, line.before, line.after]])),
      Object.fromEntries(
        Object.entries(values).map(([field, value]) => [field, ['update', before[field], value]]),
      ),
    );
    await library.apply([
      update('group', outer, { subGroups: { [inner]: { position: 1, description: '' } } }),
    ]);
    assert.deepEqual(await library.held('group', outer, 'subGroups'), {
      subGroups: { [inner]: { position: 1, description: '' } },
    });
    await library.apply([
      update('file', film, { path: 'b.mp4', fingerprints: [{ type: 'oshash', value: 'y' }] }),
    ]);
    assert.deepEqual(await library.held('file', film, 'path', 'fingerprints'), {
      path: 'b.mp4',
      fingerprints: [{ type: 'oshash', value: 'y' }],
    });
  });

  test('that have the values already are neither written nor journalled', async (t) => {
    const library = await changingLibrary(t, someLibrary);
    const before = await rowVersions(library);
    const same = someLibrary.map(({ kind, id, values }) => update(kind, id, values));
    assert.deepEqual((await library.apply(same)).lines, []);
    assert.deepEqual(await rowVersions(library), before);
  });

  test('keep the rows of a relation that stay', async (t) => {
    const library = await changingLibrary(t, someLibrary);
    const rows = async () =>
      (
        await library.client.query(
          'SELECT tag_id, xmin, ctid FROM qar.cargo_tags WHERE tag_id = $1',
          [red],
        )
      ).rows;
    const before = await rows();
    await library.apply([update('scene', walk, { tags: [red] })]);
    assert.deepEqual(await rows(), before);
  });

  test('at another revision than the change was decided on are left alone', async (t) => {
    const library = await changingLibrary(t, someLibrary);
    const tags = await heldRecords(library.client, 'tag', [red, blue]);
    const decided = (id: LibraryId, name: string): LibraryChange => ({
      ...update('tag', id, { name }),
      revision: tags.get(id)?.revision as number,
    });
    await library.client.query(`UPDATE qar.tags SET name = 'crimson' WHERE id = $1`, [red]);
    const late = decided(red, 'scarlet');
    const inTime = decided(blue, 'azure');
    const missing = update('tag', nobody, { name: 'x' });
    const { stale, lines } = await library.apply([late, inTime, missing]);
    assert.deepEqual(stale, [late, missing]);
    assert.deepEqual(
      lines.map(({ libraryId }) => libraryId),
      [blue],
    );
    assert.deepEqual(await library.held('tag', red, 'name'), { name: 'crimson' });
  });

  test('lose references to what is not there, and the journal says so', async (t) => {
    const library = await changingLibrary(t, someLibrary);
    await library.apply([remove('tag', blue)]);
    const { lines } = await library.apply([
      update('scene', swim, {
        tags: [red, nobody, blue, 17],
        studio: nobody,
        groups: { 5: 1, [inner]: 2 },
      }),
      create('scene', libraryId(20), { title: 'new', performers: [ann, nobody] }),
    ]);
    assert.deepEqual(await library.held('scene', swim, 'tags', 'studio', 'groups'), {
      tags: [red],
      studio: null,
      groups: { [inner]: 2 },
    });
    assert.deepEqual(await library.held('scene', libraryId(20), 'performers'), {
      performers: [ann],
    });
    assert.deepEqual(
      lines.map(({ action, field, after, why }) => [action, field, after, why]),
      [
        [
          'create',
          null,
          { title: 'new', performers: [ann] },
          'performers names a record that the library does not have; left out',
        ],
        [
          'update',
          'groups',
          { [inner]: 2 },
          'names a record that the library does not have; left out',
        ],
      ],
    );
  });

  test('keep of a value what PostgreSQL can hold', async (t) => {
    const library = await changingLibrary(t, someLibrary);
    const { lines } = await library.apply([
      update('scene', walk, {
        title: 'a\0b',
        details: 'half \ud83d of a pair',
        urls: ['x\0'],
        customFields: { 'k\0': '\0', s: '\\u0000' },
        rating: 1.5,
        playDuration: Number.NaN,
        plays: ['2020-01-01T00:00:00Z', 'never', '+012345-01-01T00:00:00Z'],
      }),
    ]);
    assert.deepEqual(
      await library.held(
        'scene',
        walk,
        'title',
        'details',
        'urls',
        'customFields',
        'rating',
        'playDuration',
        'plays',
      ),
      {
        title: 'ab',
        details: 'half \ufffd of a pair',
        urls: ['x'],
        customFields: { k: '', s: '\\u0000' },
        rating: null,
        playDuration: 0,
        plays: ['2020-01-01T00:00:00Z'],
      },
    );
    assert.ok(lines.every(({ why }) => why !== null));
  });
});

describe('a deletion', () => {
  for (const kind of kindNames) {
    test(`of any ${kind} marks it and its parts, takes it out of others, and can be undone line by line`, async (t) => {
      const library = await changingLibrary(t, someLibrary);
      const before = await wholeLibrary(library);
      const all = someLibrary.filter((one) => one.kind === kind);
      const { lines } = await library.apply(all.map(({ id }) => remove(kind, id)));
      const gone = new Set(all.map(({ id }) => id));
      for (const { id } of all) {
        const record = (await heldRecords(library.client, kind, [id])).get(id);
        assert.notEqual(record?.deletedAt, null);
        const line = lines.find(({ libraryId, action }) => libraryId === id && action === 'delete');
        assert.deepEqual(line?.before, before[id]);
      }
      for (const [id, values] of Object.entries(await wholeLibrary(library))) {
        // Parts keep what they are part of, and facts stay as they are.
        const kept = { scene: null, gallery: null, files: null, zipFile: null };
        const named = JSON.stringify({ ...(values as Values), ...kept }, bigints);
        for (const one of gone) assert.ok(!named.includes(one), `${id} names ${one}`);
      }
      const { stale } = await library.apply(inverse(lines));
      assert.deepEqual(stale, []);
      assert.deepEqual(await wholeLibrary(library), before);
      assert.deepEqual(await deleted(library), []);
    });
  }

  test('takes the parts of a record with it, and its restoration brings them back', async (t) => {
    const library = await changingLibrary(t, someLibrary);
    const other = create('marker', libraryId(30), { scene: walk, title: 'gone before' });
    await library.apply([other]);
    await library.apply([remove('marker', other.id)]);
    const { lines } = await library.apply([remove('scene', walk), remove('gallery', album)]);
    assert.deepEqual(
      lines
        .flatMap(({ action, kind, why }) => (action === 'delete' && why ? [[kind, why]] : []))
        .sort(),
      [
        ['chapter', 'its gallery was deleted'],
        ['marker', 'its scene was deleted'],
      ],
    );
    assert.deepEqual(await library.held('marker', mark, 'scene'), { scene: walk });
    assert.deepEqual(await deleted(library), [walk, album, mark, chapter, other.id]);
    await library.apply([restore('scene', walk), restore('gallery', album)]);
    assert.deepEqual(await deleted(library), [other.id]);
  });

  test('that was made already changes nothing', async (t) => {
    const library = await changingLibrary(t, someLibrary);
    await library.apply([remove('tag', red)]);
    const { stale, lines } = await library.apply([remove('tag', red)]);
    assert.deepEqual([stale, lines], [[], []]);
  });

  test('of more records than are handled at a time takes all of them', async (t) => {
    const scenes = Array.from({ length: 1200 }, (_, i) =>
      create('scene', libraryId(1000 + i), { tags: [red] }),
    );
    const library = await changingLibrary(t, [...someLibrary, ...scenes]);
    const { lines } = await library.apply([remove('tag', red)]);
    const { rows } = await library.client.query(
      'SELECT count(*)::int FROM qar.cargo_tags WHERE tag_id = $1',
      [red],
    );
    assert.deepEqual(rows, [{ count: 0 }]);
    assert.equal(lines.length, 1000); // a page
    await library.apply(scenes.map(({ kind, id }) => remove(kind, id)));
    assert.equal((await deleted(library)).length, 1201);
  });
});

test('a source’s own changes are no news to it', async (t) => {
  const library = await changingLibrary(t, someLibrary);
  const { client } = library;
  await client.query(`
    INSERT INTO stowage.sources (name, profile, pictures, known) VALUES ('a', '{}', 'none', '{}'), ('b', '{}', 'none', '{}');
    INSERT INTO stowage.links (source_id, kind, remote_id, library_id, base, facts, seen, run_id)
      SELECT s.id, 7, row_number() OVER (), c.id, '{}', '{}', '', 1 FROM stowage.sources s, qar.cargo c`);
  const marked = async () => {
    const { rows } = await client.query(
      'UPDATE stowage.links SET edited = false WHERE edited RETURNING source_id, library_id',
    );
    return rows.map((row) => [row.source_id, row.library_id]).sort();
  };
  await library.apply([update('scene', walk, { title: 'x', tags: [], plays: [] })], 1);
  assert.deepEqual(await marked(), [[2, walk]]);
  await library.apply([update('scene', walk, { title: 'y', tags: [red], plays: [] })]);
  assert.deepEqual(await marked(), [
    [1, walk],
    [2, walk],
  ]);
  await library.apply([remove('tag', red)], 2);
  assert.deepEqual(await marked(), [
    [1, walk],
    [1, swim],
  ]);
});

const bigints = (_: string, value: unknown) => (typeof value === 'bigint' ? String(value) : value);

/** What takes a run’s changes back. */
function inverse(lines: readonly JournalLine[]): LibraryChange[] {
  const changes = new Map<LibraryId, LibraryChange>();
  for (const { kind, libraryId: id, action, field, before } of lines) {
    const known = changes.get(id) ?? update(kind, id);
    if (action === 'delete') known.action = 'restore';
    if (field !== null) known.values[field] = before;
    changes.set(id, known);
  }
  return [...changes.values()];
}

async function wholeLibrary({ client }: ChangingLibrary): Promise<{ [id: LibraryId]: Values }> {
  const all: { [id: LibraryId]: Values } = {};
  for (const kind of kindNames) {
    const ids = someLibrary.filter((one) => one.kind === kind).map(({ id }) => id);
    for (const [id, { values }] of await heldRecords(client, kind, ids)) all[id] = values;
  }
  return all;
}

async function deleted({ client }: ChangingLibrary): Promise<LibraryId[]> {
  const { rows } = await client.query(
    `SELECT id FROM (SELECT id, deleted_at FROM qar.cargo UNION ALL SELECT id, deleted_at FROM qar.tags
       UNION ALL SELECT id, deleted_at FROM qar.galleries UNION ALL SELECT id, deleted_at FROM qar.markers
       UNION ALL SELECT id, deleted_at FROM qar.chapters) a WHERE deleted_at IS NOT NULL ORDER BY id`,
  );
  return rows.map(({ id }) => id);
}

/** Where every row is, and by which transaction it was written. */
async function rowVersions({ client }: ChangingLibrary): Promise<unknown[]> {
  const { rows: tables } = await client.query(
    `SELECT oid::regclass::text AS name FROM pg_class WHERE relnamespace = 'qar'::regnamespace AND relkind = 'r' ORDER BY 1`,
  );
  const versions: unknown[] = [];
  for (const { name } of tables) {
    const { rows } = await client.query(`SELECT xmin, ctid FROM ${name} ORDER BY ctid`);
    versions.push(name, rows);
  }
  return versions;
}
