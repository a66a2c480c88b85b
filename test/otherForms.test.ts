import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { describe, test } from 'node:test';
import { kindNumber } from '../src/library/layout.ts';
import { type OwnLibrary, ownLibrary } from './support/commands.ts';
import { backup, inStep, restarted, type Stash, stashOf } from './support/inStep.ts';
import { temporaryFolder } from './support/pictures.ts';
import { upgrade } from './support/upgrade.ts';

const own = 'https://performer.example';
const twitter = 'https://www.twitter.com/';
const instagram = 'https://www.instagram.com/';

const migration = new URL('../src/library/migrations/0010_other_forms.sql', import.meta.url);

/** What a performer's url, twitter and instagram are on v0.25, and which urls these are later. */
const performers: [url: string, twitter: string, instagram: string, urls: string[]][] = [
  [own, 'tern', '', [own, `${twitter}tern`]],
  [own, '', 'http://insta.example/heron', [own, 'http://insta.example/heron']],
  ['', 'gull', 'gull', [`${twitter}gull`, `${instagram}gull`]],
  [own, '', '', [own]],
  ['', '', '', []],
  // An address that the performer has already.
  [`${twitter}eider`, 'eider', '', [`${twitter}eider`]],
];
const prepared = performers
  .map(
    ([url, ...accounts], i) =>
      `update performers set url = '${url}', twitter = '${accounts[0]}', instagram = '${accounts[1]}'
        where id = ${i + 1}`,
  )
  .join(';');

const urlsOf = async ({ rows }: Stash, id: number): Promise<unknown[]> => {
  const found = await rows(
    `select url from performer_urls where performer_id = ${id} order by position`,
  );
  return found.map(([url]) => url);
};

const urlsThere = (stash: Stash) => Promise.all(performers.map((_, i) => urlsOf(stash, i + 1)));

/** What the library has of a performer. */
async function heldOf({ query }: OwnLibrary, id: number): Promise<object> {
  const rows = await query<{ twitter: string; instagram: string; urls: string[] }>(
    `select twitter, instagram, urls from qar.crew join stowage.links on library_id = id
      where source_id = 1 and kind = ${kindNumber.performer} and remote_id = ${id}`,
  );
  return { ...rows[0] };
}

/** A library of a v0.25 that has been upgraded to v0.30 since. */
async function upgraded(t: Parameters<typeof inStep>[0]) {
  const step = await inStep(t, { version: 'v0.25', writes: true, prepared });
  const file = backup(step.stash);
  upgrade(file);
  const stash = await restarted(t, step.stash, file);
  return { ...step, stash };
}

