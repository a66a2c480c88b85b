import assert from 'node:assert/strict';
import { describe, type TestContext, test } from 'node:test';
import { isRefused, isWritten, writing } from '../../../test/support/writing.ts';
import type { ServerVersion } from '../../contract/schema.ts';
import type { Values } from '../../model/held.ts';
import type { Kind } from '../../model/kinds.ts';
import type { SourceChange, WriteResult, Written } from '../../model/writing.ts';
import { temporaryName } from './names.ts';

interface Case {
  kind: Kind;
  version: ServerVersion;
  /** What is there, and what is to become of it. */
  records: [before: Values, after: Values][];
}

const cases: { [what: string]: Case } = {
  'two tags swap their names': {
    kind: 'tag',
    version: 'v0.30',
    records: [
      [{ name: 'one' }, { name: 'TWO' }],
      [{ name: 'two' }, { name: 'One' }],
    ],
  },
  'three tags pass their names round': {
    kind: 'tag',
    version: 'v0.25',
    records: [
      [{ name: 'one' }, { name: 'two' }],
      [{ name: 'two' }, { name: 'three' }],
      [{ name: 'three' }, { name: 'one' }],
    ],
  },
  'a name moves on in a row': {
    kind: 'tag',
    version: 'v0.28',
    records: [
      [{ name: 'one' }, { name: 'two' }],
      [{ name: 'two' }, { name: 'three' }],
    ],
  },
  'a name becomes an alias of another, whose alias becomes the name': {
    kind: 'tag',
    version: 'v0.30',
    records: [
      [
        { name: 'one', aliases: ['old'] },
        { name: 'two alias', aliases: ['old'] },
      ],
      [
        { name: 'two', aliases: ['two alias', 'kept'] },
        { name: 'two', aliases: ['kept', 'one'] },
      ],
    ],
  },
  'aliases change places': {
    kind: 'studio',
    version: 'v0.30',
    records: [
      [
        { name: 's one', aliases: ['a'] },
        { name: 's one', aliases: ['b'] },
      ],
      [
        { name: 's two', aliases: ['b'] },
        { name: 's two', aliases: ['a'] },
      ],
    ],
  },
  'two studios swap their names': {
    kind: 'studio',
    version: 'newer',
    records: [
      [{ name: 's one' }, { name: 's two' }],
      [{ name: 's two' }, { name: 's one' }],
    ],
  },
  'two performers swap their names': {
    kind: 'performer',
    version: 'v0.30',
    records: [
      [{ name: 'p one' }, { name: 'p two' }],
      [{ name: 'p two' }, { name: 'p one' }],
    ],
  },
  'two movies swap their names': {
    kind: 'group',
    version: 'v0.25',
    records: [
      [{ name: 'm one' }, { name: 'm two' }],
      [{ name: 'm two' }, { name: 'm one' }],
    ],
  },
  'two filters swap their names': {
    kind: 'savedFilter',
    version: 'v0.30',
    records: [
      [{ mode: 'SCENES', name: 'f one' }, { name: 'f two' }],
      [{ mode: 'SCENES', name: 'f two' }, { name: 'f one' }],
    ],
  },
};

async function swapping(t: TestContext, { kind, version, records }: Case) {
  const all = await writing(t, version);
  const changes: SourceChange[] = [];
  for (const [before, after] of records) {
    const create = { kind, action: 'create', remoteId: null, before: {}, after: before } as const;
    const [made] = (await all.write([create])) as [Written];
    const held = Object.fromEntries(Object.keys(after).map((field) => [field, before[field]]));
    changes.push({ kind, action: 'update', remoteId: made.remoteId, before: held, after });
  }
  return { ...all, changes };
}

describe('in one write', () => {
  for (const [what, given] of Object.entries(cases)) {
    test(what, async (t) => {
      const { write, changes } = await swapping(t, given);
      const results = await write(changes);
      assert.deepEqual(results.filter(isRefused), []);
      for (const { change, record } of results as Written[]) {
        const { updatedAt: _, ...values } = record;
        assert.deepEqual(values, change.after);
      }
    });
  }
});

