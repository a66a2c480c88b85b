import assert from 'node:assert/strict';
import { after, describe, type TestContext, test } from 'node:test';
import { connected } from '../../test/support/filled.ts';
import { applyChanges, type LibraryChange } from '../library/change.ts';
import { type Fold, foldedAmong, heirsOf, removeFold } from '../library/folds.ts';
import { heldRecords } from '../library/heldRecords.ts';
import { runChanges } from '../library/journal.ts';
import { kindNumber, tableOf } from '../library/layout.ts';
import { lock } from '../library/locks.ts';
import { beginRun } from '../library/runs.ts';
import { addSource } from '../library/sources.ts';
import type { LibraryId, Values } from '../model/held.ts';
import { type Kind, kindNames } from '../model/kinds.ts';
import { foldInto } from './foldInto.ts';

const id = (n: number): LibraryId => `01900000-0000-7000-8000-${String(n).padStart(12, '0')}`;
const [blonde, fair, hair, other, walk, stroll, ann] = [1, 2, 3, 4, 5, 6, 7].map(id) as [
  LibraryId,
  LibraryId,
  LibraryId,
  LibraryId,
  LibraryId,
  LibraryId,
  LibraryId,
];
const filter = (...ids: LibraryId[]) => ({
  tags: { value: { items: ids.map((one) => ({ id: one })) } },
});
const play = (day: number) => `2020-01-0${day}T00:00:00Z`;