describe('twitter and instagram, which are urls since v0.27', () => {
  test('a move to a newer Stash brings them as urls, once', async (t) => {
    const from = await stashOf(t, 'v0.25');
    from.simulator.sql(prepared);
    const to = await stashOf(t, 'v0.30');
    to.simulator.sql('delete from performer_urls');
    const { stowage } = await ownLibrary(t);
    const words = ['move', '--from', from.simulator.url, '--to', to.simulator.url];
    const moved = await stowage(...words);
    assert.equal(moved.error, undefined);
    assert.deepEqual(
      await urlsThere(to),
      performers.map(([, , , urls]) => urls),
    );
    const lacks = (moved.summary.lacks ?? []) as { field: string }[];
    assert.deepEqual(
      lacks.filter(({ field }) => /twitter|instagram/.test(field)),
      [],
    );
    const before = to.simulator.requests.length;
    const again = await stowage(...words);
    assert.equal((again.summary.proof as { differences: number }).differences, 0);
    const sent = to.simulator.requests.slice(before).flatMap(({ names }) => names);
    assert.ok(!sent.some((name) => /update|create/i.test(name)), sent.join(' '));
  });

  test('an upgrade of Stash between two syncs changes nothing', async (t) => {
    const { stash, library, sync, assertInStep, assertQuiet } = await upgraded(t);
    // Stash adds an address though it is there.
    assert.deepEqual((await urlsThere(stash)).at(-1), Array(2).fill(`${twitter}eider`));
    const before = await urlsThere(stash);
    assert.deepEqual((await sync()).summary.counts, []);
    assert.deepEqual(await urlsThere(stash), before);
    await assertInStep();
    await assertQuiet();
    const held = { twitter: 'tern', instagram: '', urls: [own] };
    assert.deepEqual(await heldOf(library, 1), held);
  });

  test('edits on either side arrive on the other', async (t) => {
    const { stash, library, sync, assertInStep, assertQuiet } = await upgraded(t);
    await sync();
    const edit = async (...words: string[]) => {
      const { exitCode, error } = await library.stowage('edit', 'performer', ...words);
      assert.equal(exitCode, 0, error?.message);
    };
    await edit('main:1', 'twitter=skua');
    await edit('main:2', 'instagram=');
    await edit('main:4', 'urls+=https://second.example', 'twitter=plover');
    await edit('main:6', 'twitter=');
    await stash.send(
      'mutation{performerUpdate(input:{id:3,urls:["https://www.twitter.com/gull"]}){id}}',
    );
    await sync();
    assert.deepEqual(await urlsThere(stash), [
      [own, `${twitter}skua`],
      [own],
      [`${twitter}gull`],
      [own, 'https://second.example', `${twitter}plover`],
      [],
      [`${twitter}eider`],
    ]);
    await assertInStep();
    await assertQuiet();
    assert.deepEqual(await heldOf(library, 3), { twitter: 'gull', instagram: '', urls: [] });
  });

  test('an older and a newer server of one library are in step', async (t) => {
    const { stash, library, sync, assertQuiet } = await inStep(t, {
      version: 'v0.25',
      writes: true,
      prepared,
    });
    const newer = await stashOf(t, 'v0.30');
    newer.simulator.sql('delete from performer_urls');
    const second = ['--from', newer.simulator.url, '--name', 'newer'];
    await library.stowage('sync', ...second);
    await library.query('UPDATE stowage.sources SET writes = true');
    for (let round = 0; round < 2; round++) {
      const { error } = await library.stowage('sync', ...second);
      assert.equal(error, undefined);
      await sync();
    }
    const wanted = performers.map(([, , , urls]) => urls);
    assert.deepEqual(await urlsThere(newer), wanted);
    const again = await library.stowage('sync', ...second);
    assert.deepEqual(again.summary.counts, []);
    const proof = await library.stowage('verify', ...second, '--via', 'tables');
    const about = proof.troubles.filter((one) => /twitter|instagram|urls/.test(String(one.field)));
    assert.deepEqual(about, []);
    await assertQuiet();
    const kept = await stash.rows('select twitter, instagram from performers where id = 3');
    assert.deepEqual(kept, [['gull', 'gull']]);
    // As a library left them that had no other form for them yet.
    await library.query("UPDATE stowage.links SET base = base - 'twitter' WHERE source_id = 2");
    const marked = () =>
      library.query('SELECT source_id, remote_id::int FROM stowage.links WHERE edited');
    assert.deepEqual(await marked(), []);
    await library.query(await readFile(migration, 'utf8'));
    const left = performers.flatMap(([, account], i) => (account ? [i + 1] : []));
    const found = (await marked()) as { source_id: number; remote_id: number }[];
    assert.ok(found.every(({ source_id }) => source_id === 2));
    const ids = found.map(({ remote_id }) => remote_id).filter((id) => id <= performers.length);
    assert.deepEqual(ids.sort(), left);
    await library.stowage('sync', ...second);
    assert.deepEqual(await marked(), []);
    assert.deepEqual(await urlsThere(newer), wanted);
    await newer.send('mutation{performerUpdate(input:{id:3,urls:[]}){id}}');
    await library.stowage('sync', ...second);
    await sync();
    const taken = await stash.rows('select twitter, instagram from performers where id = 3');
    assert.deepEqual(taken, [[null, null]]);
  });

  test('an export is what such a server serves', async (t) => {
    const { library, sync } = await upgraded(t);
    await sync();
    const folder = await temporaryFolder(t);
    const { exitCode } = await library.stowage('export', '--as', 'main', '--out', folder);
    assert.equal(exitCode, 0);
    const lines = (await readFile(`${folder}/performers.jsonl`, 'utf8')).trim().split('\n');
    const told = lines.map((line) => JSON.parse(line) as { urls: string[] });
    assert.deepEqual(
      told.slice(0, performers.length).map(({ urls }) => urls),
      performers.map(([, , , urls]) => urls),
    );
  });
});

