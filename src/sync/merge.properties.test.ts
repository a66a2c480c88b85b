import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { valuesOf } from '../../test/support/merging/values.ts';
import type { Field } from '../model/fields.ts';
import { fieldsOf, kindNames } from '../model/kinds.ts';
import { sameValue } from '../model/records.ts';
import { mergeField, undoField } from './merge.ts';
import { countsOf } from './merging/counting.ts';
import type { FieldOptions, Merged, Settled, Side, Sides } from './merging/sides.ts';

// Every way in which a field merges, with one field that merges so.
const fields = new Map<string, Field>();
for (const kind of kindNames) {
  for (const [, field] of fieldsOf[kind]) {
    const way = field.merge === field.shape ? field.shape : `${field.merge} ${field.shape}`;
    if (field.merge !== 'fact' && !fields.has(way)) fields.set(way, field);
  }
}
const ids = ['one', 'two', 'three'];
const runs = 800;

type Policy = { settled: Settled; gone: { library: string[]; source: string[] } };

const policies: fc.Arbitrary<Policy> = fc.record({
  settled: fc.constantFrom<Settled>('library', 'stash', 'ask'),
  gone: fc.record({ library: fc.subarray(ids), source: fc.subarray(ids) }),
});

const optionsOf = ({ settled, gone }: Policy): FieldOptions => ({
  settle: () => settled,
  stays: (id: string, on: Side) => gone[on].includes(id),
});

const sidesOf = (field: Field): fc.Arbitrary<Sides> => {
  const value = valuesOf(field, ids);
  return fc
    .record({ base: fc.option(value, { nil: undefined }), library: value, source: value })
    .chain((sides) =>
      // Often only one side changed.
      fc.constantFrom(
        sides,
        sides.base === undefined ? sides : { ...sides, library: sides.base },
        sides.base === undefined ? sides : { ...sides, source: sides.base },
      ),
    );
};

function holds(
  what: string,
  applies: (field: Field) => boolean,
  property: (field: Field, sides: Sides, policy: Policy) => void,
): void {
  for (const [way, field] of fields) {
    if (!applies(field)) continue;
    test(`${way}: ${what}`, () => {
      fc.assert(
        fc.property(sidesOf(field), policies, (sides, policy) => property(field, sides, policy)),
        { numRuns: runs },
      );
    });
  }
}

const always = () => true;
const isElements = ({ shape }: Field) =>
  shape === 'refs' || shape === 'names' || shape === 'urls' || shape === 'instants';
/** Two values are the same, but for what one of them cannot tell. */
const agree = ({ shape }: Field, a: unknown, b: unknown) =>
  shape === 'stashIds' ? sameValue(idsIn(a), idsIn(b)) : sameValue(a, b);
const idsIn = (value: unknown) =>
  Object.entries(value as { [endpoint: string]: { stashId: string }[] })
    .map(([endpoint, some]) => [endpoint, some.map(({ stashId }) => stashId)])
    .sort();
const nothingGone = { library: [], source: [] };

holds('merged again, nothing changes', always, (field, sides, policy) => {
  const options = optionsOf(policy);
  const merged = mergeField(field, sides, options);
  const again = mergeField(field, after(merged), options);
  const isOpen = isOrderOpen(field, merged);
  for (const part of ['library', 'source', 'base', 'unsent'] as const) {
    const was = part === 'unsent' ? merged.base : merged[part];
    if (isOpen) assert.deepEqual(everyPlaceless(again[part]), everyPlaceless(was), part);
    else assert.deepEqual(again[part], was, part);
  }
  assert.deepEqual(
    again.questions.map(({ key }) => key),
    merged.questions.map(({ key }) => key),
  );
  // Their order, too, is settled the second time.
  if (isOpen) assert.deepEqual(after(mergeField(field, after(again), options)), after(again));
});

/** While it is asked whether a sub-group belongs here, where it goes among others is settled a round later now and then. */
const isOrderOpen = ({ shape }: Field, { questions }: Merged) =>
  shape === 'subGroups' && questions.length > 0;

const after = ({ library, source, base }: Merged): Sides => ({ library, source, base });

