import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Values } from '../model/held.ts';
import { type Kind, kinds } from '../model/kinds.ts';
import { type MergeOptions, mergeField, mergeRecord, undoField } from './merge.ts';
import type { FieldOptions, Sides } from './merging/sides.ts';

const { title, rating, tags, studio, urls, groups, stashIds, customFields, plays, playDuration } =
  kinds.scene;

const merged = (field: Parameters<typeof mergeField>[0], sides: Sides, options?: FieldOptions) => {
  const { library, source, questions } = mergeField(field, sides, options);
  return questions.length > 0 ? { library, source, asked: questions } : { library, source };
};
const both = (value: unknown) => ({ library: value, source: value });

test('a value is that of the side that changed it', () => {
  assert.deepEqual(merged(title, { base: 'a', library: 'b', source: 'a' }), both('b'));
  assert.deepEqual(merged(title, { base: 'a', library: 'a', source: '' }), both(''));
  assert.deepEqual(merged(title, { base: 'a', library: 'b', source: 'b' }), both('b'));
});

test('a value that both sides changed is asked, and stays as it is on both', () => {
  const sides = { base: 'a', library: 'b', source: 'c' };
  const asked = mergeField(title, sides);
  assert.deepEqual(asked, {
    ...sides,
    unsent: 'a',
    questions: [{ key: '', ...sides }],
    agreed: [],
  });
  assert.deepEqual(merged(title, sides, { settle: () => 'library' }), both('b'));
  assert.deepEqual(merged(title, sides, { settle: () => 'stash' }), both('c'));
});

test('of two records that just met, an empty value gives way, and two different ones are asked', () => {
  const met = (field: typeof title | typeof rating, library: unknown, source: unknown) =>
    merged(field, { base: undefined, library, source });
  assert.deepEqual(met(title, '', 'a'), both('a'));
  assert.deepEqual(met(title, 'a', ''), both('a'));
  assert.deepEqual(met(rating, null, 0), both(0));
  assert.equal(met(rating, 0, 20).asked?.length, 1, 'a rating of 0 was given');
  assert.equal(met(title, 'a', 'b').asked?.length, 1);
  assert.deepEqual(met(title, ' a', 'a'), both('a'), 'the source trims');
  assert.deepEqual(met(title, 'a', 'a '), both('a'));
  const flag = { base: undefined, library: false, source: true };
  assert.deepEqual(merged(kinds.scene.organized, flag), both(true));
  const resumed = { base: undefined, library: 12.5, source: 0 };
  assert.deepEqual(merged(kinds.scene.resumeTime, resumed), both(12.5));
});

test('a set is what it was, with what either side added, without what either took out', () => {
  const base = ['1', '2', '3'];
  const sides = { base, library: ['1', '3', '4'], source: ['1', '2', '5'] };
  assert.deepEqual(merged(tags, sides), both(['1', '4', '5']));
  assert.deepEqual(merged(tags, { ...sides, base: undefined }), both(['1', '2', '3', '4', '5']));
});

test('a tag that is gone at the source, which does not travel, stays on the library’s scenes', () => {
  const stays = (id: string, on: string) => id === '2' && on === 'source';
  const sides = { base: ['1', '2'], library: ['1', '2'], source: ['1'] };
  const merged = mergeField(tags, sides, { stays });
  assert.deepEqual([merged.library, merged.source, merged.base], [['1', '2'], ['1'], ['1', '2']]);
  const one = mergeField(studio, { base: '2', library: '2', source: null }, { stays });
  assert.deepEqual([one.library, one.source, one.base], ['2', null, '2']);
  const put = mergeField(tags, { base: [], library: ['2'], source: ['1'] }, { stays });
  assert.deepEqual([put.library, put.source, put.base], [['1', '2'], ['1'], ['1']]);
});

test('an alias written otherwise on one side does not become two', () => {
  const { aliases } = kinds.tag;
  const wrote = { base: ['Anna', 'b'], library: ['Anna', 'b'], source: ['anna', 'b', 'c'] };
  assert.deepEqual(merged(aliases, wrote), both(['anna', 'b', 'c']));
  const met = { base: undefined, library: ['Anna'], source: ['anna', 'x'] };
  assert.deepEqual(merged(aliases, met), both(['Anna', 'x']));
  const two = { base: ['A', 'a'], library: ['A', 'a', 'b'], source: ['A', 'a'] };
  assert.deepEqual(merged(aliases, two), both(['A', 'a', 'b']), 'a side that has two keeps two');
});

