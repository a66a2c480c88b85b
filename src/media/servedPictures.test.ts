import assert from 'node:assert/strict';
import path from 'node:path';
import { type TestContext, test } from 'node:test';
import { importedLibrary, listed, temporaryFolder } from '../../test/support/pictures.ts';
import { feedFromFile } from '../feeds.ts';
import type { Trouble } from '../model/reading.ts';
import { generate, type LibraryPlan } from '../simulator/generate.ts';
import { startSimulator } from '../simulator/simulator.ts';
import { StashClient } from '../stash/client.ts';
import { connect } from '../stash/server.ts';
import { bringPictures } from './bring.ts';
import { ServedPictures } from './servedPictures.ts';
import { PictureStore } from './store.ts';

const signal = new AbortController().signal;
const apiKey = 'the-key-of-the-server';

/** A server, and a library that knows its records, but has none of their pictures yet. */
async function migratedFrom(t: TestContext, plan: Partial<LibraryPlan> = {}) {
  const folder = await temporaryFolder(t);
  const file = path.join(folder, 'stash.sqlite');
  const blobs = path.join(folder, 'blobs');
  generate(file, { scenes: 30, images: 0, pictures: 'all', blobs, ...plan });
  const simulator = await startSimulator({
    database: file,
    apiKey,
    blobs: { storage: 'FILESYSTEM', dir: blobs },
  });
  t.after(() => simulator.close());
  const client = new StashClient({ address: simulator.url, apiKey, firstPause: 1 });
  t.after(() => client.close());
  const { profile } = await connect(client);
  const library = await importedLibrary(
    t,
    feedFromFile(file, () => {}),
    profile,
  );
  const store = await PictureStore.open(path.join(folder, 'pictures'));
  const bring = async (through = client) => {
    const troubles: Trouble[] = [];
    const suppliers = [new ServedPictures(through, profile)];
    const trouble = (one: Trouble) => troubles.push(one);
    const brought = await bringPictures({ ...library, store, suppliers, trouble, signal });
    return { ...brought, troubles };
  };
  return { simulator, library, store, profile, bring };
}

for (const version of ['v0.25', 'v0.30'] as const) {
  test(`every kind of picture of a ${version} arrives`, async (t) => {
    const { simulator, library, store, bring } = await migratedFrom(t, { version });
    const { missing, troubles } = await bring();
    assert.deepEqual(troubles, []);
    assert.equal(missing, 0);
    const blobs = simulator.rows('select checksum from blobs') as { checksum: string }[];
    assert.deepEqual(await listed(library.client), blobs.map(({ checksum }) => checksum).sort());
    for (const { checksum } of blobs) assert.ok(await store.check(checksum));
  });
}

test('what was changed, lost or removed at the server since is named, and the rest arrives', async (t) => {
  const { simulator, library, bring } = await migratedFrom(t);
  const [{ count }] = simulator.rows('select count(*) as count from blobs') as [{ count: number }];
  simulator.sql(`
    update performers set image_blob = (select image_blob from tags where id = 2) where id = 3;
    update groups set back_image_blob = null where id = 2;
    delete from scenes where id = 7;
  `);
  const { missing, troubles } = await bring();
  assert.deepEqual(
    troubles.sort((a, b) => a.id - b.id),
    [
      {
        kind: 'group',
        id: 2,
        field: 'backImage',
        why: 'the server gives other bytes for it: changed since, lost or damaged',
      },
      {
        kind: 'performer',
        id: 3,
        field: 'image',
        why: 'the server gives other bytes for it: changed since, lost or damaged',
      },
      { kind: 'scene', id: 7, field: 'cover', why: 'the server does not have it' },
    ],
  );
  assert.equal(missing, 3);
  assert.equal((await listed(library.client)).length, count - 3);
});

test('without the right key it ends at once, and does not tell the key', async (t) => {
  const { simulator, bring } = await migratedFrom(t);
  const wrong = new StashClient({ address: simulator.url, apiKey: 'the-wrong-key' });
  t.after(() => wrong.close());
  await assert.rejects(bring(wrong), (error: Error & { code: string }) => {
    assert.equal(error.code, 'source.unauthorized');
    assert.doesNotMatch(`${error.stack}`, /the-wrong-key/);
    return true;
  });
});

test('behind a gateway that asks us to log in, it ends', async (t) => {
  const { simulator, bring } = await migratedFrom(t);
  simulator.faults.add({ kind: 'login', on: 'picture', nth: 20 });
  await assert.rejects(bring(), { code: 'source.not-a-stash' });
  simulator.faults.clear();
  assert.equal((await bring()).missing, 0);
});

test('what fails for a moment is tried again', async (t) => {
  const { simulator, bring } = await migratedFrom(t);
  simulator.faults.add({ kind: 'status', status: 503, on: 'picture', nth: 3, times: 2 });
  simulator.faults.add({ kind: 'reset', after: 50, on: 'picture', nth: 9, times: 1 });
  simulator.faults.add({ kind: 'truncate', after: 10, on: 'picture', nth: 15, times: 1 });
  simulator.faults.add({ kind: 'status', status: 429, on: 'picture', nth: 20, times: 1 });
  assert.equal((await bring()).missing, 0);
  assert.equal(simulator.faults.fired, 5);
});