describe('career_length, which is two dates in servers newer than v0.30', () => {
  test('a move brings its years, and says what is not told in years', async (t) => {
    const from = await stashOf(t, 'v0.30');
    from.simulator.sql(`update performers set career_length = null;
      update performers set career_length = '2001 - 2010' where id = 1;
      update performers set career_length = '2003-present' where id = 2;
      update performers set career_length = 'many years' where id = 3`);
    const to = await stashOf(t, 'newer');
    to.simulator.sql('update performers set career_start = null, career_end = null');
    const { stowage } = await ownLibrary(t);
    const words = ['move', '--from', from.simulator.url, '--to', to.simulator.url];
    const moved = await stowage(...words);
    assert.equal(moved.error, undefined);
    const told = async () => {
      const { findPerformers } = await to.send(
        '{findPerformers(filter:{per_page:4,sort:"id"}){performers{career_start career_end}}}',
      );
      return (findPerformers as { performers: object[] }).performers.map((one) => ({ ...one }));
    };
    const years = (career_start: string | null, career_end: string | null) => ({
      career_start,
      career_end,
    });
    const wanted = [years('2001', '2010'), years('2003', null), years(null, null)];
    assert.deepEqual((await told()).slice(0, 3), wanted);
    const lacks = moved.summary.lacks as { field: string; count: number }[];
    const left = lacks.filter(({ field }) => field.startsWith('career'));
    assert.deepEqual(left, [{ kind: 'performer', field: 'careerLength', count: 1 }]);
    const again = await stowage(...words);
    assert.equal((again.summary.proof as { differences: number }).differences, 0);
    assert.deepEqual((await told()).slice(0, 3), wanted);
  });

  test('edits of the text and of the dates arrive on the other side', async (t) => {
    const { stash, library, sync, assertQuiet } = await inStep(t, {
      writes: true,
      prepared: `update performers set career_length = '2001 - 2010'`,
    });
    const newer = await stashOf(t, 'newer');
    newer.simulator.sql('update performers set career_start = null, career_end = null');
    const second = ['--from', newer.simulator.url, '--name', 'newer'];
    await library.stowage('sync', ...second);
    await library.query('UPDATE stowage.sources SET writes = true');
    const both = async () => {
      const { error } = await library.stowage('sync', ...second);
      assert.equal(error, undefined);
      await sync();
    };
    await both();
    const edited = await library.stowage('edit', 'performer', 'main:1', 'careerLength=2002-2012');
    assert.equal(edited.error, undefined);
    await newer.send('mutation{performerUpdate(input:{id:2,career_end:"2015"}){id}}');
    await both();
    const { findPerformer } = await newer.send('{findPerformer(id:1){career_start career_end}}');
    assert.deepEqual(findPerformer, { career_start: '2002', career_end: '2012' });
    const lengths = await stash.rows(
      'select career_length from performers where id < 4 order by id',
    );
    assert.deepEqual(lengths, [['2002-2012'], ['2001 - 2015'], ['2001 - 2010']]);
    const again = await library.stowage('sync', ...second);
    assert.deepEqual(again.summary.counts, []);
    await assertQuiet();
  });
});
