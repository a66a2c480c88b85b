import assert from 'node:assert/strict';
import { test } from 'node:test';
import pg from 'pg';
import { connected, importOf } from '../../test/support/filled.ts';
import type { Id } from '../model/fields.ts';
import type { LibraryId } from '../model/held.ts';
import { firstImport } from './firstImport.ts';
import { type Link, linksOf, linksTo, markEdited, patchBases, writeLinks } from './links.ts';

const big = 2n ** 63n;

async function filled(t: Parameters<typeof connected>[0]) {
  const { client, url } = await connected(t);
  const { source } = await firstImport(
    importOf(client, {
      tag: [
        { id: 5, name: 'red', customFields: { big }, createdAt: '2021-01-01T00:00:00+01:00' },
        { id: 6, name: 'blue' },
      ],
    }),
  );
  const link = async (id: Id) => (await linksOf(client, source, 'tag', [id])).get(id) as Link;
  return { client, url, source, link, red: await link(5) };
}

test('a link tells what both sides agreed to, and is found from either side', async (t) => {
  const { client, source, red } = await filled(t);
  const { libraryId, seen, ...rest } = red;
  assert.deepEqual(rest, {
    kind: 'tag',
    remoteId: 5,
    base: { name: 'red', customFields: { big } },
    facts: { createdAt: '2021-01-01T00:00:00+01:00' },
    sent: {},
    edited: false,
    absentSince: null,
    differs: {},
  });
  assert.equal(seen.length, 16);
  assert.deepEqual([...(await linksTo(client, source, 'tag', [libraryId])).values()], [red]);
  assert.equal((await linksOf(client, source, 'scene', [5])).size, 0);
  assert.equal((await linksTo(client, source, 'tag', [])).size, 0);
});

test('a link is written anew: what was edited has been seen, and the record is there', async (t) => {
  const { client, source, link, red } = await filled(t);
  await client.query(
    `UPDATE stowage.links SET edited = true, absent_since = now(), sent = '{"name": " red"}'`,
  );
  const written = {
    ...{ kind: 'tag' as const, remoteId: 5, libraryId: red.libraryId },
    base: { name: 'r\0ed', customFields: { big } },
    facts: { createdAt: 'x' },
    seen: Buffer.from('0123456789abcdef'),
  };
  await writeLinks(client, source, 7, [written, { ...written, remoteId: 8, sent: { name: 'x' } }]);
  assert.deepEqual(await link(5), {
    ...written,
    base: { name: 'red', customFields: { big } },
    sent: { name: ' red' },
    edited: false,
    absentSince: null,
    differs: {},
  });
  assert.deepEqual((await link(8)).sent, { name: 'x' });
  assert.equal((await link(6)).edited, true);
});

test('parts of a base move; what was sent otherwise goes with its field', async (t) => {
  const { client, source, link } = await filled(t);
  await client.query(
    `UPDATE stowage.links SET edited = true, sent = '{"name": " red", "sortName": "x "}'`,
  );
  await patchBases(client, source, [
    {
      kind: 'tag',
      remoteId: 5,
      base: { name: 'crimson', favorite: true },
      facts: { updatedAt: 'x' },
    },
    {
      kind: 'tag',
      remoteId: 6,
      base: { sortName: 'x' },
      sent: { sortName: 'x  ' },
      seen: Buffer.from('1'),
    },
  ]);
  const [red, blue] = [await link(5), await link(6)];
  assert.deepEqual(red.base, { name: 'crimson', favorite: true, customFields: { big } });
  assert.deepEqual(red.facts, { createdAt: '2021-01-01T00:00:00+01:00', updatedAt: 'x' });
  assert.deepEqual(red.sent, { sortName: 'x ' });
  assert.deepEqual(blue.sent, { name: ' red', sortName: 'x  ' });
  assert.deepEqual([red.seen.length, blue.seen.toString()], [16, '1']);
  assert.deepEqual([red.edited, blue.edited], [true, true]);
});

test('an edit made after the record was looked at stays marked', async (t) => {
  const { client, url, source, link, red } = await filled(t);
  const blue = await link(6);
  await client.query(`UPDATE qar.tags SET favorite = true`);
  await client.query(`UPDATE qar.tags SET name = 'scarlet' WHERE id = $1`, [red.libraryId]);
  const looked = { revision: 2 };
  await writeLinks(client, source, 1, [
    { ...red, ...looked },
    { ...blue, ...looked },
  ]);
  assert.deepEqual([(await link(5)).edited, (await link(6)).edited], [true, false]);
  await markEdited(client, source, 'tag', [6]);
  await patchBases(client, source, [
    { kind: 'tag', remoteId: 5, base: {}, looked: { ...looked, libraryId: red.libraryId } },
    { kind: 'tag', remoteId: 6, base: {}, looked: { ...looked, libraryId: blue.libraryId } },
  ]);
  assert.deepEqual([(await link(5)).edited, (await link(6)).edited], [true, false]);

  // Somebody edits while the link is being written: waits, and marks it then.
  const other = new pg.Client(url);
  await other.connect();
  await client.query('BEGIN');
  await patchBases(client, source, [
    { kind: 'tag', remoteId: 6, base: {}, looked: { ...looked, libraryId: blue.libraryId } },
  ]);
  const edit = other.query(`UPDATE qar.tags SET name = 'azure' WHERE id = $1`, [
    blue.libraryId as LibraryId,
  ]);
  await client.query('COMMIT');
  await edit;
  await other.end();
  assert.equal((await link(6)).edited, true);
});
