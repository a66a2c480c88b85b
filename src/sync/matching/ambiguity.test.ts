import assert from 'node:assert/strict';
import { after, describe, type TestContext, test } from 'node:test';
import { connected } from '../../../test/support/filled.ts';
import { emptyLibrary, file, oshash, stashId, suggested } from '../../../test/support/matching.ts';
import type { LibraryId } from '../../model/held.ts';
import type { FileFacts } from '../match.ts';

describe('matching where more than one may be it', async () => {
  const { client } = await connected({ after });

  describe('of two that may be it', () => {
    test('what was deleted comes first, so that everything comes back', async (t) => {
      const library = await emptyLibrary(client, t);
      await library.holds('scene', {}, [file('/a/1.mp4', oshash('11'))]);
      const cleaned = await library.holds('scene', {}, [file('/b/1.mp4', oshash('11'))]);
      await library.deleted('scene', cleaned);
      const comes = { remoteId: 8, values: {}, files: [file('/a/1.mp4', oshash('11'))] };
      assert.deepEqual(await library.match('scene', [comes]), {
        8: { libraryId: cleaned, by: 'fingerprint' },
      });
    });

    test('the one is taken that a further level tells from the other', async (t) => {
      const library = await emptyLibrary(client, t);
      const large = await library.holds('scene', stashId('x'), [file('/a/1.mp4', oshash('11'))]);
      await library.holds('scene', stashId('x'), [file('/a/2.mp4', oshash('22'))]);
      const comes = { remoteId: 8, values: stashId('x'), files: [file('/z/1.mp4', oshash('11'))] };
      assert.deepEqual(await library.match('scene', [comes]), {
        8: { libraryId: large, by: 'fingerprint' },
      });
    });

    test('neither is guessed; both are suggested', async (t) => {
      const library = await emptyLibrary(client, t);
      const ids = [
        await library.holds('group', { name: 'X' }),
        await library.holds('group', { name: 'x' }),
      ];
      const outcome = await library.matchValues('group', [{ name: 'X' }]);
      assert.deepEqual(
        suggested(outcome[1]),
        ids.map((id) => [id, 'the same name, as others', 1]),
      );
    });

    test('nor of two of the source, even where they come in different batches', async (t) => {
      const library = await emptyLibrary(client, t);
      const id = await library.holds('scene', stashId('x'));
      const matching = library.matching('scene');
      await matching.add([{ remoteId: 1, values: stashId('x') }]);
      await matching.add([{ remoteId: 2, values: stashId('x') }]);
      const outcome = Object.fromEntries(matching.decide());
      for (const remoteId of [1, 2]) {
        assert.deepEqual(suggested(outcome[remoteId]), [[id, 'the same stash id, as others', 1]]);
      }
    });

    test('the one of the source is taken that more speaks for, wherever it comes', async (t) => {
      const library = await emptyLibrary(client, t);
      const id = await library.holds('scene', stashId('x'), [file('/a/1.mp4', oshash('11'))]);
      const matching = library.matching('scene');
      await matching.add([{ remoteId: 1, values: stashId('x') }]);
      await matching.add([
        { remoteId: 2, values: stashId('x'), files: [file('/z', oshash('11'))] },
      ]);
      assert.deepEqual(Object.fromEntries(matching.decide()), {
        2: { libraryId: id, by: 'fingerprint' },
      });
    });
  });

  describe('what became part of another is that one', () => {
    const coastInShore = async (t: TestContext) => {
      const library = await emptyLibrary(client, t);
      const origin = await library.holds('tag', { name: 'Coast' });
      const whole = await library.holds('tag', { name: 'Shore' });
      await library.folded('tag', origin, whole);
      return { library, whole };
    };

    test('where the source has no other for it', async (t) => {
      const { library, whole } = await coastInShore(t);
      assert.deepEqual(await library.matchValues('tag', [{ name: 'coast' }]), {
        1: { libraryId: whole, by: 'name' },
      });
    });

    test('or part of it, where it has one', async (t) => {
      const { library, whole } = await coastInShore(t);
      const both = [{ name: 'Coast' }, { name: 'Shore' }];
      assert.deepEqual(await library.matchValues('tag', both), {
        1: { partOf: whole, by: 'name' },
        2: { libraryId: whole, by: 'name' },
      });
      await library.linked('tag', 8, whole);
      assert.deepEqual(await library.matchValues('tag', [{ name: 'Coast' }]), {
        1: { partOf: whole, by: 'name' },
      });
    });

    test('but not where another has its name by now, or the whole was deleted', async (t) => {
      const { library, whole } = await coastInShore(t);
      const namesake = await library.holds('tag', { name: 'Coast' });
      assert.deepEqual(await library.matchValues('tag', [{ name: 'Coast' }]), {
        1: { libraryId: namesake, by: 'name' },
      });
      await library.linked('tag', 8, namesake);
      await library.deleted('tag', whole);
      const outcome = await library.matchValues('tag', [{ name: 'Coast' }]);
      assert.deepEqual(suggested(outcome[1]), [[whole, 'its name is an alias here', 0.9]]);
    });
  });

  describe('of one name, that a box tells apart', () => {
    for (const kind of ['performer', 'studio'] as const) {
      test(`a ${kind} is asked for`, async (t) => {
        const library = await emptyLibrary(client, t);
        const id = await library.holds(kind, { name: 'Kim', ...stashId('x') });
        const outcome = await library.matchValues(kind, [{ name: 'Kim', ...stashId('y') }]);
        assert.deepEqual(suggested(outcome[1]), [[id, 'the same name, but another stash id', 0.8]]);
      });

      test(`a ${kind} of another box, or of none, is not`, async (t) => {
        const library = await emptyLibrary(client, t);
        const id = await library.holds(kind, { name: 'Kim', ...stashId('x') });
        const others = [stashId('y', 'https://other.example/graphql'), { stashIds: {} }, {}];
        for (const other of others) {
          assert.deepEqual(await library.matchValues(kind, [{ name: 'Kim', ...other }]), {
            1: { libraryId: id, by: 'name' },
          });
        }
      });
    }
  });

  test('of two scenes that are one here, of both files, it is the one of the first file', async (t) => {
    const library = await emptyLibrary(client, t);
    const files = [file('/a/1.mp4', oshash('11')), file('/a/2.mp4', oshash('22'))];
    const one = await library.holds('scene', { title: 'One' }, files);
    const comes = files.map((own, i) => ({ remoteId: 7 + i, values: {}, files: [own] }));
    assert.deepEqual(await library.match('scene', comes.toReversed()), {
      7: { libraryId: one, by: 'fingerprint' },
    });
  });

  describe('files that are in more than one place', () => {
    test('a copy in the same source is a file, and a scene, of its own', async (t) => {
      const library = await emptyLibrary(client, t);
      const original = file('/a/1.mp4', oshash('11'));
      const scene = await library.holds('scene', {}, [original]);
      await library.linked('scene', 7, scene);
      const [held] = await library.filesOf(scene);
      await library.linked('file', 70, held as LibraryId);
      const copy = file('/b/1.mp4', oshash('11'));
      assert.deepEqual(await library.matchValues('file', [{ ...copy }]), {});
      assert.deepEqual(
        await library.match('scene', [{ remoteId: 8, values: {}, files: [copy] }]),
        {},
      );
    });

    test('copies on another server are told apart by their paths only', async (t) => {
      const library = await emptyLibrary(client, t);
      const one = await library.holds('file', { ...file('/a/1.mp4', oshash('11')) });
      const two = await library.holds('file', { ...file('/b/1.mp4', oshash('11')) });
      const comes = (folder: string) => [
        { ...file(`${folder}/b/1.mp4`, oshash('11')) },
        { ...file(`${folder}/a/1.mp4`, oshash('11')) },
      ];
      const pathMap = [{ from: '/data', to: '/' }];
      assert.deepEqual(await library.matchValues('file', comes('/data'), { pathMap }), {
        1: { libraryId: two, by: 'path' },
        2: { libraryId: one, by: 'path' },
      });
      assert.deepEqual(await library.matchValues('file', comes('/else'), { pathMap }), {});
    });

    test('a scene of two copies is the one scene that has either', async (t) => {
      const library = await emptyLibrary(client, t);
      const copies = [file('/a/1.mp4', oshash('11')), file('/b/1.mp4', oshash('11'))];
      const scene = await library.holds('scene', {}, copies);
      const comes = {
        remoteId: 1,
        values: {},
        files: [file('/x/1.mp4', oshash('11')), file('/y/1.mp4', oshash('11'))],
      };
      assert.deepEqual(await library.match('scene', [comes]), {
        1: { libraryId: scene, by: 'fingerprint' },
      });
    });

    test('a scene of two files that are two scenes here is neither', async (t) => {
      const library = await emptyLibrary(client, t);
      const ids = [
        await library.holds('scene', {}, [file('/a/1.mp4', oshash('11'))]),
        await library.holds('scene', {}, [file('/a/2.mp4', oshash('22'))]),
      ];
      const files = [file('/x/1.mp4', oshash('11')), file('/x/2.mp4', oshash('22'))];
      const outcome = await library.match('scene', [{ remoteId: 1, values: {}, files }]);
      assert.deepEqual(
        suggested(outcome[1])
          .map(([id]) => id)
          .sort(),
        ids,
      );
    });

    test('two scenes of one file are told apart by their titles', async (t) => {
      const library = await emptyLibrary(client, t);
      const files = [file('/a/1.mp4', oshash('11'))];
      const first = await library.holds('scene', { title: 'First half' }, files);
      const second = await library.holds('scene', { title: 'Second half' }, files);
      const comes = ['Second half', 'First half', ''].map((title, i) => ({
        remoteId: i + 1,
        values: { title },
        files,
      }));
      assert.deepEqual(await library.match('scene', comes), {
        1: { libraryId: second, by: 'fingerprint' },
        2: { libraryId: first, by: 'fingerprint' },
      });
    });

    test('what a swap of names left goes by its content', async (t) => {
      const library = await emptyLibrary(client, t);
      const [one, two] = ['11', '22'].map((hash, i) => file(`/a/${i + 1}.mp4`, oshash(hash))) as [
        FileFacts,
        FileFacts,
      ];
      const files = [
        await library.holds('file', { ...one }),
        await library.holds('file', { ...two }),
      ];
      const swapped = [
        { path: one.path, fingerprints: two.fingerprints },
        { path: two.path, fingerprints: one.fingerprints },
      ];
      assert.deepEqual(await library.matchValues('file', swapped), {
        1: { libraryId: files[1], by: 'fingerprint' },
        2: { libraryId: files[0], by: 'fingerprint' },
      });
    });

    test('a fingerprint that very many have identifies none', async (t) => {
      const library = await emptyLibrary(client, t);
      const empty = Array.from({ length: 60 }, (_, i) => file(`/empty/${i}`, oshash('0')));
      const ids: LibraryId[] = [];
      for (const facts of empty) ids.push(await library.holds('file', { ...facts }));
      const comes = [{ ...file('/empty/7', oshash('0')) }, { ...file('/else', oshash('0')) }];
      assert.deepEqual(await library.matchValues('file', comes), {
        1: { libraryId: ids[7], by: 'path' },
      });
    });
  });

  test('markers that nobody could tell apart are paired, the one too many is new', async (t) => {
    const library = await emptyLibrary(client, t);
    const scene = await library.holds('scene', {});
    const values = { scene, seconds: 1, primaryTag: null, title: '', endSeconds: 2.5, tags: [] };
    const twins = [await library.holds('marker', values), await library.holds('marker', values)];
    const longer = await library.holds('marker', { ...values, endSeconds: null });
    const comes = [values, { ...values, endSeconds: null }, values, values];
    assert.deepEqual(await library.matchValues('marker', comes), {
      1: { libraryId: twins[0], by: 'content' },
      2: { libraryId: longer, by: 'content' },
      3: { libraryId: twins[1], by: 'content' },
    });
  });
});
