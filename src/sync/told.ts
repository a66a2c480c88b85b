import { isLibraryId, toSource } from '../library/translate.ts';
import type { Values } from '../model/held.ts';
import type { Kind } from '../model/kinds.ts';
import type { Named } from './names.ts';
import { withReferences } from './projection.ts';

export const pick = (from: Values, names: readonly string[]): Values =>
  Object.fromEntries(
    names.filter((name) => Object.hasOwn(from, name)).map((name) => [name, from[name]]),
  );

/** In the source's ids, without what it has no record for (one that it refused to make). */
export const asTold = (kind: Kind, values: Values, named: Named): Values =>
  withReferences(kind, toSource(kind, values, named.toSource), (_, id) => !isLibraryId(id));
