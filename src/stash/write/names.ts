import type { Id } from '../../model/fields.ts';
import type { Values } from '../../model/held.ts';
import type { Words, WrittenKind } from './entry.ts';
import type { Item } from './item.ts';
import type { Run } from './run.ts';
import { sendUpdates, updateOf } from './updates.ts';

/*
 * Two tags may not have one name, nor may the name of one be an alias of the other; so where two swap names, or one
 * takes the name that another gives up, the first request would be refused. Those that give up a name which another
 * one of the same write wants are therefore renamed for a moment, before anything else.
 *
 * A write that stops in between leaves such a name behind: `stowage:12:the name before`, with the record's own number.
 * Nobody else gives such names, so whoever reads one knows (`temporaryName`) that it is none of the source's making,
 * and that the record is still to be given the one that the library has for it. The next write does just that: for
 * it this is a record whose name changes, as any other.
 */

const prefix = 'stowage:';

/** The name before, where this one was only given for a moment by a write that was stopped; else undefined. */
export function temporaryName(name: string, id: Id): string | undefined {
  const start = `${prefix}${id}:`;
  return name.startsWith(start) ? name.slice(start.length) : undefined;
}

/** What a name is unique among: SQLite's NOCASE, which folds ASCII only. */
const fold = (name: string): string =>
  name.replace(/[A-Z]/g, (letter) => letter.toLowerCase()).trim();

/** The names that a record has for itself. Those of performers are told apart by more, but that may be unknown. */
const claims: { readonly [K in WrittenKind]?: (values: Values, words: Words) => string[] } = {
  tag: ({ name, aliases }) => [name, ...list(aliases)].filter(isText).map(fold),
  studio: ({ name, aliases }) => [name, ...list(aliases)].filter(isText).map(fold),
  performer: ({ name }) => [name].filter(isText).map(fold),
  // Movies had names of their own (before v0.27), groups may share theirs.
  group: ({ name }, { serves }) => (serves('sub_groups') ? [] : [name].filter(isText).map(fold)),
  savedFilter: ({ name }) => [name].filter(isText).map(fold),
};

/** Takes from the items the names that others of them are to get. */
export async function freeNames(run: Run, items: readonly Item[]): Promise<void> {
  const claimed = claims[run.kind];
  if (!claimed) return;
  const claim = (values: Values) => claimed(values, run.words);
  const wantedBy = new Map<string, Set<Item>>();
  for (const item of items) {
    const { before, after } = item.change;
    const held = new Set(claim(before));
    for (const name of claim(after)) {
      if (held.has(name)) continue;
      const others = wantedBy.get(name) ?? new Set();
      wantedBy.set(name, others.add(item));
    }
  }
  const isWanted = (name: string, item: Item): boolean =>
    !claim(item.change.after).includes(fold(name)) &&
    [...(wantedBy.get(fold(name)) ?? [])].some((other) => other !== item);
  const pieces = [];
  for (const item of items) {
    const { before } = item.change;
    const values: Values = {};
    if (isText(before.name) && isWanted(before.name, item)) {
      item.formerName = before.name;
      values.name = `${prefix}${item.remoteId}:${before.name}`;
    }
    const aliases = list(before.aliases);
    const kept = aliases.filter((alias) => !isWanted(alias, item));
    if (kept.length < aliases.length) values.aliases = kept;
    const piece = await updateOf(run, item, values);
    if (piece) pieces.push({ ...piece, done: () => {} });
  }
  await run.tell(pieces.map(({ change }) => change));
  await sendUpdates(run, pieces);
}

/** What could not get its new name gets the old one again, if nobody has taken that. */
export async function giveNamesBack(run: Run, items: readonly Item[]): Promise<void> {
  const pieces = [];
  for (const item of items) {
    const { formerName, error, record } = item;
    if (formerName === undefined || 'name' in record) continue;
    item.error = undefined;
    const piece = await updateOf(run, item, { name: formerName });
    item.error = error;
    // Where that is refused, too, the next write has another try.
    const done = () => {
      item.formerName = undefined;
    };
    if (piece) pieces.push({ ...piece, done, failed: () => {} });
  }
  await sendUpdates(run, pieces);
}

const isText = (value: unknown): value is string => typeof value === 'string';
const list = (value: unknown): string[] => (Array.isArray(value) ? value : []);