holds('cut off before the source was written, it ends the same', always, (field, sides, policy) => {
  // Where a sub-group that is gone on a side goes among others that moved is nobody's to say.
  const gone = field.shape === 'subGroups' ? nothingGone : policy.gone;
  const options = optionsOf({ ...policy, gone });
  const merged = mergeField(field, sides, options);
  const half = { base: merged.unsent, library: merged.library, source: sides.source };
  const resumed = mergeField(field, half, options);
  const isOpen = isOrderOpen(field, merged);
  for (const part of ['library', 'source', 'base'] as const) {
    if (isOpen) assert.deepEqual(everyPlaceless(resumed[part]), everyPlaceless(merged[part]), part);
    else assert.deepEqual(resumed[part], merged[part], part);
  }
});

const everyPlaceless = (value: unknown) =>
  Object.fromEntries(Object.entries(value ?? {}).map(([key, one]) => [key, placeless(one)]));

holds('what only one side changed is what both have then', always, (field, sides, policy) => {
  if (sides.base === undefined) return;
  const options = optionsOf({ ...policy, gone: nothingGone });
  const { base, library, source } = sides;
  const theirs = mergeField(field, { base, library: base, source }, options);
  assert.equal(theirs.questions.length, 0);
  assert.ok(agree(field, theirs.library, source) && agree(field, theirs.source, source));
  const ours = mergeField(field, { base, library, source: base }, options);
  assert.equal(ours.questions.length, 0);
  assert.ok(agree(field, ours.library, library) && agree(field, ours.source, library));
});

holds('where nothing is asked, both sides and the base agree', always, (field, sides, policy) => {
  const options = optionsOf({ ...policy, gone: nothingGone });
  const { library, source, base, questions } = mergeField(field, sides, options);
  if (questions.length > 0) return;
  assert.ok(agree(field, library, source), 'sides');
  assert.ok(agree(field, source, base), 'base');
});

holds(
  'it does not matter which side is which',
  ({ merge, shape }) => merge !== 'list' && shape !== 'names' && shape !== 'subGroups',
  (field, sides, policy) => {
    const turned = { library: 'stash', stash: 'library', ask: 'ask' } as const;
    const { base, library, source } = sides;
    const { library: there, source: here } = policy.gone;
    const one = mergeField(field, sides, optionsOf(policy));
    const other = mergeField(
      field,
      { base, library: source, source: library },
      optionsOf({ settled: turned[policy.settled], gone: { library: here, source: there } }),
    );
    assert.ok(agree(field, one.library, other.source));
    assert.ok(agree(field, one.source, other.library));
  },
);

holds('nothing that a side added is missing', isElements, (field, sides, policy) => {
  const merged = mergeField(field, sides, optionsOf({ ...policy, gone: nothingGone }));
  const [had, here, there, now] = countsIn(sides, merged, field.shape === 'names' ? folded : same);
  for (const [element, count] of [...here, ...there]) {
    const before = had?.get(element) ?? 0;
    const removed = [here, there].map((side) => Math.max(0, before - (side.get(element) ?? 0)));
    if (count > before) assert.ok((now.get(element) ?? 0) >= count - Math.max(...removed), element);
  }
});

holds('nothing comes back that a side took out', isElements, (field, sides, policy) => {
  if (sides.base === undefined) return;
  const merged = mergeField(field, sides, optionsOf({ ...policy, gone: nothingGone }));
  const [had, here, there, now] = countsIn(sides, merged);
  for (const [element, before] of had ?? []) {
    const [ours, theirs] = [here.get(element) ?? 0, there.get(element) ?? 0];
    if (ours <= before && theirs <= before && ours + theirs < 2 * before) {
      assert.ok((now.get(element) ?? 0) <= Math.min(ours, theirs), element);
    }
  }
});

/** How often each element is there. */
function countsIn({ base, library, source }: Sides, merged: Merged, seen = same) {
  const counts = (value: unknown) => countsOf(seen(value as string[]));
  const had = base === undefined ? undefined : counts(base);
  return [had, counts(library), counts(source), counts(merged.library)] as const;
}

const same = (elements: string[]) => elements;
/** Two names that differ only in case are one. */
const folded = (names: string[]) => [...new Set(names.map((name) => name.toLowerCase()))];

