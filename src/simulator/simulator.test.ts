import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { generate } from './generate.ts';
import { pathOfBlob } from './pictures.ts';
import { type Simulator, type SimulatorOptions, startSimulator } from './simulator.ts';

const folder = mkdtempSync(join(tmpdir(), 'stowage-test-'));
const database = join(folder, 'library.sqlite');
const key = 'a-key-of-the-server';
const open: Simulator[] = [];

before(() => generate(database, { scenes: 60, images: 60, pictures: 'all' }));
after(async () => {
  for (const simulator of open) await simulator.close();
  rmSync(folder, { recursive: true });
});

async function start(options: Partial<SimulatorOptions> = {}): Promise<Simulator> {
  const simulator = await startSimulator({ database, ...options });
  open.push(simulator);
  return simulator;
}

const post = (simulator: Simulator, query: string, variables = {}, headers = {}) =>
  fetch(`${simulator.url}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify({ query, variables }),
  });

async function ask(
  simulator: Simulator,
  query: string,
  variables = {},
  headers = {},
  // biome-ignore lint/suspicious/noExplicitAny: whatever the query asks for
): Promise<any> {
  return (await post(simulator, query, variables, headers)).json();
}

describe('authentication', () => {
  test('a missing or wrong key is 401 with an empty body', async () => {
    const simulator = await start({ apiKey: key });
    for (const headers of [{}, { apikey: 'wrong' }]) {
      const response = await post(simulator, '{version{version}}', {}, headers);
      assert.equal(response.status, 401);
      assert.equal(response.headers.get('www-authenticate'), 'FormBased');
      assert.equal(await response.text(), '');
    }
    const { data } = await ask(simulator, '{version{version}}', {}, { apikey: key });
    assert.equal(data.version.version, 'v0.30.1');
  });

  test('the key works as a parameter of a picture, without it there is the login page', async () => {
    const simulator = await start({ apiKey: key });
    const picture = `${simulator.url}/performer/1/image`;
    assert.equal((await fetch(`${picture}?apikey=${key}`)).status, 200);
    const refused = await fetch(picture, { redirect: 'manual' });
    assert.equal(refused.status, 302);
    assert.equal(refused.headers.get('location'), '/login?returnURL=%2Fperformer%2F1%2Fimage');
  });

  test('the key leaks into stream addresses', async () => {
    const simulator = await start({ apiKey: key });
    const query = '{findScenes(ids:[1]){scenes{paths{stream} sceneStreams{url}}}}';
    const { data } = await ask(simulator, query, {}, { apikey: key });
    const [scene] = data.findScenes.scenes;
    assert.equal(scene.paths.stream, `${simulator.url}/scene/1/stream?apikey=${key}`);
    for (const { url } of scene.sceneStreams) assert.match(url, new RegExp(`apikey=${key}`));
  });
});

describe('addresses', () => {
  test('absolute ones carry the host that the request was sent to, without the base path', async () => {
    const simulator = await start({ basePath: '/stash' });
    assert.match(simulator.url, /\/stash$/);
    const { data } = await ask(simulator, '{findTags(ids:[1]){tags{image_path}}}');
    const [{ image_path: path }] = data.findTags.tags;
    assert.match(path, new RegExp(`^${new URL(simulator.url).origin}/tag/1/image\\?t=\\d+$`));
  });

  test('or another one altogether', async () => {
    const simulator = await start({ absoluteHost: 'https://elsewhere.example' });
    const { data } = await ask(simulator, 'mutation{backupDatabase(input:{download:true})}');
    assert.match(data.backupDatabase, /^https:\/\/elsewhere\.example\/downloads\//);
  });

  test('a path that is no part of the server is a page', async () => {
    const simulator = await start({ basePath: '/stash' });
    const response = await fetch(new URL('/graphql', simulator.url), { method: 'POST' });
    assert.equal(response.status, 200);
    assert.match(response.headers.get('content-type') ?? '', /html/);
  });
});

describe('finding', () => {
  test('one id that is not there, or comes twice, fails all', async () => {
    const simulator = await start();
    const failing = async (ids: number[]) =>
      (await ask(simulator, 'query($ids:[ID!]){findScenes(ids:$ids){scenes{id}}}', { ids })).errors;
    assert.deepEqual(await failing([1, 999]), [
      { message: 'scene with id 999 not found', path: ['findScenes'] },
    ]);
    assert.deepEqual(await failing([3, 3]), [
      { message: 'validating ids: duplicate id found: 3', path: ['findScenes'] },
    ]);
  });

  test('pages by key: id and updated_at filters, sorted by id', async () => {
    const simulator = await start();
    const { data } = await ask(
      simulator,
      `{findScenes(scene_filter:{id:{value:10,modifier:GREATER_THAN}},
          filter:{per_page:3,sort:"id",direction:ASC}){count scenes{id}}}`,
    );
    assert.deepEqual(data.findScenes, {
      count: 50,
      scenes: [{ id: '11' }, { id: '12' }, { id: '13' }],
    });
  });

  test('what the version lacks is a validation error', async () => {
    const file = join(folder, 'old.sqlite');
    generate(file, { scenes: 10, images: 10, version: 'v0.25' });
    const simulator = await start({ database: file });
    const response = await post(simulator, '{findGroups{count}}');
    assert.equal(response.status, 422);
    const { errors } = (await response.json()) as { errors: { extensions: object }[] };
    assert.deepEqual(errors[0]?.extensions, { code: 'GRAPHQL_VALIDATION_FAILED' });
    const { data } = await ask(simulator, '{findMovies{movies{id name url}}}');
    assert.equal(data.findMovies.movies.length, 4);
  });

  test('a server that is not set up says so, and fails at everything else', async () => {
    const simulator = await start();
    simulator.status = 'NEEDS_MIGRATION';
    const { data } = await ask(simulator, '{systemStatus{status databaseSchema appSchema}}');
    const status = { status: 'NEEDS_MIGRATION', databaseSchema: 75, appSchema: 76 };
    assert.deepEqual(data.systemStatus, status);
    assert.match((await ask(simulator, '{findTags{count}}')).errors[0].message, /nil pointer/);
  });
});

describe('querySQL', () => {
  const rows = async (simulator: Simulator, sql: string, args?: unknown[]) =>
    (
      await ask(
        simulator,
        'mutation($sql:String!,$args:[Any]){querySQL(sql:$sql,args:$args){columns rows}}',
        { sql, args },
      )
    ).data.querySQL.rows;

  test('converts by declared type, but not inside expressions', async () => {
    const simulator = await start();
    const columns = 'date, organized, created_at, resume_time, max(date)';
    assert.deepEqual(await rows(simulator, `select ${columns} from scenes where id = 4`), [
      ['2011-01-01T00:00:00Z', true, '2019-01-01T05:08:56Z', 0, '2011-01-01'],
    ]);
  });

  test('writes whole numbers out in full, and bytes in base 64', async () => {
    const simulator = await start();
    const sql = "select 9223372036854775807, x'00ff', 1.0";
    const response = await post(simulator, `mutation{querySQL(sql:${JSON.stringify(sql)}){rows}}`);
    assert.match(await response.text(), /\[\[9223372036854775807,"AP8=",1\]\]/);
  });

  test('a number in a variable reaches SQLite as a text', async () => {
    const simulator = await start();
    assert.deepEqual(await rows(simulator, 'select typeof(?1), ?2', [1, null]), [['text', null]]);
  });

  test('an error names the statement', async () => {
    const simulator = await start();
    const answer = await ask(simulator, 'mutation{querySQL(sql:"select * from nope"){rows}}');
    assert.deepEqual(answer.errors, [
      {
        message: 'error executing `select * from nope` [[]]: no such table: nope',
        path: ['querySQL'],
      },
    ]);
  });
});

test('two backups of an unchanged library are the same file, whole or by range, more than once', async () => {
  const simulator = await start();
  const backup = async () =>
    (await ask(simulator, 'mutation{backupDatabase(input:{download:true})}')).data.backupDatabase;
  const [first, second] = [await backup(), await backup()];
  assert.notEqual(first, second);
  const bytes = async (url: string, headers = {}) => {
    const response = await fetch(url, { headers });
    assert.equal(response.headers.get('content-encoding'), null);
    return Buffer.from(await response.arrayBuffer());
  };
  const whole = await bytes(first);
  assert.equal(whole.subarray(0, 15).toString(), 'SQLite format 3');
  assert.ok((await bytes(first)).equals(whole));
  assert.ok((await bytes(second)).equals(whole));
  assert.ok((await bytes(first, { range: 'bytes=100-199' })).equals(whole.subarray(100, 200)));
});

describe('pictures', () => {
  test("a picture's ETag is the MD5 of its bytes, and the table's checksum", async () => {
    const simulator = await start();
    const response = await fetch(`${simulator.url}/performer/2/image`);
    const md5 = createHash('md5')
      .update(Buffer.from(await response.arrayBuffer()))
      .digest('hex');
    assert.equal(response.headers.get('etag'), `"${md5}"`);
    const [row] = simulator.rows('select image_blob from performers where id = 2');
    assert.deepEqual({ ...(row as object) }, { image_blob: md5 });
    const again = await fetch(`${simulator.url}/performer/2/image`, {
      headers: { 'if-none-match': `"${md5}"` },
    });
    assert.equal(again.status, 304);
  });

  test('kept on disk they are served the same; one whose bytes are gone is replaced', async () => {
    const blobs = join(folder, 'blobs');
    const file = join(folder, 'on-disk.sqlite');
    generate(file, { scenes: 60, images: 60, pictures: 'all', blobs });
    const simulator = await start({ database: file, blobs: { storage: 'FILESYSTEM', dir: blobs } });
    const inside = await start();
    const get = async (from: Simulator) =>
      (await fetch(`${from.url}/scene/1/screenshot`)).headers.get('etag');
    assert.equal(await get(simulator), await get(inside));
    const [cover] = simulator.rows('select cover_blob from scenes where id = 1');
    rmSync(pathOfBlob(blobs, (cover as { cover_blob: string }).cover_blob));
    const response = await fetch(`${simulator.url}/scene/1/screenshot`);
    assert.equal(response.status, 200);
    assert.equal(response.headers.get('content-type'), 'image/svg+xml');
  });
});

test('an HLS playlist names its segments by absolute paths, with the key if it came as a parameter', async () => {
  const simulator = await start({ apiKey: key });
  const address = `${simulator.url}/scene/1/stream.m3u8`;
  const byHeader = await (await fetch(address, { headers: { apikey: key } })).text();
  assert.match(byHeader, /^#EXTM3U\n#EXT-X-VERSION:3\n/);
  assert.match(byHeader, /\n\/scene\/1\/stream\.m3u8\/2\.ts\n#EXT-X-ENDLIST\n$/);
  const byParameter = await (await fetch(`${address}?apikey=${key}`)).text();
  const [segment] = byParameter.match(/^\/.*$/m) ?? [];
  assert.equal(segment, `/scene/1/stream.m3u8/0.ts?apikey=${key}`);
  const video = await fetch(new URL(segment, simulator.url));
  assert.equal(video.headers.get('content-type'), 'video/mp2t');
  assert.equal(Buffer.from(await video.arrayBuffer())[0], 0x47);
});
