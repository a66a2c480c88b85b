import assert from 'node:assert/strict';
import { after, describe, test } from 'node:test';
import { connected } from '../../../test/support/filled.ts';
import { emptyLibrary, file, oshash, phash, suggested } from '../../../test/support/matching.ts';
import type { Values } from '../../model/held.ts';
import type { Kind } from '../../model/kinds.ts';

describe('matching where nothing is sure', async () => {
  const { client } = await connected({ after });

  describe('suggested, and never taken, is', () => {
    const cases: [what: string, kind: Kind, has: Values, comes: Values, why: string][] = [
      [
        'a tag whose alias it is called',
        'tag',
        { name: 'Blonde', aliases: ['Fair'] },
        { name: 'fair' },
        'its name is an alias here',
      ],
      [
        'a studio that it has as an alias',
        'studio',
        { name: 'Harbour' },
        { name: 'Port', aliases: ['harbour'] },
        'an alias is the name here',
      ],
      [
        'a performer of a similar name',
        'performer',
        { name: 'Annabella Smithson' },
        { name: 'Anabella Smithson' },
        'a similar name',
      ],
      [
        'a performer of the name with another disambiguation',
        'performer',
        { name: 'Ann', disambiguation: 'UK' },
        { name: 'Ann' },
        'a similar name',
      ],
      [
        'a studio of a very similar name',
        'studio',
        { name: 'The Long Harbour Moving Pictures Company' },
        { name: 'The Long Harbour Moving Pictures Companys' },
        'a similar name',
      ],
    ];
    for (const [what, kind, has, comes, why] of cases) {
      test(what, async (t) => {
        const library = await emptyLibrary(client, t);
        const id = await library.holds(kind, has);
        const outcome = await library.matchValues(kind, [comes]);
        assert.deepEqual(
          suggested(outcome[1]).map(([libraryId, said]) => [libraryId, said]),
          [[id, why]],
        );
      });
    }

    test('a scene that looks the same, or another content at its path', async (t) => {
      const library = await emptyLibrary(client, t);
      const alike = await library.holds('scene', {}, [file('/a/1.mp4', phash('aa75c38858e3b72c'))]);
      const replaced = await library.holds('scene', {}, [file('/a/2.mp4', oshash('22'))]);
      const comes = {
        remoteId: 1,
        values: {},
        files: [file('/a/2.mp4', oshash('33'), phash('aa75c38858e3b72c'))],
      };
      const outcome = await library.match('scene', [comes]);
      assert.deepEqual(suggested(outcome[1]), [
        [alike, 'the same phash', 0.9],
        [replaced, 'the same path, though the content is another', 0.5],
      ]);
    });

    test('nothing that a person refused, which is not matched either', async (t) => {
      const library = await emptyLibrary(client, t);
      const same = await library.holds('tag', { name: 'Fair' });
      const other = await library.holds('tag', { name: 'Blonde', aliases: ['Fair'] });
      await library.refused('tag', 1, same);
      assert.deepEqual(suggested((await library.matchValues('tag', [{ name: 'Fair' }]))[1]), [
        [other, 'its name is an alias here', 0.9],
      ]);
      await library.refused('tag', 1, other);
      assert.deepEqual(await library.matchValues('tag', [{ name: 'Fair' }]), {});
    });

    test('no similar name where PostgreSQL has no pg_trgm, which is said', async (t) => {
      const library = await emptyLibrary(client, t);
      await client.query('DROP EXTENSION pg_trgm CASCADE');
      await library.holds('performer', { name: 'Annabella Smithson' });
      const warnings: string[] = [];
      const warn = (message: string) => void warnings.push(message);
      const comes = [{ name: 'Anabella Smithson' }];
      assert.deepEqual(await library.matchValues('performer', comes, { warn }), {});
      assert.equal(warnings.length, 1);
    });
  });
});
