import { readFile, stat } from 'node:fs/promises';

/** The user whom the server runs as, by number. */
export interface Account {
  readonly uid: number;
  readonly gid: number;
}

/**
 * PostgreSQL refuses to run as root. For root it runs as the owner of the data directory where there is one, else as
 * `postgres`, else as `nobody`. For anyone else it runs as they are: undefined.
 */
export async function accountFor(dataDirectory: string): Promise<Account | undefined> {
  if (process.getuid?.() !== 0) return undefined;
  const owner = await stat(dataDirectory).catch(() => undefined);
  if (owner !== undefined && owner.uid !== 0) return { uid: owner.uid, gid: owner.gid };
  const users = await readFile('/etc/passwd', 'utf8').catch(() => '');
  return named('postgres', users) ?? named('nobody', users) ?? { uid: 65534, gid: 65534 };
}

function named(name: string, passwd: string): Account | undefined {
  const line = passwd.split('\n').find((each) => each.startsWith(`${name}:`));
  const [, , uid, gid] = line?.split(':') ?? [];
  return uid === undefined || gid === undefined
    ? undefined
    : { uid: Number(uid), gid: Number(gid) };
}
