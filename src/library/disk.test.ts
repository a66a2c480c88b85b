import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fileSystemOf, isNetwork } from './disk.ts';

// Lines as Linux writes them; 0:52 is minor number 52 of the devices without a disk.
const mounts = `
25 1 254:0 / / rw,relatime shared:1 - ext4 /dev/vda rw
61 25 0:52 / /mnt/nas rw,relatime shared:30 master:1 - nfs4 nas:/volume1 rw,vers=4.2
62 25 0:53 / /mnt/far rw,nosuid - fuse.sshfs me@far:/ rw
63 25 0:1300 / /mnt/user rw,nosuid - fuse.shfs shfs rw
`;

test('the file system of a path is found by its device number', () => {
  assert.equal(fileSystemOf((254 << 8) | 0, mounts), 'ext4');
  assert.equal(fileSystemOf(52, mounts), 'nfs4');
  assert.equal(fileSystemOf(53, mounts), 'fuse.sshfs');
  assert.equal(fileSystemOf((1300 & 0xff) | ((1300 & ~0xff) << 12), mounts), 'fuse.shfs');
  assert.equal(fileSystemOf(54, mounts), undefined);
});

test('a database is kept on file systems of this machine only', () => {
  for (const type of ['nfs', 'nfs4', 'cifs', 'smb3', 'ceph', 'fuse.sshfs', 'fuse.rclone'])
    assert.equal(isNetwork(type), true, type);
  for (const type of [
    'ext4',
    'btrfs',
    'zfs',
    'tmpfs',
    'overlay',
    'fuseblk',
    'fuse.mergerfs',
    'fuse.shfs',
  ])
    assert.equal(isNetwork(type), false, type);
});
