import { type Batch, type Node, type TypeName, tableOf } from './batch.ts';
import type { Library } from './library.ts';

/*
 * What a real server refuses of data that it holds itself. Measured on v0.25.1 and v0.30.1; the words are the same, but for
 * values that may not be null (`graphql.ts`).
 */

const fileTables: { [T in TypeName]?: { table: string; owner: string } } = {
  Scene: { table: 'scenes_files', owner: 'scene_id' },
  Image: { table: 'images_files', owner: 'image_id' },
  Gallery: { table: 'galleries_files', owner: 'gallery_id' },
};

const within = 'in (select value from json_each(?))';

/** Records that are listed, or looked up, together: one that cannot be read fails all of them. */
export function listable(nodes: Node[]): Node[] {
  const [first] = nodes;
  const why = first && refusalOf(first.batch);
  if (why) throw new Error(why);
  return nodes;
}

const refused = Symbol('refused');

const refusalOf = (batch: Batch): string | undefined =>
  batch
    .loaded(refused, () => {
      const why = twoPrimaries(batch) ?? unreadable(batch);
      return new Map(why === undefined ? [] : [[0, why]]);
    })
    .get(0);

function twoPrimaries({ library, type, parameter }: Batch): string | undefined {
  const files = fileTables[type];
  if (!files) return undefined;
  const id = library.scalar(
    `select ${files.owner} from ${files.table} where "primary" = 1 and ${files.owner} ${within}
     group by 1 having count(*) > 1 order by 1`,
    parameter,
  );
  return id === undefined
    ? undefined
    : `internal error: multiple rows returned for single ${type.toLowerCase()} id ${id}`;
}

/** A text in a column of numbers. */
function unreadable({ library, type, parameter }: Batch): string | undefined {
  const table = tableOf(library, type);
  for (const [index, column] of numbersOf(library, table)) {
    const found = library.scalar(
      `select cast(${column} as text) from ${table}
       where id ${within} and typeof(${column}) in ('text', 'blob')`,
      parameter,
    );
    if (found === undefined) continue;
    return `sql: Scan error on column index ${index}, name "${column}": converting driver.Value type string ("${found}") to a int64: invalid syntax`;
  }
  return undefined;
}

const numbersOf = (library: Library, table: string): [index: number, column: string][] =>
  library
    .rows('select name, type from pragma_table_info(?)', table)
    .flatMap(([name, type], i) =>
      /int|float|bool/i.test(String(type)) && name !== 'id' ? [[i, String(name)]] : [],
    );

/** Asked for by their ids, scenes are told with the length and size of their primary files, and so not without these. */
export function withPrimaryFile(nodes: Node[]): Node[] {
  const [first] = nodes;
  if (first?.batch.type !== 'Scene') return nodes;
  const { library, parameter } = first.batch;
  const [bad] = library.rows(
    `select s.file_id, f.id from scenes_files s
       left join files f on f.id = s.file_id
       left join video_files v on v.file_id = s.file_id left join image_files i on i.file_id = s.file_id
     where s."primary" = 1 and s.scene_id ${within}
       and (f.id is null or v.file_id is null or i.file_id is not null) order by s.scene_id`,
    parameter,
  );
  if (!bad) return nodes;
  const [id, row] = bad;
  throw new Error(
    row === null ? `getting file by id ${id}: sql: no rows in result set` : 'not a video file',
  );
}
