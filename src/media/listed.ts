import type { ClientBase } from 'pg';
import type { PictureId } from '../model/fields.ts';
import { inParallel } from './parallel.ts';
import type { PictureStore } from './store.ts';

/**
 * How closely files are held against the list: by their sizes, and with `changed` also by the bytes of those that were changed
 * since they were listed; or all by their bytes.
 */
export type Closeness = 'sizes' | 'changed' | 'bytes';

export interface Checking {
  client: ClientBase;
  store: PictureStore;
  closeness: Closeness;
  signal: AbortSignal;
  progress?: (count: number) => void;
}

/** What of a page of the list is not in the folder as it is listed, and what is though its file was changed. */
interface Checked {
  lost: PictureId[];
  changed: PictureId[];
}

/** Holds the files of the folder against the list of pictures. Someone may have deleted, damaged or exchanged them. */
async function* checkListed(checking: Checking): AsyncGenerator<Checked> {
  const { client, store, closeness, signal, progress } = checking;
  for (let after = ''; ; ) {
    const { rows } = await client.query<{ md5: PictureId; size: string; at: Date }>(
      'SELECT md5, size, held_at AS at FROM qar.pictures WHERE md5 > $1 ORDER BY md5 LIMIT 1000',
      [after],
    );
    const last = rows.at(-1);
    if (last === undefined) return;
    after = last.md5;
    const checked: Checked = { lost: [], changed: [] };
    await inParallel(
      rows,
      atOnce,
      async ({ md5, size, at }) => {
        const file = await store.stat(md5);
        if (file?.size !== Number(size)) {
          checked.lost.push(md5);
          return;
        }
        const isChanged = file.changedAt > at.getTime();
        if (closeness === 'bytes' || (closeness === 'changed' && isChanged)) {
          if (!(await store.check(md5))) checked.lost.push(md5);
          else if (isChanged) checked.changed.push(md5);
        }
      },
      signal,
    );
    yield checked;
    progress?.(rows.length);
  }
}

const atOnce = 8;

/** Takes pictures off the list that are not in the folder as they are listed, and returns how many. */
export async function forgetLost(checking: Checking): Promise<number> {
  const { client } = checking;
  let forgotten = 0;
  for await (const { lost, changed } of checkListed(checking)) {
    forgotten += lost.length;
    if (lost.length > 0) {
      await client.query('DELETE FROM qar.pictures WHERE md5 = ANY ($1)', [lost]);
    }
    if (changed.length > 0) {
      await client.query(
        'UPDATE qar.pictures SET held_at = clock_timestamp() WHERE md5 = ANY ($1)',
        [changed],
      );
    }
  }
  return forgotten;
}

/** The pictures that are listed and not in the folder; nothing is changed. */
export async function lostPictures(checking: Checking): Promise<Set<PictureId>> {
  const all = new Set<PictureId>();
  for await (const { lost } of checkListed(checking)) for (const md5 of lost) all.add(md5);
  return all;
}
