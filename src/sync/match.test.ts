import assert from 'node:assert/strict';
import { after, describe, test } from 'node:test';
import { connected } from '../../test/support/filled.ts';
import { emptyLibrary, file, md5, oshash, phash, stashId } from '../../test/support/matching.ts';
import type { Values } from '../model/held.ts';
import type { Kind } from '../model/kinds.ts';
import type { PathMap } from '../model/pathMap.ts';
import type { FileFacts } from './match.ts';

describe('matching', async () => {
  const { client } = await connected({ after });

  describe('a new record is the one of the library', () => {
    interface Case {
      what: string;
      kind: Kind;
      has: Values;
      /** The library's record has these files. */
      with?: FileFacts[];
      comes: Values;
      files?: FileFacts[];
      pathMap?: PathMap;
      by: string;
    }
    const cases: Case[] = [
      {
        what: 'that has its stash id at the same endpoint',
        kind: 'performer',
        has: { name: 'Ann', ...stashId('x') },
        comes: { name: 'Another name', ...stashId('x') },
        by: 'stash id',
      },
      {
        what: 'that has the oshash of one of its files',
        kind: 'scene',
        has: {},
        with: [file('/a/1.mp4', oshash('11')), file('/a/2.mp4', oshash('22'))],
        comes: {},
        files: [file('/z/9.mp4', oshash('99')), file('/z/2.mp4', oshash('22'))],
        by: 'fingerprint',
      },
      {
        what: 'that has the md5 of its file',
        kind: 'image',
        has: {},
        with: [file('/a/1.jpg', md5('11'))],
        comes: {},
        files: [file('/z/1.jpg', md5('11'))],
        by: 'fingerprint',
      },
      {
        what: 'that has the md5 of its zip',
        kind: 'gallery',
        has: {},
        with: [file('/a/1.zip', md5('11'))],
        comes: {},
        files: [file('/z/1.zip', md5('11'))],
        by: 'fingerprint',
      },
      {
        what: 'that has a file at its path',
        kind: 'scene',
        has: {},
        with: [file('/a/1.mp4', oshash('11'))],
        comes: {},
        files: [file('/a/1.mp4', phash('99'))],
        by: 'path',
      },
      {
        what: 'that has a file where its source’s folder is mapped to, though it was replaced',
        kind: 'scene',
        has: {},
        with: [file('/media/a/1.mp4', oshash('11'))],
        comes: {},
        files: [file(String.raw`d:\Media\a\1.mp4`, oshash('99'))],
        pathMap: [{ from: String.raw`D:\media`, to: '/media' }],
        by: 'replaced file',
      },
      {
        what: 'that a source on Windows brought under the folder’s name there, in other letters',
        kind: 'scene',
        has: {},
        with: [file(String.raw`D:\Media\a\1.mp4`)],
        comes: {},
        files: [file('/mnt/a/1.mp4')],
        pathMap: [
          { from: String.raw`d:\media`, to: '/media' },
          { from: '/mnt', to: '/media' },
        ],
        by: 'path',
      },
      {
        what: 'that was made from its folder',
        kind: 'gallery',
        has: { folder: { id: 7, path: '/media/album' } },
        comes: { folder: { id: 1, path: '/data/album' } },
        pathMap: [{ from: '/data', to: '/media' }],
        by: 'path',
      },
      {
        what: 'that has its name, in other ASCII letters',
        kind: 'tag',
        has: { name: 'Blue Ätna' },
        comes: { name: 'bLUE Ätna' },
        by: 'name',
      },
      {
        what: 'that has its name, however long',
        kind: 'studio',
        has: { name: `${'x'.repeat(5000)}A` },
        comes: { name: `${'x'.repeat(5000)}a` },
        by: 'name',
      },
      {
        what: 'that has its name without what PostgreSQL cannot hold',
        kind: 'group',
        has: { name: 'Outer\0' },
        comes: { name: 'Outer\0' },
        by: 'name',
      },
      {
        what: 'that has its name but for spaces around it',
        kind: 'tag',
        has: { name: '  Spaced tag ' },
        comes: { name: 'spaced tag' },
        by: 'trimmed name',
      },
      {
        what: 'that has its name and disambiguation',
        kind: 'performer',
        has: { name: 'Ann', disambiguation: 'UK' },
        comes: { name: 'ann', disambiguation: 'uk' },
        by: 'name',
      },
      {
        what: 'that is its file by the path',
        kind: 'file',
        has: { path: '/a/1.mp4', fingerprints: [oshash('11')] },
        comes: { path: '/a/1.mp4', fingerprints: [oshash('11')] },
        by: 'path',
      },
      {
        what: 'that is its file, moved',
        kind: 'file',
        has: { path: '/a/1.mp4', fingerprints: [oshash('11')] },
        comes: { path: '/b/2.mp4', fingerprints: [oshash('11')] },
        by: 'fingerprint',
      },
      {
        what: 'that is called so in its mode',
        kind: 'savedFilter',
        has: { mode: 'SCENES', name: 'mine' },
        comes: { mode: 'SCENES', name: 'mine' },
        by: 'content',
      },
    ];
    for (const {
      what,
      kind,
      has,
      with: files = [],
      comes,
      files: theirs,
      pathMap = [],
      by,
    } of cases) {
      test(`${kind}: ${what}`, async (t) => {
        const library = await emptyLibrary(client, t);
        const id = await library.holds(kind, has, files);
        const record = { remoteId: 1, values: comes, ...(theirs && { files: theirs }) };
        assert.deepEqual(await library.match(kind, [record], { pathMap }), {
          1: { libraryId: id, by },
        });
      });
    }

    test('marker: that is at its moment of the same scene', async (t) => {
      const library = await emptyLibrary(client, t);
      const scene = await library.holds('scene', {});
      const tag = await library.holds('tag', { name: 'x' });
      const values = { scene, seconds: 1.25, primaryTag: tag, title: 'start' };
      const marker = await library.holds('marker', values);
      const comes = [values, { ...values, seconds: 2 }, { ...values, primaryTag: null }];
      assert.deepEqual(await library.matchValues('marker', comes), {
        1: { libraryId: marker, by: 'content' },
      });
    });

    test('gallery: that somebody made of the same images under its title', async (t) => {
      const library = await emptyLibrary(client, t);
      const [one, other] = [await library.holds('image', {}), await library.holds('image', {})];
      const made = await library.holds('gallery', { title: 'walk', images: [one, other] });
      await library.holds('gallery', {
        title: 'walk',
        images: [one],
        folder: { id: 1, path: '/a' },
      });
      const comes = [
        { title: 'walk', images: [one] },
        { title: 'Walk', images: [one] },
        { title: 'walk', images: [77] },
        { title: 'walk', images: [one], folder: { id: 9, path: '/b' } },
      ];
      assert.deepEqual(await library.matchValues('gallery', comes), {
        1: { libraryId: made, by: 'content' },
      });
    });

    test('gallery: that is empty on both sides, and described in the same words', async (t) => {
      const library = await emptyLibrary(client, t);
      const made = await library.holds('gallery', { title: 'plan', details: 'In hail.' });
      const comes = [
        { title: 'plan', images: [], details: 'In gale.' },
        { title: 'plan', images: [], details: 'In hail.' },
        { title: 'plan', images: [77], details: 'In hail.' },
      ];
      assert.deepEqual(await library.matchValues('gallery', comes), {
        2: { libraryId: made, by: 'content' },
      });
    });

    test('scene: that has no file on either side, and is described in the same words', async (t) => {
      const library = await emptyLibrary(client, t);
      const told = { title: 'walk', date: '2019-04', details: 'In hail.' };
      const scene = await library.holds('scene', told);
      const comes = [
        { ...told, details: '' },
        told,
        { ...told, title: 'Walk' },
        { ...told, code: 'A-1' },
        { title: '', details: 'In hail.' },
      ];
      assert.deepEqual(await library.matchValues('scene', comes), {
        2: { libraryId: scene, by: 'content' },
      });
      const twice = await library.matchValues('scene', [told, told]);
      assert.ok(Object.values(twice).every((outcome) => 'suggestions' in outcome));
    });

    test('chapter: that is at its place in the same gallery', async (t) => {
      const library = await emptyLibrary(client, t);
      const gallery = await library.holds('gallery', {});
      const values = { gallery, imageIndex: 3, title: 'beach' };
      const chapter = await library.holds('chapter', values);
      // 77: a gallery that was not matched.
      const comes = [{ ...values, title: 'Beach' }, values, { ...values, gallery: 77 }];
      assert.deepEqual(await library.matchValues('chapter', comes), {
        2: { libraryId: chapter, by: 'content' },
      });
    });

    test('scene: that has its file, which was matched before', async (t) => {
      const library = await emptyLibrary(client, t);
      const scene = await library.holds('scene', {}, [file('/a/1.mp4')]);
      const [held] = await library.filesOf(scene);
      assert.deepEqual(await library.matchValues('scene', [{ files: [held] }]), {
        1: { libraryId: scene, by: 'path' },
      });
    });
  });

  describe('a new record is none of the library’s', () => {
    const cases: [what: string, kind: Kind, has: Values, comes: Values][] = [
      [
        'with its stash id at another endpoint',
        'tag',
        { ...stashId('x') },
        { ...stashId('x', 'https://other.example') },
      ],
      [
        'with a name in other letters that are not ASCII',
        'tag',
        { name: 'Ätna' },
        { name: 'ätna' },
      ],
      ['with no name at all', 'group', { name: '' }, { name: '' }],
      ['with a file at a path in other letters', 'file', { path: '/a/1' }, { path: '/A/1' }],
      [
        'with another file at the path on another server',
        'file',
        { path: '/data/1', fingerprints: [oshash('11')] },
        { path: '/data/1', fingerprints: [oshash('22')] },
      ],
    ];
    for (const [what, kind, has, comes] of cases) {
      test(`${kind}: ${what}`, async (t) => {
        const library = await emptyLibrary(client, t);
        await library.holds(kind, has);
        assert.deepEqual(await library.matchValues(kind, [comes]), {});
      });
    }
  });

  describe('what is linked to the source', () => {
    test('is free only where its record there is gone', async (t) => {
      const library = await emptyLibrary(client, t);
      const id = await library.holds('tag', { name: 'Blue' });
      await library.linked('tag', 7, id);
      const comes = [{ name: 'blue' }];
      assert.deepEqual(await library.matchValues('tag', comes), {});
      const back = { 1: { libraryId: id, by: 'name' } };
      assert.deepEqual(await library.matchValues('tag', comes, { gone: new Set([7]) }), back);
      await client.query('UPDATE stowage.links SET absent_since = now()');
      assert.deepEqual(await library.matchValues('tag', comes), back);
    });

    test('to another source is free', async (t) => {
      const library = await emptyLibrary(client, t);
      const id = await library.holds('tag', { name: 'Blue' });
      await library.linked('tag', 7, id, await library.source('other'));
      assert.deepEqual(await library.matchValues('tag', [{ name: 'Blue' }]), {
        1: { libraryId: id, by: 'name' },
      });
    });

    test('no more, without another server, is known by its path, though its file was replaced', async (t) => {
      const library = await emptyLibrary(client, t);
      await client.query(`DELETE FROM stowage.sources WHERE name <> 'main'`);
      const id = await library.holds('scene', {}, [file('/data/1.mp4', oshash('11'))]);
      await library.deleted('scene', id);
      const comes = { remoteId: 8, values: {}, files: [file('/data/1.mp4', oshash('22'))] };
      assert.deepEqual(await library.match('scene', [comes]), {
        8: { libraryId: id, by: 'replaced file' },
      });
    });

    test('and was scanned again keeps to its own, though its file was replaced', async (t) => {
      const library = await emptyLibrary(client, t);
      const id = await library.holds('scene', {}, [file('/data/1.mp4', oshash('11'))]);
      await library.linked('scene', 7, id);
      const comes = { remoteId: 8, values: {}, files: [file('/data/1.mp4', oshash('22'))] };
      assert.deepEqual(await library.match('scene', [comes], { gone: new Set([7]) }), {
        8: { libraryId: id, by: 'replaced file' },
      });
    });
  });
});