test('addresses merge with their number, in the order of the side that changed it', () => {
  const base = ['a', 'b', 'c'];
  const ordered = { base, library: ['a', 'b', 'c', 'd'], source: ['c', 'b', 'a'] };
  assert.deepEqual(merged(urls, ordered), both(['c', 'd', 'b', 'a']));
  const first = { base, library: ['a', 'b', 'c', 'd'], source: ['x', 'a', 'b', 'c'] };
  assert.deepEqual(merged(urls, first), both(['x', 'a', 'b', 'c', 'd']));
  const twice = { base: ['a', 'a'], library: ['a'], source: ['a', 'a', 'b'] };
  assert.deepEqual(merged(urls, twice), both(['a', 'b']));
  const met = { base: undefined, library: ['b', 'a', 'a'], source: ['c', 'a', 'b', 'b'] };
  assert.deepEqual(merged(urls, met), both(['b', 'a', 'a', 'c', 'b']));
});

test('each entry is a value: what is asked of one leaves the others alone', () => {
  const sides = {
    base: { a: 1, b: 1, c: 1 },
    library: { a: 2, b: 2, c: 1 },
    source: { a: 3, b: 1, d: null },
  };
  const { library, source, base, questions } = mergeField(customFields, sides);
  assert.deepEqual(library, { a: 2, b: 2, d: null });
  assert.deepEqual(source, { a: 3, b: 2, d: null });
  assert.deepEqual(base, { a: 1, b: 2, d: null });
  assert.deepEqual(questions, [{ key: 'a', base: 1, library: 2, source: 3 }]);
});

test('an entry that one side took out and the other changed is asked', () => {
  const sides = { base: { g: 1 }, library: {}, source: { g: 2 } };
  const { library, source, questions } = mergeField(groups, sides);
  assert.deepEqual([library, source], [{}, { g: 2 }]);
  assert.deepEqual(questions, [{ key: 'g', base: 1, library: undefined, source: 2 }]);
});

test('a custom field may be named like anything', () => {
  const source = JSON.parse('{"__proto__": 1, "constructor": 2}');
  const { library } = mergeField(customFields, { base: {}, library: {}, source });
  assert.deepEqual(Object.entries(library as object).sort(), [
    ['__proto__', 1],
    ['constructor', 2],
  ]);
});

test('a server that does not keep when a stash id was updated does not take that away', () => {
  const dated = { box: [{ stashId: 'x', updatedAt: '2024-01-01T00:00:00Z' }] };
  const plain = { box: [{ stashId: 'x' }] };
  const sides = { base: plain, library: dated, source: plain };
  assert.deepEqual(merged(stashIds, sides), { library: dated, source: plain });
  const later = { box: [{ stashId: 'x', updatedAt: '2024-01-01T00:00:00.5Z' }] };
  assert.deepEqual(
    merged(stashIds, { base: undefined, library: dated, source: later }),
    both(later),
  );
});

test('sub-groups keep one order, whichever side moved and whichever added some', () => {
  const { subGroups } = kinds.group;
  const ordered = (...ids: string[]) =>
    Object.fromEntries(ids.map((id, position) => [id, { position, description: id }]));
  const sides = {
    base: ordered('a', 'b', 'c'),
    library: ordered('a', 'b', 'c', 'd'),
    source: ordered('c', 'a'),
  };
  assert.deepEqual(merged(subGroups, sides), both(ordered('c', 'd', 'a')));
});

test('of a history, one event seen twice is one; what one side added or took out counts', () => {
  const [x, y] = ['2021-02-02T03:04:05Z', '2022-01-01T00:00:00Z'];
  assert.deepEqual(merged(plays, { base: [], library: [x], source: [x, x] }), both([x, x]));
  assert.deepEqual(merged(plays, { base: [x, y], library: [y], source: [x, y, y] }), both([y, y]));
  assert.deepEqual(
    merged(plays, { base: undefined, library: [x, x], source: [x, y] }),
    both([x, x, y]),
  );
  const early = '2021-02-02T03:04:05.5Z';
  assert.deepEqual(merged(plays, { base: [], library: [x], source: [early] }), both([x, early]));
});

test('a counter gains what either side counted, and never falls below nothing', () => {
  assert.deepEqual(merged(playDuration, { base: 10, library: 15, source: 12 }), both(17));
  assert.deepEqual(merged(playDuration, { base: 10, library: 0, source: 2 }), both(0));
  assert.deepEqual(merged(playDuration, { base: 0.1, library: 0.1, source: 0.3 }), both(0.3));
  assert.deepEqual(merged(playDuration, { base: undefined, library: 3, source: 7 }), both(7));
});

test('cut off before the source was written, nothing counts twice', () => {
  const { library, unsent } = mergeField(playDuration, { base: 10, library: 15, source: 12 });
  assert.deepEqual([library, unsent], [17, 12]);
  assert.deepEqual(merged(playDuration, { base: unsent, library, source: 12 }), both(17));
});

