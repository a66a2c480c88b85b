import assert from 'node:assert/strict';
import { DatabaseSync } from 'node:sqlite';
import { test } from 'node:test';
import { digestsOf } from './mirroredTable.ts';
import { digestsSelect } from './selects.ts';

const of = {
  name: 'pairs',
  key: 'a',
  columns: [
    { name: 'a', type: 'integer', key: 1 },
    { name: 'b', type: 'integer', key: 2 },
  ],
};

/** Rows before and after: by sums, sums of products or sums of squares they are the same. */
const alike: [what: string, before: [number, number][], after: [number, number][]][] = [
  [
    'swapped',
    [
      [1, 11],
      [2, 12],
    ],
    [
      [1, 12],
      [2, 11],
    ],
  ],
  [
    'moved on by one',
    [
      [1, 11],
      [2, 12],
      [3, 13],
    ],
    [
      [1, 12],
      [2, 13],
      [3, 11],
    ],
  ],
  [
    'equal sums of products',
    [
      [1, 1],
      [2, 3],
      [3, 2],
    ],
    [
      [1, 2],
      [2, 1],
      [3, 3],
    ],
  ],
  [
    'equal sums within one',
    [
      [1, 1],
      [1, 4],
    ],
    [
      [1, 2],
      [1, 3],
    ],
  ],
  [
    'equal sums of squares within one',
    [
      [1, 1],
      [1, 5],
      [1, 6],
    ],
    [
      [1, 2],
      [1, 3],
      [1, 7],
    ],
  ],
  [
    'equal sums of cubes within one',
    [
      [1, 0],
      [1, 4],
      [1, 7],
      [1, 11],
    ],
    [
      [1, 1],
      [1, 2],
      [1, 9],
      [1, 10],
    ],
  ],
  [
    'one gone and one come',
    [
      [1, 1],
      [2, 2],
    ],
    [
      [1, 2],
      [2, 1],
    ],
  ],
];

test('changes that make up for each other show in every mirror’s digests', () => {
  using db = new DatabaseSync(':memory:');
  db.exec('create table pairs (a integer, b integer, primary key (a, b))');
  const insert = db.prepare('insert into pairs values (?, ?)');
  const put = (rows: [number, number][]) => {
    db.exec('delete from pairs');
    for (const row of rows) insert.run(...row);
  };
  for (const [what, before, after] of alike) {
    for (let seed = 0; seed < 500; seed++) {
      const sql = digestsSelect([{ table: { of, secret: String(seed) }, from: 0 }]);
      const [one, other] = [before, after].map((rows) => {
        put(rows);
        const statement = db.prepare(sql);
        statement.setReturnArrays(true);
        return String((statement.get() as unknown as string[])[0]);
      });
      assert.notEqual(one, other, `${what}, seed ${seed}`);
      assert.equal(digestsOf(String(one)).get(0)?.rows, before.length);
    }
  }
});

test('digests do not depend on the order of rows, and none overflows', () => {
  using db = new DatabaseSync(':memory:');
  db.exec('create table pairs (a integer, b integer, primary key (a, b))');
  const most = 2 ** 31 - 1;
  const rows = Array.from({ length: 1000 }, (_, i) => [i % 64, most - i]);
  const digests = [rows, rows.toReversed()].map((some) => {
    db.exec('delete from pairs');
    for (const [a, b] of some) db.prepare('insert into pairs values (?, ?)').run(a ?? 0, b ?? 0);
    const row = db.prepare(digestsSelect([{ table: { of, secret: 's' }, from: 0 }])).get();
    return String(Object.values(row ?? {})[0]);
  });
  assert.equal(digests[0], digests[1]);
  assert.match(digests[0] ?? '', /^0 1000 -?\d+$/);
});
