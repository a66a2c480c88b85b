import { mkdir, readFile, stat, statfs } from 'node:fs/promises';
import { dirname } from 'node:path';
import { StowageError } from '../model/errors.ts';

/** Bytes that we may still write where `path` lies. */
export async function freeBytes(path: string): Promise<number> {
  const { bavail, bsize } = await statfs(path);
  return bavail * bsize;
}

/** A database on a network file system is damaged sooner or later: locks and syncs there mean little. */
export async function refuseNetworkFileSystem(path: string): Promise<void> {
  const mounts = await readFile('/proc/self/mountinfo', 'utf8').catch(() => '');
  const type = fileSystemOf((await stat(path)).dev, mounts);
  if (type === undefined || !isNetwork(type)) return;
  throw new StowageError(
    'library.embedded',
    `The data directory lies on a network file system (${type}), where a database cannot be kept safely.`,
    {
      item: path,
      remedy:
        'Choose a --data on a disk of this machine, or name a PostgreSQL server with --database.',
    },
  );
}

/**
 * The type of the file system that a device number belongs to, as Linux lists it: by name, since all that run
 * outside the kernel, local or not, share one number in `statfs`.
 */
export function fileSystemOf(device: number, mountinfo: string): string | undefined {
  // As the kernel packs them for user space: 12 bits of the major number above the low 8 of the minor.
  const major = (device >> 8) & 0xfff;
  const minor = (device & 0xff) | ((device >> 12) & 0xfff00);
  const line = mountinfo.split('\n').find((each) => each.split(' ')[2] === `${major}:${minor}`);
  return line?.split(' - ')[1]?.split(' ')[0];
}

const network = new Set(
  'nfs nfs4 cifs smb3 smbfs afs ceph coda glusterfs lustre gpfs ocfs2 gfs2 ncpfs davfs'.split(' '),
);
/** Below FUSE, those that are known to be of this machine; any other is taken for one of the network. */
const local = new Set(
  'mergerfs shfs ntfs ntfs-3g exfat ext2 ext4 bcachefs zfs overlayfs'.split(' '),
);

export function isNetwork(type: string): boolean {
  if (type.startsWith('fuse.')) return !local.has(type.slice('fuse.'.length).replace(/^fuse-/, ''));
  return network.has(type);
}

/**
 * Makes a folder and those above it that are missing. One by one: `mkdir` with `recursive` never ends below a place
 * where folders cannot be made, such as `/proc` (Node 24).
 */
export async function makeFolder(folder: string, mode = 0o777): Promise<void> {
  const isFolder = await stat(folder).then(
    (found) => found.isDirectory(),
    () => false,
  );
  if (isFolder) return;
  if (dirname(folder) !== folder) await makeFolder(dirname(folder), mode);
  try {
    await mkdir(folder, { mode });
  } catch (error) {
    // Another process may have been quicker.
    const { code } = error as NodeJS.ErrnoException;
    if (code !== 'EEXIST' || !(await stat(folder)).isDirectory()) throw error;
  }
}
