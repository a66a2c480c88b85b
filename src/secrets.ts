import { createCipheriv, createDecipheriv, randomBytes, randomUUID, scryptSync } from 'node:crypto';
import { link, readFile, rm, stat, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { makeFolder } from './library/disk.ts';
import { StowageError } from './model/errors.ts';
import type { Settings } from './settings.ts';

/** How sources' keys are kept: encrypted in the database, with a secret that is not in it. */
export interface Secrets {
  /** `owner` says whose the text is (a source's name): sealed for one, it opens for no other. */
  seal(text: string, owner: string): string;
  open(sealed: string, owner: string): string;
}

const version = 'v1';
const cipher = 'aes-256-gcm';
const saltBytes = 16;
const ivBytes = 12;
const tagBytes = 16;

/**
 * Opened with `STOWAGE_SECRET`, or else with a secret of our own in a file of the data directory. Where there is none, only
 * who has something to seal makes one; then nothing that was sealed before opens.
 */
export async function openSecrets(
  settings: Pick<Settings, 'secret' | 'dataDirectory'>,
  { make }: { make: boolean },
): Promise<Secrets> {
  const secret = settings.secret ?? (await ownSecret(settings.dataDirectory, make));
  // Slow on purpose (some 50 ms): STOWAGE_SECRET may be a phrase that somebody thought of.
  const keyFor = (salt: Buffer) => {
    if (secret === undefined) throw new Error('there is no secret');
    return scryptSync(secret, salt, 32);
  };
  return {
    seal(text, owner) {
      const salt = randomBytes(saltBytes);
      const iv = randomBytes(ivBytes);
      const sealing = createCipheriv(cipher, keyFor(salt), iv).setAAD(Buffer.from(owner));
      const body = Buffer.concat([sealing.update(text, 'utf8'), sealing.final()]);
      const parts = Buffer.concat([salt, iv, sealing.getAuthTag(), body]);
      return `${version}:${parts.toString('base64url')}`;
    },
    open(sealed, owner) {
      try {
        const [found, encoded = ''] = sealed.split(':');
        if (found !== version) throw new Error(`sealed as ${found}`);
        const parts = Buffer.from(encoded, 'base64url');
        const iv = parts.subarray(saltBytes, saltBytes + ivBytes);
        const body = parts.subarray(saltBytes + ivBytes + tagBytes);
        const opening = createDecipheriv(cipher, keyFor(parts.subarray(0, saltBytes)), iv)
          .setAAD(Buffer.from(owner))
          .setAuthTag(parts.subarray(saltBytes + ivBytes, saltBytes + ivBytes + tagBytes));
        return opening.update(body, undefined, 'utf8') + opening.final('utf8');
      } catch (cause) {
        throw new StowageError('secret.wrong', 'A stored API key cannot be decrypted.', {
          item: owner,
          remedy:
            'Set STOWAGE_SECRET (or --data) to what it was when the key was stored; or give the key once more, and it is stored anew.',
          cause,
        });
      }
    },
  };
}

const fileIn = (dataDirectory: string): string => path.join(dataDirectory, 'secret');

/** The secret of our own, to be taken along in a backup; undefined where there is none, or STOWAGE_SECRET serves. */
export async function secretToTake({
  secret,
  dataDirectory,
}: Pick<Settings, 'secret' | 'dataDirectory'>): Promise<string | undefined> {
  if (secret !== undefined) return undefined;
  return readFile(fileIn(dataDirectory), 'utf8').catch(() => undefined);
}

/** Keeps a secret that came with a backup, unless the data directory has one. Returns whether that is the same. */
export async function keepSecret(dataDirectory: string, secret: string): Promise<boolean> {
  await placeSecret(dataDirectory, secret);
  return (await readFile(fileIn(dataDirectory), 'utf8')) === secret;
}

/**
 * Written whole under another name, then linked: two commands at once get the same one, and none a half. An empty file is
 * what a full disk has left: anybody could open what is sealed with nothing.
 */
async function placeSecret(dataDirectory: string, secret: string): Promise<void> {
  const file = fileIn(dataDirectory);
  await makeFolder(dataDirectory, 0o700);
  const found = await stat(file).catch(ifAbsent);
  if (found?.size) return;
  if (found) await rm(file, { force: true });
  const fresh = `${file}.${randomUUID()}`;
  try {
    await writeFile(fresh, secret, { mode: 0o600, flag: 'wx' });
    await link(fresh, file).catch(ifPresent);
  } finally {
    await rm(fresh, { force: true });
  }
}

async function ownSecret(dataDirectory: string, make: boolean): Promise<string | undefined> {
  const file = fileIn(dataDirectory);
  if (make) await placeSecret(dataDirectory, randomBytes(32).toString('base64url'));
  else if (!(await stat(file).catch(ifAbsent))?.size) return undefined;
  const { mode } = await stat(file);
  if (process.platform !== 'win32' && (mode & 0o077) !== 0) {
    throw new StowageError('secret.exposed', 'Others may read the file that holds the secret.', {
      item: file,
      remedy: `Run \`chmod 600 ${file}\`; if somebody may have read it, give your Stash a new API key.`,
    });
  }
  return readFile(file, 'utf8');
}

function ifAbsent(error: NodeJS.ErrnoException): undefined {
  if (error.code !== 'ENOENT') throw error;
}

function ifPresent(error: NodeJS.ErrnoException): void {
  if (error.code !== 'EEXIST') throw error;
}
