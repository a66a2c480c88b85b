import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { decide, type Pairing } from './decide.ts';

type Row = [remoteId: number, libraryId: string, rank: number];

const decided = (rows: readonly Row[], isTwin = false) => {
  const { matches, open } = decide(
    rows.map(([remoteId, libraryId, rank]): Pairing => ({ remoteId, libraryId, rank, isTwin })),
  );
  return {
    matches: matches.map(({ remoteId, libraryId }) => `${remoteId}${libraryId}`).sort(),
    open: [...open].map(([id, left]) => `${id}${left.map(({ libraryId }) => libraryId).join('')}`),
  };
};

describe('of the pairings that may be', () => {
  test('the only one is taken', () => {
    assert.deepEqual(decided([[1, 'a', 3]]), { matches: ['1a'], open: [] });
  });

  test('the one that more speaks for is taken, on either side', () => {
    const rows: Row[] = [
      [1, 'a', 3],
      [1, 'b', 2],
      [2, 'c', 2],
      [3, 'c', 3],
    ];
    assert.deepEqual(decided(rows), { matches: ['1a', '3c'], open: [] });
  });

  test('none is taken where two of the library are as good', () => {
    const rows: Row[] = [
      [1, 'a', 3],
      [1, 'b', 3],
    ];
    assert.deepEqual(decided(rows), { matches: [], open: ['1ab'] });
  });

  test('none is taken where two of the source are as good', () => {
    const rows: Row[] = [
      [1, 'a', 3],
      [2, 'a', 3],
    ];
    assert.deepEqual(decided(rows), { matches: [], open: ['1a', '2a'] });
  });

  test('what is taken leaves the others with less to choose from', () => {
    const rows: Row[] = [
      [1, 'a', 4],
      [2, 'a', 3],
      [2, 'b', 3],
    ];
    assert.deepEqual(decided(rows), { matches: ['1a', '2b'], open: [] });
  });

  test('a second choice is not taken for a first one that is only disputed', () => {
    const rows: Row[] = [
      [1, 'a', 3],
      [2, 'a', 3],
      [1, 'b', 1],
    ];
    assert.deepEqual(decided(rows), { matches: [], open: ['1ab', '2a'] });
  });

  test('very many are taken at once', () => {
    const pairings = Array.from({ length: 150_000 }, (_, i) => ({
      remoteId: i,
      libraryId: `a${i}`,
      rank: 1,
    }));
    assert.equal(decide(pairings).matches.length, pairings.length);
  });

  test('twins are paired as they come, since nobody can tell them apart', () => {
    const rows: Row[] = [
      [2, 'a', 3],
      [1, 'b', 3],
      [1, 'a', 3],
      [2, 'b', 3],
      [3, 'a', 3],
      [3, 'b', 3],
    ];
    assert.deepEqual(decided(rows, true), { matches: ['1a', '2b'], open: [] });
  });
});

describe('whatever may be paired', () => {
  const rows = fc.array(
    fc.tuple(
      fc.integer({ min: 1, max: 6 }),
      fc.constantFrom(...'abcdef'),
      fc.integer({ min: 1, max: 3 }),
    ),
    { maxLength: 20 },
  );
  const unique = (all: readonly Row[]) => [
    ...new Map(all.map((row) => [`${row[0]}${row[1]}`, row] as const)).values(),
  ];

  test('it is one to one, the same in any order, and no pairing that outranks all of its rivals is left', () => {
    fc.assert(
      fc.property(rows, fc.infiniteStream(fc.nat()), (given, dice) => {
        const all = unique(given);
        const { matches, open } = decided(all);
        assert.equal(new Set(matches.map(([remote]) => remote)).size, matches.length);
        assert.equal(new Set(matches.map(([, library]) => library)).size, matches.length);
        const shuffled = all
          .map((row) => [dice.next().value as number, row] as const)
          .sort(([a], [b]) => a - b)
          .map(([, row]) => row);
        assert.deepEqual(decided(shuffled).matches, matches);
        const left = all.filter(([remote, library]) =>
          open.some((one) => one.startsWith(String(remote)) && one.includes(library)),
        );
        for (const [remote, library, rank] of left) {
          const rivals = left.filter(
            (row) => (row[0] === remote) !== (row[1] === library) && row[2] >= rank,
          );
          assert.ok(rivals.length > 0, `${remote}${library}`);
        }
      }),
      { numRuns: 2000 },
    );
  });
});
