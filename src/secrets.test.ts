import assert from 'node:assert/strict';
import { chmod, mkdtemp, readdir, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { openSecrets } from './secrets.ts';

const make = { make: true };
let folder: string;
before(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'stowage-secrets-'));
});
after(() => rm(folder, { recursive: true }));

const settings = (name: string, secret?: string) => ({
  dataDirectory: path.join(folder, name),
  secret,
});

test('what was sealed opens again, in a later process too, and shows nothing of itself', async () => {
  const sealed = (await openSecrets(settings('a'), make)).seal('the key of this server', 'main');
  assert.doesNotMatch(Buffer.from(sealed.slice(3), 'base64url').toString('latin1'), /key/);
  assert.equal(
    (await openSecrets(settings('a'), make)).open(sealed, 'main'),
    'the key of this server',
  );
});

test('the same text is sealed differently each time', async () => {
  const secrets = await openSecrets(settings('a'), make);
  assert.notEqual(secrets.seal('key', 'main'), secrets.seal('key', 'main'));
});

test('it opens with nothing but the secret it was sealed with, unaltered, for its owner', async () => {
  const right = await openSecrets(settings('b', 'a long phrase'), make);
  const wrong = await openSecrets(settings('b', 'another phrase'), make);
  const sealed = right.seal('key', 'main');
  const altered = `${sealed.slice(0, -2)}${sealed.endsWith('A') ? 'B' : 'A'}${sealed.slice(-1)}`;
  assert.equal(right.open(sealed, 'main'), 'key');
  for (const attempt of [
    () => wrong.open(sealed, 'main'),
    () => right.open(sealed, 'other'),
    () => right.open(altered, 'main'),
    () => right.open('', 'main'),
  ]) {
    assert.throws(attempt, { code: 'secret.wrong' });
  }
});

test('commands that start at once share one secret, which only its owner may read', async () => {
  const all = await Promise.all(Array.from({ length: 8 }, () => openSecrets(settings('c'), make)));
  const sealed = all[0]?.seal('key', 'main') ?? '';
  for (const secrets of all) assert.equal(secrets.open(sealed, 'main'), 'key');
  const data = settings('c').dataDirectory;
  assert.deepEqual(await readdir(data), ['secret']);
  assert.equal((await stat(path.join(data, 'secret'))).mode & 0o777, 0o600);
  assert.equal((await stat(data)).mode & 0o777, 0o700);
});

test('a secret that others may read is refused', async () => {
  await openSecrets(settings('d'), make);
  await chmod(path.join(folder, 'd', 'secret'), 0o644);
  await assert.rejects(openSecrets(settings('d'), make), { code: 'secret.exposed' });
});