describe('folding a record into another', async () => {
  const { client } = await connected({ after });

  test('gives the destination what only the origin had, and its place wherever it was named', async (t) => {
    const library = await filled(t, [
      ['tag', blonde, { name: 'Blonde', aliases: ['B'], description: 'kept' }],
      [
        'tag',
        fair,
        { name: 'Fair', aliases: ['F'], description: 'lost', favorite: true, parents: [hair] },
      ],
      ['tag', hair, { name: 'Hair' }],
      ['tag', other, { name: 'Very fair', parents: [fair] }],
      ['performer', ann, { name: 'Ann', tags: [blonde, fair] }],
      ['scene', walk, { title: 'A walk', tags: [fair] }],
      ['marker', id(8), { scene: walk, seconds: 1, primaryTag: fair, tags: [blonde, fair] }],
      [
        'savedFilter',
        id(9),
        { mode: 'SCENES', name: 'x', objectFilter: filter(fair, blonde, hair) },
      ],
    ]);
    await library.fold('tag', blonde, fair);
    assert.deepEqual(
      await library.has('tag', blonde, 'name', 'aliases', 'description', 'favorite', 'parents'),
      {
        name: 'Blonde',
        aliases: ['B', 'F', 'Fair'],
        description: 'kept',
        favorite: true,
        parents: [hair],
      },
    );
    assert.deepEqual(await library.has('tag', other, 'parents'), { parents: [blonde] });
    assert.deepEqual(await library.has('performer', ann, 'tags'), { tags: [blonde] });
    assert.deepEqual(await library.has('scene', walk, 'tags'), { tags: [blonde] });
    assert.deepEqual(await library.has('marker', id(8), 'primaryTag', 'tags'), {
      primaryTag: blonde,
      tags: [blonde],
    });
    assert.deepEqual(await library.has('savedFilter', id(9), 'objectFilter'), {
      objectFilter: filter(blonde, hair),
    });
    assert.equal(await library.isDeleted('tag', fair), true);
    assert.equal(await library.isDeleted('tag', blonde), false);
    await library.takeBack();
  });

  test('of a scene brings its files, plays and markers, those that both have once', async (t) => {
    const marker = (scene: LibraryId, seconds: number, tags: LibraryId[] = []): Values => ({
      scene,
      seconds,
      primaryTag: hair,
      title: 'x',
      tags,
    });
    const library = await filled(t, [
      ['tag', hair, { name: 'Hair' }],
      ['tag', other, { name: 'Other' }],
      ['file', id(21), { path: '/1' }],
      ['file', id(22), { path: '/2' }],
      [
        'scene',
        walk,
        { plays: [play(1), play(2)], files: [id(21)], rating: null, playDuration: 5 },
      ],
      [
        'scene',
        stroll,
        { plays: [play(2), play(3)], files: [id(22)], rating: 80, playDuration: 6 },
      ],
      ['marker', id(11), marker(walk, 1)],
      ['marker', id(12), marker(stroll, 1, [other])],
      ['marker', id(13), marker(stroll, 2)],
    ]);
    await library.fold('scene', walk, stroll);
    assert.deepEqual(await library.has('scene', walk, 'plays', 'files', 'rating', 'playDuration'), {
      plays: [play(1), play(2), play(3)],
      files: [id(21), id(22)],
      rating: 80,
      playDuration: 11,
    });
    assert.deepEqual(await library.has('marker', id(11), 'scene', 'tags'), {
      scene: walk,
      tags: [other],
    });
    assert.deepEqual(await library.has('marker', id(13), 'scene'), { scene: walk });
    assert.equal(await library.isDeleted('marker', id(12)), true);
    assert.equal(await library.isDeleted('marker', id(13)), false);
    await library.takeBack();
  });

  test('closes no loop in a hierarchy', async (t) => {
    const library = await filled(t, [
      // blonde → hair → fair: once blonde is fair, hair may not stand below it; and fair → other → blonde.
      ['tag', blonde, { name: 'Blonde', parents: [hair] }],
      ['tag', hair, { name: 'Hair', parents: [fair] }],
      ['tag', fair, { name: 'Fair', parents: [id(31)] }],
      ['tag', id(31), { name: 'Above', parents: [] }],
      ['studio', id(32), { name: 'One', parent: null }],
      ['studio', id(33), { name: 'Other', parent: id(34) }],
      ['studio', id(34), { name: 'Between', parent: id(32) }],
    ]);
    await library.fold('tag', blonde, fair);
    assert.deepEqual(await library.has('tag', blonde, 'parents'), { parents: [hair, id(31)] });
    assert.deepEqual(await library.has('tag', hair, 'parents'), { parents: [] });
    await library.fold('studio', id(32), id(33));
    assert.deepEqual(await library.has('studio', id(32), 'parent'), { parent: null });
    assert.deepEqual(await library.has('studio', id(34), 'parent'), { parent: id(32) });
    await library.takeBack();
  });

  test('moves links, but where a source has both, or had the destination', async (t) => {
    const library = await filled(t, [
      ['tag', blonde, { name: 'Blonde' }],
      ['tag', fair, { name: 'Fair' }],
    ]);
    const [one, both, rescanned] = [
      await library.source('one'),
      await library.source('both'),
      await library.source('rescanned'),
    ];
    await library.link(one, 1, fair);
    await library.link(both, 1, fair);
    await library.link(both, 2, blonde);
    await library.link(rescanned, 9, fair);
    await library.link(rescanned, 3, blonde, true);
    await library.fold('tag', blonde, fair);
    assert.deepEqual(await library.links(), [
      { source: 'one', remote: 1, id: blonde, edited: true },
      { source: 'both', remote: 1, id: fair, edited: true },
      { source: 'both', remote: 2, id: blonde, edited: true },
      { source: 'rescanned', remote: 9, id: blonde, edited: true },
    ]);
    // When the one that is linked goes, the other is to be linked instead.
    assert.deepEqual(await heirsOf(client, both, 'tag', [2]), new Map([[2, 1]]));
    assert.deepEqual(await heirsOf(client, both, 'tag', [1, 2]), new Map());
    assert.deepEqual(await heirsOf(client, one, 'tag', [1]), new Map());
    await library.takeBack();
  });

  test('has a source look again at what names the destination, which it has a record for now', async (t) => {
    const library = await filled(t, [
      ['tag', blonde, { name: 'Harbour' }],
      ['tag', fair, { name: 'Port' }],
      ['scene', walk, { tags: [blonde] }],
    ]);
    const one = await library.source('one');
    await library.link(one, 1, fair);
    const scene = [one, kindNumber.scene, walk];
    await client.query(
      `INSERT INTO stowage.links (source_id, kind, remote_id, library_id, base, facts, seen, run_id)
       VALUES ($1, $2, 7, $3, '{}', '{}', '', 1)`,
      scene,
    );
    await library.fold('tag', blonde, fair);
    const { rows } = await client.query(
      'SELECT edited FROM stowage.links WHERE (source_id, kind, library_id) = ($1, $2, $3)',
      scene,
    );
    assert.deepEqual(rows, [{ edited: true }]);
  });

  test('again into another leads to the last, and never back', async (t) => {
    const library = await filled(t, [
      ['tag', blonde, { name: 'Blonde' }],
      ['tag', fair, { name: 'Fair' }],
      ['tag', hair, { name: 'Hair' }],
    ]);
    await library.fold('tag', blonde, fair);
    await library.fold('tag', hair, blonde);
    assert.deepEqual(
      await foldedAmong(client, [fair, blonde, hair]),
      new Map([
        [fair, hair],
        [blonde, hair],
      ]),
    );
    const before = await library.whole();
    await library.fold('tag', fair, hair);
    await library.fold('tag', hair, fair);
    await library.fold('tag', hair, hair);
    assert.deepEqual(await library.whole(), before);
    await library.takeBack();
  });

  test('brings nothing back that was deleted, and brings back what the origin is now', async (t) => {
    const library = await filled(t, [
      ['tag', blonde, { name: 'Blonde' }],
      ['tag', fair, { name: 'Fair', favorite: true }],
      ['tag', hair, { name: 'Hair', favorite: true }],
    ]);
    await library.change([
      { kind: 'tag', id: fair, action: 'delete', values: {} },
      { kind: 'tag', id: hair, action: 'delete', values: {} },
    ]);
    await library.fold('tag', blonde, fair);
    assert.deepEqual(await library.has('tag', blonde, 'favorite'), { favorite: false });
    await library.fold('tag', hair, blonde);
    assert.equal(await library.isDeleted('tag', hair), false);
    await library.takeBack();
  });

  test('by a sync leaves locked fields as they are', async (t) => {
    const library = await filled(t, [
      ['tag', blonde, { name: 'Blonde', description: '' }],
      ['tag', fair, { name: 'Fair', description: 'gained', sortName: 'gained' }],
    ]);
    await lock(client, 'tag', blonde, ['description']);
    await foldInto(
      client,
      { id: await library.run(), sourceId: await library.source('main') },
      'tag',
      blonde,
      fair,
    );
    assert.deepEqual(await library.has('tag', blonde, 'description', 'sortName'), {
      description: '',
      sortName: 'gained',
    });
  });

  test('settles what was asked about the two, and moves what is suggested of the origin', async (t) => {
    const library = await filled(t, [
      ['tag', blonde, { name: 'Blonde' }],
      ['tag', fair, { name: 'Fair' }],
      ['tag', hair, { name: 'Hair' }],
    ]);
    const source = await library.source('main');
    const suggest = (remoteId: number, one: LibraryId, otherId: LibraryId) =>
      client.query(
        `INSERT INTO stowage.matches (source_id, kind, remote_id, library_id, other_id, why, score)
         VALUES ($1, 1, $2, $3, $4, '', 1)`,
        [source, remoteId, one, otherId],
      );
    await suggest(1, fair, blonde);
    await suggest(1, fair, hair);
    await suggest(2, hair, fair);
    await suggest(3, hair, fair);
    await suggest(3, hair, blonde);
    await library.fold('tag', blonde, fair);
    const { rows } = await client.query(
      `SELECT remote_id::int AS remote, library_id AS one, other_id AS other, answer FROM stowage.matches
        ORDER BY remote_id, answer, other_id`,
    );
    assert.deepEqual(rows, [
      { remote: 1, one: fair, other: blonde, answer: 'accepted' },
      { remote: 1, one: blonde, other: hair, answer: null },
      { remote: 2, one: hair, other: blonde, answer: null },
      { remote: 3, one: hair, other: blonde, answer: null },
    ]);
  });

  /** Some records, and what folding does to them; as it was before, when the test ends. */
  async function filled(t: TestContext, records: readonly [Kind, LibraryId, Values][]) {
    await client.query('BEGIN');
    t.after(() => client.query('ROLLBACK'));
    const run = () => beginRun(client, { command: 'test' });
    const change = async (changes: readonly LibraryChange[]) =>
      applyChanges(client, { id: await run() }, changes);
    await change(
      records.map(([kind, one, values]) => ({ kind, id: one, action: 'create', values })),
    );
    const links = async () => {
      const { rows } = await client.query(
        `SELECT s.name AS source, l.remote_id::int AS remote, l.library_id AS id, l.edited
           FROM stowage.links l JOIN stowage.sources s ON s.id = l.source_id ORDER BY s.id, l.remote_id`,
      );
      return rows;
    };
    /** Every record with all that it holds. */
    const whole = async () => {
      const all: { id: LibraryId; values: Values; isDeleted: boolean }[] = [];
      for (const kind of kindNames) {
        const { rows } = await client.query(`SELECT id FROM qar.${tableOf(kind)} ORDER BY id`);
        for (const held of (
          await heldRecords(
            client,
            kind,
            rows.map((row) => row.id),
          )
        ).values()) {
          const { revision: _, deletedAt, ...kept } = held;
          all.push({ ...kept, isDeleted: deletedAt !== null });
        }
      }
      return all.sort((a, b) => (a.id < b.id ? -1 : 1));
    };
    const folds: number[] = [];
    const before: { records?: unknown; links?: unknown[] } = {};
    return {
      run,
      change,
      links,
      whole,
      source: (name: string) =>
        addSource(client, {
          name,
          profile: { version: null, schema: 75, types: {} },
          pictures: 'none',
        }),
      async fold(kind: Kind, destination: LibraryId, origin: LibraryId) {
        before.records ??= await whole();
        before.links ??= await links();
        const runId = await run();
        folds.push(runId);
        await foldInto(client, { id: runId }, kind, destination, origin);
      },
      async has(kind: Kind, one: LibraryId, ...names: string[]) {
        const values = (await heldRecords(client, kind, [one])).get(one)?.values ?? {};
        return Object.fromEntries(names.map((name) => [name, values[name]]));
      },
      async isDeleted(kind: Kind, one: LibraryId) {
        return (await heldRecords(client, kind, [one])).get(one)?.deletedAt !== null;
      },
      async link(source: number, remoteId: number, to: LibraryId, isAbsent = false) {
        await client.query(
          `INSERT INTO stowage.links (source_id, kind, remote_id, library_id, base, facts, seen, run_id, absent_since)
           VALUES ($1, $2, $3, $4, '{"name": "x"}', '{}', '\\x0102', 1, $5)`,
          [source, kindNumber.tag, remoteId, to, isAbsent ? new Date() : null],
        );
      },
      /** Undoes all folds by what the journal says of them, and compares. */
      async takeBack() {
        for (const runId of folds.toReversed()) {
          const undo = { id: await run() };
          for (const line of (await runChanges(client, runId)).toReversed()) {
            const { kind, libraryId: one, action, field, before: was } = line;
            if (action === 'fold') await removeFold(client, undo.id, kind, one, line.after as Fold);
            const back: LibraryChange = { kind, id: one, action: 'update', values: {} };
            if (action === 'delete')
              await applyChanges(client, undo, [{ ...back, action: 'restore' }]);
            if (action === 'restore')
              await applyChanges(client, undo, [{ ...back, action: 'delete' }]);
            if (action === 'update' && field !== null) {
              await applyChanges(client, undo, [{ ...back, values: { [field]: was } }]);
            }
          }
        }
        assert.deepEqual(await whole(), before.records);
        const withoutMarks = (all: unknown[] = []) =>
          all.map((link) => ({ ...(link as object), edited: 0 }));
        assert.deepEqual(withoutMarks(await links()), withoutMarks(before.links));
      },
    };
  }
});