test('a fact is never merged', () => {
  const sides = { base: '', library: '', source: '' };
  assert.throws(() => mergeField(kinds.scene.createdAt, sides), TypeError);
});

test('a change is taken back but for what was changed since', () => {
  const [before, after] = [
    ['1', '2'],
    ['2', '3'],
  ];
  assert.deepEqual(undoField(tags, { before, after, now: ['2', '3', '4'] }), {
    value: ['1', '2', '4'],
    changedSince: [],
  });
  const { value, changedSince } = undoField(title, { before: 'a', after: 'b', now: 'c' });
  assert.deepEqual([value, changedSince.length], ['c', 1]);
  assert.equal(undoField(playDuration, { before: 5, after: 20, now: 22 }).value, 7);
});

const record = (
  kind: Kind,
  sides: { base?: Values; library: Values; source: Values },
  options: Partial<MergeOptions> = {},
) => mergeRecord(kind, { base: undefined, ...sides }, { policy: { default: 'ask' }, ...options });

test('of a record, only what changes is named; what a source cannot tell is left alone', () => {
  const result = record('scene', {
    base: { title: 'a', code: 'x', tags: ['1'] },
    library: { title: 'b', code: 'x', tags: ['1'], details: 'kept', createdAt: '2020' },
    source: { title: 'a', code: 'y', tags: ['1'], createdAt: '2021' },
  });
  assert.deepEqual(result, {
    library: { code: 'y' },
    source: { title: 'b' },
    base: { title: 'b', code: 'y' },
    unsent: { code: 'y' },
    conflicts: [],
    waiting: [],
    agreed: [],
  });
});

test('a policy settles by field, kind and default; the newest only where both times are known', () => {
  const sides = { base: { title: 'a' }, library: { title: 'b' }, source: { title: 'c' } };
  const settled = (policy: MergeOptions['policy'], times?: MergeOptions['times']) => {
    const { library, source, conflicts } = record('scene', sides, { policy, times });
    return conflicts.length > 0 ? 'asked' : (library.title ?? source.title);
  };
  assert.equal(settled({}), 'b');
  assert.equal(settled({ default: 'stash' }), 'c');
  assert.equal(settled({ default: 'library', scene: 'stash' }), 'c');
  assert.equal(settled({ default: 'stash', scene: 'stash', 'scene.title': 'ask' }), 'asked');
  assert.equal(settled({ default: 'newest' }), 'asked');
  const [old, recent] = ['2021-01-01T02:00:00+02:00', '2021-01-01T00:00:01Z'];
  assert.equal(settled({ default: 'newest' }, { library: old, source: recent }), 'c');
  assert.equal(settled({ default: 'newest' }, { library: recent, source: old }), 'b');
  assert.equal(settled({ default: 'newest' }, { library: null, source: old }), 'asked');
});

test('a locked field keeps what the library has, and the source is given it', () => {
  const locked = new Set(['title', 'tags']);
  const result = record(
    'scene',
    {
      base: { title: 'a', tags: ['1'], code: '' },
      library: { title: 'a', tags: ['1'], code: '' },
      source: { title: 'b', tags: ['1', '2'], code: 'x' },
    },
    { locked },
  );
  assert.deepEqual(result.library, { code: 'x' });
  assert.deepEqual(result.source, { title: 'a', tags: ['1'] });
});

test('an open question waits, until both sides agree by themselves', () => {
  const open = new Map([
    ['title', new Set([''])],
    ['customFields', new Set(['k'])],
  ]);
  const sides = {
    base: { title: 'a', customFields: { k: 1, l: 1 } },
    library: { title: 'b', customFields: { k: 2, l: 2 } },
    source: { title: 'a', customFields: { k: 3, l: 1 } },
  };
  const waiting = record('scene', sides, { open });
  assert.deepEqual(waiting.library, {});
  assert.deepEqual(waiting.source, { customFields: { k: 3, l: 2 } });
  assert.deepEqual(waiting.base, { customFields: { k: 1, l: 2 } });
  assert.deepEqual(waiting.conflicts, []);
  assert.deepEqual(
    waiting.waiting.map(({ field, key }) => [field, key]),
    [
      ['title', ''],
      ['customFields', 'k'],
    ],
  );
  const agreed = record('scene', { ...sides, source: { title: 'b' } }, { open });
  assert.deepEqual(agreed.agreed, [{ field: 'title', key: '' }]);
  assert.deepEqual(agreed.base, { title: 'b' });
});

