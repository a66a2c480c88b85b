import type { Node } from '../batch.ts';
import { nodeOf } from '../batch.ts';
import type { Library } from '../library.ts';
import { cut } from './fields.ts';

interface SaveInput {
  input: {
    id?: string | null;
    mode: string;
    name: string;
    find_filter?: object | null;
    object_filter?: object | null;
    ui_options?: object | null;
  };
}

export function saveFilter(library: Library, { input }: SaveInput): Node | null {
  const name = cut(library, input.name);
  if (name.trim() === '') throw new Error('name must be non-empty');
  const values = [
    input.mode,
    name,
    // What is left out is stored as a JSON null, not as NULL.
    ...[input.find_filter, input.object_filter, input.ui_options].map((part) =>
      JSON.stringify(part ?? null),
    ),
  ];
  let id = Number(input.id ?? 0);
  if (id) {
    library.run(
      `update saved_filters set mode = ?, name = ?, find_filter = ?, object_filter = ?,
         ui_options = ? where id = ?`,
      ...values,
      id,
    );
  } else {
    id = library.run(
      `insert into saved_filters (mode, name, find_filter, object_filter, ui_options)
       values (?, ?, ?, ?, ?)`,
      ...values,
    );
  }
  return nodeOf(library, 'SavedFilter', id);
}

export function destroyFilter(library: Library, { input }: { input: { id: string } }): boolean {
  if (!nodeOf(library, 'SavedFilter', Number(input.id))) {
    throw new Error(`id ${input.id} does not exist in saved_filters`);
  }
  library.run('delete from saved_filters where id = ?', Number(input.id));
  return true;
}