holds('values stay in canonical order', isElements, ({ shape }, sides, policy) => {
  if (shape === 'urls') return;
  const field = [...fields.values()].find((one) => one.shape === shape) as Field;
  const merged = mergeField(field, sides, optionsOf(policy));
  for (const value of [merged.library, merged.source, merged.base, merged.unsent] as string[][]) {
    if (value === undefined) continue;
    const key = (at: string) => (shape === 'instants' ? Date.parse(at) : at);
    for (const [i, one] of value.entries()) {
      if (i > 0) assert.ok(key(value[i - 1] as string) <= key(one));
    }
  }
});

holds(
  'what is asked of one entry leaves the others alone',
  ({ merge }) => merge === 'keyed',
  (field, sides, policy) => {
    const options = optionsOf({ settled: 'ask', gone: policy.gone });
    const merged = mergeField(field, sides, options);
    const asked = new Set(merged.questions.map(({ key }) => key));
    for (const key of asked) {
      for (const side of ['library', 'source'] as const) {
        assert.ok(sameButPlace(own(merged[side], key), own(sides[side], key)), side);
      }
      assert.ok(sameButPlace(own(merged.base, key), own(sides.base ?? {}, key)), 'base');
    }
    const settled = mergeField(field, sides, optionsOf({ ...policy, settled: 'library' }));
    for (const key of Object.keys(settled.library as object)) {
      if (asked.has(key)) continue;
      assert.ok(sameButPlace(own(merged.library, key), own(settled.library, key)), key);
    }
  },
);

const own = (entries: unknown, key: string): unknown =>
  Object.hasOwn(entries as object, key) ? (entries as { [key: string]: unknown })[key] : undefined;
const sameButPlace = (a: unknown, b: unknown) => sameValue(placeless(a), placeless(b));
const placeless = (value: unknown) =>
  value !== null && typeof value === 'object' && 'position' in value
    ? { ...value, position: 0 }
    : value;

holds(
  'sub-groups are numbered from 0 without gaps',
  ({ shape }) => shape === 'subGroups',
  (field, sides, policy) => {
    const merged = mergeField(field, sides, optionsOf(policy));
    for (const side of [merged.library, merged.source, merged.base]) {
      if (side === undefined) continue;
      const places = Object.values(side as { [id: string]: { position: number } });
      assert.deepEqual(
        places.map(({ position }) => position).sort(),
        places.map((_, i) => i),
      );
    }
  },
);

holds('a question that is open is left alone', always, (field, sides, policy) => {
  const merged = mergeField(field, sides, { ...optionsOf(policy), isOpen: (key) => key === '' });
  assert.deepEqual(after(merged), {
    ...sides,
    base: sameValue(sides.library, sides.source) ? sides.source : sides.base,
  });
  assert.equal(merged.questions.length + merged.agreed.length, 1);
});

holds(
  'a record that is gone on a side is not given to it, nor taken from the other',
  ({ target }) => target !== undefined,
  (field, sides, policy) => {
    const merged = mergeField(field, sides, optionsOf(policy));
    for (const [side, other] of [
      ['library', 'source'],
      ['source', 'library'],
    ] as const) {
      const [had, has] = [named(sides[side]), named(merged[side])];
      for (const id of policy.gone[side]) {
        if (had.has(id)) continue;
        assert.ok(!has.has(id), `${id} given to the ${side}`);
        const stood = named(sides.base).has(id) === named(sides[other]).has(id);
        const isSeen = !policy.gone[other].includes(id) && named(sides[other]).has(id);
        if (field.shape !== 'ref' && isSeen && (stood || sides.base === undefined)) {
          assert.ok(named(merged[other]).has(id), `${id} taken from the ${other}`);
        }
      }
    }
  },
);

const named = (value: unknown): ReadonlySet<string> => {
  if (value === null || value === undefined) return new Set();
  if (typeof value === 'string') return new Set([value]);
  return new Set(Array.isArray(value) ? value : Object.keys(value));
};

holds('taken back at once, a change leaves nothing', always, (field, { base, library }) => {
  if (base === undefined) return;
  const undone = undoField(field, { before: base, after: library, now: library });
  assert.ok(agree(field, undone.value, base));
  assert.equal(undone.changedSince.length, 0);
  const redone = undoField(field, { before: library, after: base, now: undone.value });
  assert.ok(agree(field, redone.value, library));
});
