import assert from 'node:assert/strict';
import { after, describe, test } from 'node:test';
import { connected } from '../../../test/support/filled.ts';
import {
  emptyLibrary,
  file,
  md5,
  oshash,
  phash,
  stashId,
  suggested,
} from '../../../test/support/matching.ts';
import type { Values } from '../../model/held.ts';
import type { Kind } from '../../model/kinds.ts';
import type { FileFacts } from '../match.ts';

const sized = (one: FileFacts, more: Partial<FileFacts>): FileFacts => ({ ...one, ...more });
const ids = (first: string, second: string) => ({
  stashIds: {
    'https://one.example/graphql': [{ stashId: first }],
    'https://two.example/graphql': [{ stashId: second }],
  },
});

describe('matching where the evidence contradicts itself', async () => {
  const { client } = await connected({ after });

  describe('is a question, with what speaks against it:', () => {
    interface Case {
      what: string;
      kind: Kind;
      has: Values;
      with?: FileFacts[];
      comes: Values;
      files?: FileFacts[];
      why: string;
    }
    const small = (...more: Parameters<typeof file>[1][]) =>
      sized(file('/a/1.mp4', oshash('11'), ...more), { size: 700, duration: 6 });
    const other = (...more: Parameters<typeof file>[1][]) =>
      sized(file('/z/9.mp4', oshash('11'), ...more), { size: 700, duration: 6 });
    const cases: Case[] = [
      {
        what: 'one oshash and size, but another MD5',
        kind: 'scene',
        has: {},
        with: [small(md5('aa'))],
        comes: {},
        files: [other(md5('bb'))],
        why: 'the same oshash, but another MD5',
      },
      {
        what: 'one oshash of two sizes',
        kind: 'scene',
        has: {},
        with: [small()],
        comes: {},
        files: [sized(other(), { size: 701 })],
        why: 'the same oshash, but another size',
      },
      {
        what: 'one oshash of two lengths and looks, no MD5 known',
        kind: 'scene',
        has: {},
        with: [small(phash('f0f0f0f0f0f0f0f0'))],
        comes: {},
        files: [sized(other(phash('f')), { duration: 12 })],
        why: 'the same oshash, but another duration and another phash',
      },
      {
        what: 'one MD5 of two sizes',
        kind: 'image',
        has: {},
        with: [sized(file('/a/1.jpg', md5('aa')), { size: 700 })],
        comes: {},
        files: [sized(file('/b/1.jpg', md5('aa')), { size: 702 })],
        why: 'the same MD5, but another size',
      },
      {
        what: 'one stash id of films that do not look alike',
        kind: 'scene',
        has: stashId('x'),
        with: [sized(file('/a/1.mp4', oshash('11'), phash('0')), { duration: 600 })],
        comes: stashId('x'),
        files: [
          sized(file('/b/1.mp4', oshash('22'), phash('ffffffffffffffff')), { duration: 602 }),
        ],
        why: 'the same stash id, but another phash',
      },
      {
        what: 'one stash id of films of other lengths',
        kind: 'scene',
        has: stashId('x'),
        with: [sized(file('/a/1.mp4', oshash('11')), { duration: 600 })],
        comes: stashId('x'),
        files: [sized(file('/b/1.mp4', oshash('22')), { duration: 60 })],
        why: 'the same stash id, but another duration',
      },
      {
        what: 'two scenes at one place that a box knows apart',
        kind: 'scene',
        has: stashId('x'),
        with: [file('/a/1.mp4')],
        comes: stashId('y'),
        files: [file('/a/1.mp4')],
        why: 'the same path, but another stash id',
      },
      {
        what: 'one of a box, another of another',
        kind: 'performer',
        has: { name: 'Ann', ...ids('x', 'y') },
        comes: { name: 'Maria', ...ids('x', 'z') },
        why: 'the same stash id at one box, but another one at another',
      },
    ];
    for (const { what, kind, has, with: held = [], comes, files, why } of cases) {
      test(what, async (t) => {
        const library = await emptyLibrary(client, t);
        const id = await library.holds(kind, has, held);
        const record = { remoteId: 1, values: comes, ...(files && { files }) };
        const outcome = await library.match(kind, [record]);
        assert.deepEqual(
          suggested(outcome[1]).map(([libraryId, said]) => [libraryId, said]),
          [[id, why]],
        );
      });
    }

    test('a stash id, though the bytes are those of a record that is taken', async (t) => {
      const library = await emptyLibrary(client, t);
      const taken = await library.holds('scene', {}, [file('/a/1.mp4', oshash('11'))]);
      await library.linked('scene', 7, taken);
      const called = await library.holds('scene', stashId('x'), [file('/a/2.mp4', oshash('22'))]);
      const comes = { remoteId: 1, values: stashId('x'), files: [file('/b/1.mp4', oshash('11'))] };
      assert.deepEqual(suggested((await library.match('scene', [comes]))[1]), [
        [called, 'the same stash id, but another record has its content', 0.4],
      ]);
    });
  });

  test('what has a name, too, is one in spite of another id at another box', async (t) => {
    const library = await emptyLibrary(client, t);
    const id = await library.holds('performer', { name: 'Ann', ...ids('x', 'y') });
    assert.deepEqual(await library.matchValues('performer', [{ name: 'Ann', ...ids('x', 'z') }]), {
      1: { libraryId: id, by: 'stash id' },
    });
  });

  test('two files of one oshash and size are two, where their MD5 tells', async (t) => {
    const library = await emptyLibrary(client, t);
    const held = { ...file('/a/1.mp4', oshash('11'), md5('aa')), size: 700 };
    const id = await library.holds('file', held);
    const comes = [
      { ...file('/b/1.mp4', oshash('11'), md5('bb')), size: 700 },
      { ...file('/b/2.mp4', oshash('11')), size: 700, duration: 3 },
    ];
    assert.deepEqual(await library.matchValues('file', comes), {
      2: { libraryId: id, by: 'fingerprint' },
    });
  });

  test('an MD5 tells apart what one oshash finds, also where one side has none', async (t) => {
    const library = await emptyLibrary(client, t);
    const bare = await library.holds('scene', {}, [file('/a/1.mp4', oshash('11'))]);
    const known = await library.holds('scene', {}, [file('/a/2.mp4', oshash('11'), md5('bb'))]);
    const comes = [md5('bb'), md5('cc')].map((hash, i) => ({
      remoteId: i + 1,
      values: {},
      files: [file(`/z/${i}.mp4`, oshash('11'), hash)],
    }));
    assert.deepEqual(await library.match('scene', comes), {
      1: { libraryId: known, by: 'fingerprint' },
      2: { libraryId: bare, by: 'fingerprint' },
    });
  });

  test('what another source said of a file counts, too', async (t) => {
    const library = await emptyLibrary(client, t);
    const scene = await library.holds('scene', {}, [file('/a/1.mp4', oshash('11'))]);
    const [held] = await library.filesOf(scene);
    await library.linked('file', 70, held as string, await library.source('third'));
    await client.query(`UPDATE stowage.links SET facts = $1 WHERE library_id = $2`, [
      { fingerprints: [oshash('11'), md5('aa')] },
      held,
    ]);
    const files = [file('/z/1.mp4', oshash('11'), md5('bb'))];
    const outcome = await library.match('scene', [{ remoteId: 1, values: {}, files }]);
    assert.deepEqual(suggested(outcome[1]), [[scene, 'the same oshash, but another MD5', 0.5]]);
  });

  test('the same bytes go before a stash id, on both sides', async (t) => {
    const library = await emptyLibrary(client, t);
    // Each carries the id of the other on the second server, as after a mass identification.
    const one = await library.holds('scene', stashId('x'), [file('/a/1.mp4', oshash('11'))]);
    const two = await library.holds('scene', stashId('y'), [file('/a/2.mp4', oshash('22'))]);
    const comes = [
      { remoteId: 1, values: stashId('y'), files: [file('/b/1.mp4', oshash('11'))] },
      { remoteId: 2, values: stashId('x'), files: [file('/b/2.mp4', oshash('22'))] },
    ];
    assert.deepEqual(await library.match('scene', comes), {
      1: { libraryId: one, by: 'fingerprint' },
      2: { libraryId: two, by: 'fingerprint' },
    });
  });

  test('another encoding of a scene is found by its stash id', async (t) => {
    const library = await emptyLibrary(client, t);
    const of = (path: string, hash: string, look: string, duration: number) =>
      sized(file(path, oshash(hash), phash(look)), { duration });
    const id = await library.holds('scene', stashId('x'), [of('/a/1.mp4', '11', 'ff00', 600)]);
    const files = [of('/b/1.mkv', '22', 'ff03', 622)];
    assert.deepEqual(await library.match('scene', [{ remoteId: 1, values: stashId('x'), files }]), {
      1: { libraryId: id, by: 'stash id' },
    });
  });

  test('nothing is known by a file without a byte', async (t) => {
    const library = await emptyLibrary(client, t);
    await library.holds('image', {}, [sized(file('/a/1.jpg', md5('d4')), { size: 0 })]);
    const files = [sized(file('/b/9.jpg', md5('d4')), { size: 0 })];
    assert.deepEqual(await library.match('image', [{ remoteId: 1, values: {}, files }]), {});
  });

  describe('paths in another composition', () => {
    const composed = '/media/Pr\u00e9sent';
    const decomposed = '/media/Pre\u0301sent';
    const mixed = '/m\u00e9dia/Pre\u0301sent';
    const folder = (path: string) => ({ folder: { id: 1, path } });

    test('are one place, for galleries, files and what has files', async (t) => {
      const library = await emptyLibrary(client, t);
      const gallery = await library.holds('gallery', folder(decomposed));
      const wild = await library.holds('gallery', folder(mixed));
      const scene = await library.holds('scene', {}, [file(`${composed}/1.mp4`)]);
      const [held] = await library.filesOf(scene);
      const by = 'composed path';
      assert.deepEqual(
        await library.matchValues('gallery', [folder(composed), folder(mixed.normalize('NFD'))]),
        { 1: { libraryId: gallery, by }, 2: { libraryId: wild, by } },
      );
      const there = file(`${decomposed}/1.mp4`);
      assert.deepEqual(await library.matchValues('file', [{ ...there }]), {
        1: { libraryId: held, by },
      });
      assert.deepEqual(
        await library.match('scene', [{ remoteId: 1, values: {}, files: [there] }]),
        {
          1: { libraryId: scene, by },
        },
      );
    });

    test('after the map of folders, however that is typed', async (t) => {
      const library = await emptyLibrary(client, t);
      const gallery = await library.holds('gallery', folder('/here/caf\u00e9'));
      const pathMap = [{ from: '/Volumes/\u00c9t\u00e9', to: '/here' }];
      const comes = [folder('/Volumes/E\u0301te\u0301/cafe\u0301')];
      assert.deepEqual(await library.matchValues('gallery', comes, { pathMap }), {
        1: { libraryId: gallery, by: 'composed path' },
      });
    });

    test('are two where both sides have two', async (t) => {
      const library = await emptyLibrary(client, t);
      const one = await library.holds('gallery', folder(composed));
      const two = await library.holds('gallery', folder(decomposed));
      assert.deepEqual(
        await library.matchValues('gallery', [folder(decomposed), folder(composed)]),
        { 1: { libraryId: two, by: 'path' }, 2: { libraryId: one, by: 'path' } },
      );
    });

    test('and the one that is spelled so, where this side has one', async (t) => {
      const library = await emptyLibrary(client, t);
      const one = await library.holds('gallery', folder(composed));
      assert.deepEqual(
        await library.matchValues('gallery', [folder(decomposed), folder(composed)]),
        { 2: { libraryId: one, by: 'path' } },
      );
    });

    test('a question, where two may be meant', async (t) => {
      const library = await emptyLibrary(client, t);
      const both = [
        await library.holds('gallery', folder('/\u00e9/e\u0301')),
        await library.holds('gallery', folder('/e\u0301/\u00e9')),
      ];
      const outcome = await library.matchValues('gallery', [folder('/\u00e9/\u00e9')]);
      assert.deepEqual(
        suggested(outcome[1]).sort(),
        both.map((id) => [id, 'the same composed path, as others', 1]),
      );
    });
  });
});
