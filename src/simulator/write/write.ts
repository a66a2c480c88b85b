import { type Node, nodeOf, tableOf } from '../batch.ts';
import type { Library } from '../library.ts';
import { dropPicture } from '../pictures.ts';
import { now, type Write } from './fields.ts';
import type { Writable } from './kinds.ts';

export type Input = { [field: string]: unknown };

export function create(library: Library, kind: Writable, input: Input): Node {
  const write: Write = {
    library,
    id: 0,
    columns: { created_at: now(), updated_at: now() },
    later: [],
  };
  take(write, kind, { ...kind.fields, ...kind.creating }, input);
  const columns = Object.keys(write.columns);
  write.id = library.run(
    `insert into ${tableOf(library, kind.type)} (${columns.map((name) => `"${name}"`)})
     values (${columns.map(() => '?')})`,
    ...Object.values(write.columns),
  );
  for (const act of write.later) act();
  return found(library, kind, write.id);
}

export function update(library: Library, kind: Writable, id: number, input: Input): Node {
  const table = tableOf(library, kind.type);
  const before = picturesOf(found(library, kind, id));
  const write: Write = { library, id, columns: { updated_at: now() }, later: [] };
  take(write, kind, kind.fields, input);
  const columns = Object.keys(write.columns);
  library.run(
    `update ${table} set ${columns.map((name) => `"${name}" = ?`)} where id = ?`,
    ...Object.values(write.columns),
    id,
  );
  for (const act of write.later) act();
  const after = found(library, kind, id);
  const kept = picturesOf(after);
  for (const checksum of before) if (!kept.includes(checksum)) dropPicture(library, checksum);
  return after;
}

export function destroy(library: Library, kind: Writable, id: number): void {
  const pictures = picturesOf(existing(library, kind, id));
  library.run(`delete from ${tableOf(library, kind.type)} where id = ?`, id);
  for (const checksum of pictures) dropPicture(library, checksum);
}

const picturesOf = ({ row }: Node): string[] =>
  Object.entries(row).flatMap(([column, checksum]) =>
    column.endsWith('_blob') && typeof checksum === 'string' ? [checksum] : [],
  );

/** The record, as it is now; throws where there is none. */
export function found(library: Library, kind: Writable, id: number): Node {
  const node = nodeOf(library, kind.type, id);
  if (!node) throw new Error(`${kind.word} with id ${id} not found`);
  return node;
}

/** The same, in other words: what is said depends on which of a real server's layers misses the record. */
export function existing(library: Library, kind: Writable, id: number): Node {
  const node = nodeOf(library, kind.type, id);
  if (!node) throw new Error(`id ${id} does not exist in ${tableOf(library, kind.type)}`);
  return node;
}

function take(write: Write, kind: Writable, fields: Writable['fields'], input: Input): void {
  for (const [name, value] of Object.entries(input)) fields[name]?.(write, value as never);
  kind.check?.(write, input);
}

/** Not of its own will, as most of what a record is part of. */
export function touch(library: Library, kind: Writable, id: number): void {
  library.run(`update ${tableOf(library, kind.type)} set updated_at = ? where id = ?`, now(), id);
}