describe('a swap of names', () => {
  const given = cases['two tags swap their names'] as Case;
  const namesOf = (rows: unknown[]) => rows as { id: number; name: string }[];
  const select = "select id, name from tags where name like '%one' or name like '%two' order by id";

  test('that was stopped in between is known by its names, and finished by the next write', async (t) => {
    const { write, simulator, changes } = await swapping(t, given);
    simulator.faults.add({ kind: 'status', status: 401, on: 'tagUpdate', nth: 2 });
    await assert.rejects(write(changes), { code: 'source.unauthorized' });
    simulator.faults.clear();
    const left = namesOf(simulator.rows(select));
    assert.deepEqual(
      left.map(({ id, name }) => temporaryName(name, id)),
      ['one', 'two'],
    );
    const again = changes.map((change, i) => ({ ...change, before: { name: left[i]?.name } }));
    assert.ok((await write(again)).every(isWritten));
    assert.deepEqual(
      namesOf(simulator.rows(select)).map(({ name }) => name),
      ['TWO', 'One'],
    );
  });

  test('of which both are refused gives the old name back', async (t) => {
    const { write, simulator, changes } = await swapping(t, given);
    const [first, second] = changes as [SourceChange, SourceChange];
    const taken = { ...first, action: 'create', remoteId: null, before: {} } as const;
    assert.ok((await write([{ ...taken, after: { name: 'taken' } }])).every(isWritten));
    const results = await write([
      { ...first, after: { name: 'Taken' } },
      { ...second, before: { aliases: [] }, after: { aliases: ['one', 'taken'] } },
    ]);
    const of = ({ remoteId }: SourceChange) =>
      results.find(({ change }) => change.remoteId === remoteId) as WriteResult;
    assert.ok(isRefused(of(first)));
    assert.deepEqual(leftOut(of(second)), ['one', 'taken'], 'both are names of others');
    const names = namesOf(simulator.rows(select)).map(({ name }) => name);
    assert.deepEqual(names, ['one', 'two']);
  });

  test('leaves a name alone that only looks like one', () => {
    assert.equal(temporaryName('stowage:12:x', 13), undefined);
    assert.equal(temporaryName('stowage', 12), undefined);
  });
});

describe('in a hierarchy', () => {
  const chain = async (t: TestContext, kind: Kind, make: (below: number | null) => Values) => {
    const all = await writing(t, 'v0.30');
    const ids: number[] = [];
    for (const name of ['h one', 'h two', 'h three']) {
      const after = { name, ...make(ids.at(-1) ?? null) };
      const create = { kind, action: 'create', remoteId: null, before: {}, after } as const;
      const [made] = (await all.write([create])) as [Written];
      ids.push(made.remoteId);
    }
    return { ...all, ids: ids as [number, number, number] };
  };
  const turned = (kind: Kind, remoteId: number, field: string, before: unknown, after: unknown) =>
    ({
      kind,
      action: 'update',
      remoteId,
      before: { [field]: before },
      after: { [field]: after },
    }) as const;

  test('tags are turned upside down without a loop on the way', async (t) => {
    const {
      write,
      ids: [one, two, three],
    } = await chain(t, 'tag', (id) => ({ parents: id ? [id] : [] }));
    const results = await write([
      turned('tag', one, 'parents', [], [two]),
      turned('tag', two, 'parents', [one], [three]),
      turned('tag', three, 'parents', [two], []),
    ]);
    assert.deepEqual(results.filter(isRefused), []);
  });

  test('studios, too', async (t) => {
    const {
      write,
      ids: [one, two, three],
    } = await chain(t, 'studio', (parent) => ({ parent }));
    const results = await write([
      turned('studio', one, 'parent', null, two),
      turned('studio', two, 'parent', one, three),
      turned('studio', three, 'parent', two, null),
    ]);
    assert.deepEqual(results.filter(isRefused), []);
  });

  test('and groups', async (t) => {
    const sub = (id: number | null) => (id ? { [id]: { position: 0, description: '' } } : {});
    const {
      write,
      ids: [one, two, three],
    } = await chain(t, 'group', (id) => ({ subGroups: sub(id) }));
    const results = await write([
      turned('group', one, 'subGroups', {}, sub(two)),
      turned('group', two, 'subGroups', sub(one), sub(three)),
      turned('group', three, 'subGroups', sub(two), {}),
    ]);
    assert.deepEqual(results.filter(isRefused), []);
  });

  test('a loop is refused to the one that closes it', async (t) => {
    const {
      write,
      ids: [one, two],
    } = await chain(t, 'tag', () => ({ parents: [] }));
    const results = await write([
      turned('tag', one, 'parents', [], [two]),
      turned('tag', two, 'parents', [], [one]),
    ]);
    assert.deepEqual(results.map(leftOut), [[], [String(one)]]);
  });
});

/** The elements that the server did not take. */
const leftOut = (result: WriteResult | undefined): string[] =>
  result && isWritten(result) ? (result.left ?? []).map(({ key }) => key).sort() : [];
