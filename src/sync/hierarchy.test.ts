import assert from 'node:assert/strict';
import { test } from 'node:test';
import { kinds } from '../model/kinds.ts';
import { closesLoop, edgesOf, untangle } from './hierarchy.ts';
import { mergeField } from './merge.ts';

type Graph = { [id: string]: string[] };

const edges = (graph: Graph) => (id: string) => graph[id] ?? [];

test('an edge closes a loop where its end leads back to its start', () => {
  const graph = edges({ a: ['b'], b: ['c', 'd'], d: ['b'] });
  assert.equal(closesLoop(graph, 'c', 'a'), true);
  assert.equal(closesLoop(graph, 'a', 'a'), true);
  assert.equal(closesLoop(graph, 'a', 'c'), false);
  assert.equal(closesLoop(graph, 'e', 'd'), false, 'a loop that was there does not matter');
});

test('the edges of a hierarchy are read from any of its three forms', () => {
  assert.deepEqual(edgesOf(kinds.tag.parents, ['a', 'b']), ['a', 'b']);
  assert.deepEqual(edgesOf(kinds.studio.parent, null), []);
  assert.deepEqual(edgesOf(kinds.studio.parent, 'a'), ['a']);
  assert.deepEqual(edgesOf(kinds.group.subGroups, { a: { position: 0, description: '' } }), ['a']);
});

/** Which records loop when all are merged at once, and what each side has then. */
function untangled(
  { base, library, source }: { base: Graph; library: Graph; source: Graph },
  policy: 'library' | 'stash' | 'ask',
) {
  const ids = Object.keys({ ...base, ...library, ...source }).sort();
  const merge = (id: string, how: 'plain' | 'settle' | 'ask') => {
    const sides = { base: edges(base)(id), library: edges(library)(id), source: edges(source)(id) };
    const right = how === 'settle' ? policy : how;
    if (right === 'ask') return sides;
    if (right === 'library') return { library: sides.library, source: sides.library };
    if (right === 'stash') return { library: sides.source, source: sides.source };
    return mergeField(kinds.tag.parents, sides) as { library: string[]; source: string[] };
  };
  const looping = untangle(ids, { library: edges(library), source: edges(source) }, merge);
  const after = ids.map((id) => [id, merge(id, looping.get(id) ?? 'plain')] as const);
  return {
    looping: Object.fromEntries(looping),
    library: Object.fromEntries(after.map(([id, { library }]) => [id, library])),
    source: Object.fromEntries(after.map(([id, { source }]) => [id, source])),
  };
}

const crossed = { base: {}, library: { a: ['b'] }, source: { b: ['a'], c: ['a'] } };

test('edges that only together close a loop are settled by the policy, and the others merge', () => {
  const { looping, library, source } = untangled(crossed, 'library');
  assert.deepEqual(looping, { a: 'settle', b: 'settle' });
  assert.deepEqual(library, { a: ['b'], b: [], c: ['a'] });
  assert.deepEqual(source, library);
  const theirs = untangled(crossed, 'stash').library;
  assert.deepEqual(theirs, { a: [], b: ['a'], c: ['a'] });
});

test('where it is asked, both ends stay as they are on both sides', () => {
  const { library, source } = untangled(crossed, 'ask');
  assert.deepEqual(library, { a: ['b'], b: [], c: ['a'] });
  assert.deepEqual(source, { a: [], b: ['a'], c: ['a'] });
});

test('a loop through a record that is not merged now is asked, where the policy would keep it', () => {
  const library = edges({ far: ['b'], a: [], b: [] });
  const source = edges({ a: ['far'], b: ['a'] });
  const merge = (id: string, how: 'plain' | 'settle' | 'ask') =>
    how === 'ask'
      ? { library: library(id), source: source(id) }
      : { library: source(id), source: source(id) };
  const looping = untangle(['a', 'b'], { library, source }, merge);
  assert.deepEqual(Object.fromEntries(looping), { a: 'ask', b: 'ask' });
});
