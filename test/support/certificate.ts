import { execFileSync, spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import type { Scope } from './database.ts';
import { temporaryFolder } from './pictures.ts';

/** What to give `node:test` as `skip`; in CI it is there. */
export const skipWithoutOpenssl: string | false =
  spawnSync('openssl', ['version']).status !== 0 && 'no openssl here to make certificates with';

/** A certificate for 127.0.0.1 that only itself vouches for. */
export async function selfSigned(t: Scope) {
  const folder = await temporaryFolder(t);
  const [keyFile, file] = ['key', 'crt'].map((name) => path.join(folder, name)) as [string, string];
  const words =
    'req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=self -addext subjectAltName=IP:127.0.0.1';
  execFileSync('openssl', [...words.split(' '), '-keyout', keyFile, '-out', file], {
    stdio: 'ignore',
  });
  return { key: readFileSync(keyFile), cert: readFileSync(file), file };
}
