import type { Library } from '../library.ts';
import { now } from './fields.ts';

interface MoveInput {
  input: {
    ids: string[];
    destination_folder?: string | null;
    destination_folder_id?: string | null;
    destination_basename?: string | null;
  };
}

/** The file's time moves, the scene's stays. */
export function moveFiles(library: Library, { input }: MoveInput): boolean {
  const folder = folderOf(library, input);
  for (const id of input.ids) {
    library.run(
      `update files set parent_folder_id = ?, basename = coalesce(?, basename), updated_at = ?
       where id = ?`,
      folder,
      input.destination_basename ?? null,
      now(),
      Number(id),
    );
  }
  return true;
}

function folderOf(library: Library, input: MoveInput['input']): number {
  if (input.destination_folder_id) return Number(input.destination_folder_id);
  const path = input.destination_folder;
  if (!path) throw new Error('must specify destination folder or path');
  const there = library.scalar('select id from folders where path = ?', path);
  if (typeof there === 'number') return there;
  const parent = library.scalar(
    `select id from folders where zip_file_id is null and substr(?, 1, length(path)) = path
     order by length(path) desc limit 1`,
    path,
  );
  if (typeof parent !== 'number') {
    throw new Error(`folder path ${path} must be within a stash library path`);
  }
  return library.run(
    `insert into folders (path, parent_folder_id, mod_time, created_at, updated_at)
     values (?1, ?2, ?3, ?3, ?3)`,
    path,
    parent,
    now(),
  );
}

interface FingerprintsInput {
  input: { id: string; fingerprints: { type: string; value?: string | null }[] };
}

export function setFingerprints(library: Library, { input }: FingerprintsInput): boolean {
  const file = Number(input.id);
  for (const { type, value } of input.fingerprints) {
    if (type === 'md5' || type === 'oshash') throw new Error(`cannot modify ${type} fingerprint`);
    library.run('delete from files_fingerprints where file_id = ? and type = ?', file, type);
    if (value === null || value === undefined) continue;
    library.run(
      'insert into files_fingerprints (file_id, type, fingerprint) values (?, ?, ?)',
      file,
      type,
      type === 'phash' ? BigInt.asIntN(64, BigInt(`0x${value}`)) : value,
    );
  }
  return true;
}
