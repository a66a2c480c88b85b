import type { ClientBase } from 'pg';
import type { PictureStore } from './store.ts';

/**
 * Takes pictures off the list whose files are gone from the store, or are of another size, and returns how many. The
 * list says what the store holds; someone may have deleted files, or brought the database without them.
 */
export async function forgetLost(client: ClientBase, store: PictureStore): Promise<number> {
  let lost = 0;
  let after = '';
  for (;;) {
    const { rows } = await client.query<{ md5: string; size: string }>(
      'SELECT md5, size FROM qar.pictures WHERE md5 > $1 ORDER BY md5 LIMIT 1000',
      [after],
    );
    if (rows.length === 0) return lost;
    after = (rows.at(-1) as { md5: string }).md5;
    const sizes = await Promise.all(rows.map(({ md5 }) => store.size(md5)));
    const gone = rows.filter(({ size }, i) => sizes[i] !== Number(size)).map(({ md5 }) => md5);
    if (gone.length === 0) continue;
    await client.query('DELETE FROM qar.pictures WHERE md5 = ANY ($1)', [gone]);
    lost += gone.length;
  }
}
