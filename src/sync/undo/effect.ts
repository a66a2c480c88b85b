import type { RecordLines } from '../../library/runRecords.ts';
import type { Values } from '../../model/held.ts';
import { fieldOf, type Kind } from '../../model/kinds.ts';
import { sameValue } from '../../model/records.ts';
import { isEmpty } from '../compare.ts';

/** What a run made of a record, all its lines together. */
export interface Effect {
  /** Whether the record was there before the run, and after it. */
  wasThere: boolean;
  isThere: boolean;
  /** The fields that changed: facts are their sources' own, and not among them. */
  fields: Map<string, { before: unknown; after: unknown }>;
  /** What a record that was made was given, as it was when the run ended. */
  made: Values | undefined;
  /** Folds of it, as the journal tells them: made (`after`), or taken back (`before`). */
  folds: { before: unknown; after: unknown }[];
}

export function effectOf({ kind, lines }: Pick<RecordLines, 'kind' | 'lines'>): Effect {
  const effect: Effect = {
    wasThere: true,
    isThere: true,
    fields: new Map(),
    made: undefined,
    folds: [],
  };
  let isFirst = true;
  for (const { action, field, before, after } of lines) {
    if (action === 'fold') effect.folds.push({ before, after });
    else if (field !== null) {
      if (!merges(kind, field)) continue;
      effect.fields.set(field, { before: effect.fields.get(field)?.before ?? before, after });
      if (effect.made) effect.made[field] = after;
    } else {
      if (isFirst) effect.wasThere = action === 'delete';
      isFirst = false;
      effect.isThere = action !== 'delete';
      if (action === 'create') effect.made = { ...(after as Values) };
    }
  }
  return effect;
}

/** Is a record that a run made still as the run left it? What it was not given is to be empty. */
export const isUntouched = (kind: Kind, made: Values, now: Values): boolean =>
  Object.entries(now).every(([field, value]) => {
    if (!merges(kind, field)) return true;
    return Object.hasOwn(made, field) ? sameValue(made[field], value) : isEmpty(value);
  });

export const merges = (kind: Kind, field: string): boolean =>
  fieldOf(kind, field)?.merge !== 'fact';