test('what a source cannot store stays in the library and is not sent again and again', () => {
  const canHold = (field: string, value: unknown) => field !== 'date' || value !== '2018';
  const sides = { base: { date: null }, library: { date: '2018' }, source: { date: null } };
  const { library, source, base } = record('scene', sides, { canHold });
  assert.deepEqual([library, source, base], [{}, {}, {}]);
  const changed = record('scene', { ...sides, source: { date: '2019-01-01' } }, { canHold });
  assert.equal(changed.conflicts.length, 1);
});

test('what came back from the source otherwise than sent is no change', () => {
  const sides = { base: { title: 'a' }, library: { title: ' a ' }, source: { title: 'a' } };
  const sent = { title: ' a ' };
  const quiet = record('scene', sides, { sent });
  assert.deepEqual([quiet.library, quiet.source, quiet.base], [{}, {}, {}]);
  const news = record('scene', { ...sides, source: { title: 'b' } }, { sent });
  assert.deepEqual([news.library, news.conflicts], [{ title: 'b' }, []]);
});

test('what a source dropped of a value that it was sent stays here when it changes there', () => {
  const one = (field: string, base: unknown, library: unknown, source: unknown) =>
    record(
      'performer',
      { base: { [field]: base }, library: { [field]: library }, source: { [field]: source } },
      { sent: { [field]: library } },
    );
  const addresses = one('urls', ['a'], ['a', 'b'], ['c']);
  assert.deepEqual(addresses.library, { urls: ['c', 'b'] });
  assert.deepEqual(addresses.source, { urls: ['c', 'b'] });
  const keyed = one('customFields', { a: 1 }, { a: 1.5, b: 2 }, { a: 3 });
  assert.deepEqual([keyed.library, keyed.conflicts], [{ customFields: { a: 3, b: 2 } }, []]);
  const trimmed = one('aliases', ['x'], [' x'], ['x', 'y']);
  assert.deepEqual(trimmed.library, { aliases: ['x', 'y'] });
});

test('a cover that the other side took out of the gallery is none any more', () => {
  const { library, source } = record('gallery', {
    base: { images: ['1', '2'], cover: null },
    library: { images: ['1', '2'], cover: '1' },
    source: { images: ['2'], cover: null },
  });
  assert.deepEqual(library, { images: ['2'], cover: null });
  assert.deepEqual(source, {});
});

test('a name that the other side noted as an alias is not both', () => {
  const { library, source } = record('performer', {
    base: { name: 'Ann', aliases: [] },
    library: { name: 'Anna', aliases: [] },
    source: { name: 'Ann', aliases: ['anna', 'x'] },
  });
  assert.deepEqual(library, { aliases: ['x'] });
  assert.deepEqual(source, { name: 'Anna', aliases: ['x'] });
});

test('a hierarchy whose union would close a loop is settled as a whole, or asked', () => {
  const sides = {
    base: { parents: ['1'] },
    library: { parents: ['1', '2'] },
    source: { parents: ['1', '3'] },
  };
  const looping = (how: 'settle' | 'ask', policy: MergeOptions['policy']) =>
    record('tag', sides, { policy, looping: new Map([['parents', how]]) });
  const settled = looping('settle', { default: 'library' });
  assert.deepEqual([settled.library, settled.source], [{}, { parents: ['1', '2'] }]);
  const theirs = looping('settle', { default: 'stash' });
  assert.deepEqual([theirs.library, theirs.source], [{ parents: ['1', '3'] }, {}]);
  const asked = looping('ask', { default: 'stash' });
  assert.deepEqual([asked.library, asked.source, asked.conflicts.length], [{}, {}, 1]);
});

test('where both ends are asked, a lock on one of them does not push its edges', () => {
  const sides = { base: { parent: null }, library: { parent: '2' }, source: { parent: null } };
  const options = { locked: new Set(['parent']), looping: new Map([['parent', 'ask' as const]]) };
  const { source, conflicts } = record('studio', sides, options);
  assert.deepEqual([source, conflicts.length], [{}, 1]);
});

test('a locked value that the source keeps otherwise is not sent again and again', () => {
  const [locked, sent] = [new Set(['title']), { title: ' a ' }];
  const sides = { base: { title: 'a' }, library: { title: ' a ' }, source: { title: 'a' } };
  assert.deepEqual(record('scene', sides, { locked, sent }).source, {});
  const changed = record('scene', { ...sides, source: { title: 'b' } }, { locked, sent });
  assert.deepEqual([changed.library, changed.source], [{}, { title: ' a ' }]);
});

test('what goes to the source is agreed to anew, though it is what was agreed before', () => {
  const sides = { base: { title: 'a' }, library: { title: 'a' }, source: { title: 'b' } };
  const { source, base, unsent } = record('scene', sides, { locked: new Set(['title']) });
  assert.deepEqual([source, base, unsent], [{ title: 'a' }, { title: 'a' }, { title: 'b' }]);
});
