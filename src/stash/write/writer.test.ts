import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { isRefused, isWritten, writing } from '../../../test/support/writing.ts';
import { serverVersions } from '../../contract/schema.ts';
import type { Values } from '../../model/held.ts';
import type { Kind } from '../../model/kinds.ts';
import type { SourceChange, WriteResult, Written } from '../../model/writing.ts';
import type { Simulator } from '../../simulator/simulator.ts';
import { connect } from '../server.ts';
import { inFrontOf, serve } from '../testing.ts';
import { openWriter } from './writer.ts';

const update = (kind: Kind, remoteId: number, before: Values, after: Values): SourceChange => ({
  kind,
  action: 'update',
  remoteId,
  before,
  after,
});
const create = (kind: Kind, after: Values): SourceChange => ({
  kind,
  action: 'create',
  remoteId: null,
  before: {},
  after,
});
const destroy = (kind: Kind, remoteId: number): SourceChange => ({
  kind,
  action: 'delete',
  remoteId,
  before: {},
  after: {},
});
const titled = (count: number): SourceChange[] =>
  Array.from({ length: count }, (_, i) =>
    update('scene', i + 1, { title: '' }, { title: `title ${i + 1}` }),
  );
const asked = (simulator: { requests: readonly { names: readonly string[] }[] }, name: string) =>
  simulator.requests.filter(({ names }) => names.includes(name)).length;

for (const version of serverVersions) {
  test(`${version}: what was stored is told, and no more is sent and asked than is written`, async (t) => {
    const { write, simulator } = await writing(t, version);
    const change = update('scene', 1, { title: 'a', tags: [1] }, { title: ' t ', tags: [3, 2] });
    const [result] = (await write([change])) as [Written];
    const { updatedAt, ...record } = result.record;
    assert.match(String(updatedAt), /^20/);
    const title = version === 'v0.25' || version === 'v0.28' ? ' t ' : 't';
    assert.deepEqual(
      { ...result, record },
      { change, remoteId: 1, record: { title, tags: [2, 3] } },
    );
    const { query, variables } = simulator.requests.at(-1) ?? {};
    assert.match(query ?? '', /\{ id updated_at title tags \{ id \} \}/);
    assert.deepEqual(variables, { input0: [{ id: '1', title: ' t ', tag_ids: ['3', '2'] }] });
  });
}

describe('a batch', () => {
  test('that is refused is halved down to what is bad in it', async (t) => {
    const { write, simulator } = await writing(t, 'v0.30');
    const changes = titled(60);
    changes[41] = update('scene', 42, { tags: [] }, { tags: [1, 999] });
    changes[7] = update('scene', 999, { title: '' }, { title: 'of no scene' });
    const results = await write(changes);
    assert.equal(results.length, 60);
    const refused = results.filter(isRefused);
    assert.deepEqual(
      refused.map(({ change }) => change),
      [changes[7]],
    );
    const inPart = results.filter(isWritten).filter(({ left }) => left !== undefined);
    assert.deepEqual(
      inPart.map(({ change, left, record }) => [change, left?.map(({ key }) => key), record.tags]),
      [[changes[41], ['999'], [1]]],
    );
    for (const { error, change } of refused) {
      assert.equal(error.code, 'source.refused');
      assert.equal(error.item, `scene ${change.remoteId}`);
      assert.match(error.message, /FOREIGN KEY|not found/);
    }
    const done = simulator.rows("select id from scenes where title like 'title %'");
    assert.equal(done.length, 58);
  });

  test('of mutations of their own names each that is refused, and is sent once', async (t) => {
    const { write, simulator } = await writing(t, 'v0.30');
    const results = await write(
      [3, 999, 5].map((id) => update('tag', id, { description: '' }, { description: 'd' })),
    );
    assert.deepEqual(results.map(isWritten), [true, false, true]);
    assert.equal(asked(simulator, 'tagUpdate'), 1);
  });

  test('that is too large for a gateway is halved, and those after it are not as large', async (t) => {
    const { write, simulator } = await writing(t, 'v0.30');
    simulator.faults.add({ kind: 'status', status: 413, on: 'scenesUpdate', times: 2 });
    const results = await write(titled(60));
    assert.ok(results.every(isWritten));
    assert.equal(asked(simulator, 'scenesUpdate'), 5);
  });

  test('has no more than about a megabyte', async (t) => {
    const { write, simulator } = await writing(t, 'v0.30');
    const details = 'x'.repeat(400_000);
    const changes = [1, 2, 3, 4, 5].map((id) => update('scene', id, { details: '' }, { details }));
    assert.ok((await write(changes)).every(isWritten));
    assert.equal(asked(simulator, 'scenesUpdate'), 3);
  });

  test('is not halved for a locked database, but sent again', async (t) => {
    const { write, simulator } = await writing(t, 'v0.30');
    simulator.faults.add({ kind: 'locked', on: 'scenesUpdate', times: 4 });
    assert.ok((await write(titled(60))).every(isWritten));
    assert.equal(asked(simulator, 'scenesUpdate'), 5);
  });

  test('sends only those parts again that found the database locked', async (t) => {
    const { simulator } = await writing(t, 'v0.30');
    let times = 0;
    const locked = (told: string, operation: string) => {
      if (operation !== 'TagUpdate' || ++times > 1) return told;
      const { data } = JSON.parse(told);
      const errors = [{ message: 'database is locked', path: ['part1'] }];
      return JSON.stringify({ data: { ...data, part1: null }, errors });
    };
    const { client } = await serve(t, inFrontOf(simulator.url, locked));
    const writer = openWriter(await connect(client), { firstPause: 1 });
    const results = await Array.fromAsync(
      writer.write([3, 4, 5].map((id) => update('tag', id, {}, { description: 'd' }))),
    );
    assert.ok(results.every(isWritten));
    const sent = simulator.requests.filter(({ names }) => names.includes('tagUpdate'));
    assert.deepEqual(
      sent.map(({ variables }) =>
        Object.values(variables ?? {}).map((input) => (input as { id: string }).id),
      ),
      [['3', '4', '5'], ['4']],
    );
  });

  test('waits while the server runs a task, but not for ever', async (t) => {
    const waited: string[] = [];
    const { write, simulator } = await writing(t, 'v0.30', {
      onWaiting: (task) => {
        waited.push(task);
        setTimeout(() => {
          simulator.jobs = [];
        }, 40);
      },
    });
    simulator.jobs = [{ id: '1', status: 'RUNNING', description: 'Scanning...' }];
    assert.ok((await write(titled(3))).every(isWritten));
    assert.deepEqual(waited, ['Scanning...']);
    const other = await writing(t, 'v0.30', { patience: 50 });
    other.simulator.jobs = [{ id: '2', status: 'RUNNING', description: 'Generating...' }];
    await assert.rejects(other.write(titled(3)), { code: 'source.locked', message: /Generating/ });
    assert.equal(asked(other.simulator, 'scenesUpdate'), 0);
  });
});

describe('what was not answered', () => {
  const lost = [
    { kind: 'reset', after: 5 },
    { kind: 'truncate', after: 5 },
    { kind: 'status', status: 502 },
    { kind: 'refuse', ms: 20 },
  ] as const;
  for (const fault of lost) {
    test(`is not counted twice: ${fault.kind}`, async (t) => {
      const { write, simulator } = await writing(t, 'v0.30');
      simulator.sql(`delete from scenes_view_dates; delete from scenes_o_dates;
        insert into scenes_view_dates (scene_id, view_date) values (1, '2019-01-01T00:00:00Z')`);
      const [one, two] = ['2020-01-01T00:00:00Z', '2021-01-01T00:00:00Z'];
      simulator.faults.add({ ...fault, on: /^sceneAddPlay$/, times: 2 });
      const results = await write([
        update(
          'scene',
          1,
          { plays: ['2019-01-01T00:00:00Z'], os: [] },
          { plays: [one, one, two], os: [one] },
        ),
        update('scene', 2, { plays: [] }, { plays: [two] }),
      ]);
      // What arrived the first time is not sent again.
      assert.equal(simulator.faults.fired, 'after' in fault ? 1 : 2);
      assert.deepEqual(
        results
          .toSorted((a, b) => Number(a.change.remoteId) - Number(b.change.remoteId))
          .map((result) => isWritten(result) && result.record),
        [{ plays: [one, one, two], os: [one] }, { plays: [two] }],
      );
      const rows = simulator.rows(
        'select scene_id, view_date from scenes_view_dates order by 1, 2',
      );
      assert.deepEqual(
        rows.map((row) => Object.values(row as object)),
        [
          [1, one],
          [1, one],
          [1, two],
          [2, two],
        ],
      );
      assert.equal(simulator.rows('select * from scenes_o_dates').length, 1);
    });

    test(`is not counted up twice: ${fault.kind}`, async (t) => {
      const { write, simulator } = await writing(t, 'v0.30');
      simulator.sql('update images set o_counter = id % 3');
      simulator.faults.add({ ...fault, on: /^image(In|De)crementO$/, times: 2 });
      const changes = [1, 2, 3, 4].map((id) =>
        update('image', id, { oCounter: id % 3 }, { oCounter: id }),
      );
      const results = await write(changes);
      assert.deepEqual(
        results.map((result) => isWritten(result) && result.record.oCounter).sort(),
        [1, 2, 3, 4],
      );
      const rows = simulator.rows('select o_counter from images where id <= 4 order by id');
      assert.deepEqual(
        rows.map((row) => Object.values(row as object)),
        [[1], [2], [3], [4]],
      );
    });

    test(`is not made twice: ${fault.kind}`, async (t) => {
      const picture = 'd41d8cd98f00b204e9800998ecf8427e';
      const { write, simulator } = await writing(t, 'v0.30', {
        picture: async () => Buffer.from('x'),
      });
      for (const on of [
        'tagCreate',
        'galleryCreate',
        'sceneCreate',
        'sceneMarkerCreate',
        'galleryChapterCreate',
        'saveFilter',
      ]) {
        simulator.faults.add({ ...fault, on, times: 2 });
      }
      const made: SourceChange[][] = [
        [
          create('tag', { name: ' new tag ', description: 'd', image: picture }),
          create('tag', { name: 'other' }),
        ],
        [
          create('gallery', { title: 'same', details: '1' }),
          create('gallery', { title: 'same', details: '2' }),
        ],
        [create('marker', { title: ' m ', seconds: 1, scene: 1, primaryTag: 1 })],
        [create('chapter', { title: 'c', imageIndex: 1, gallery: 1 })],
        [create('savedFilter', { mode: 'SCENES', name: 'f' })],
        [create('scene', { title: 's', playDuration: 3, plays: ['2020-01-01T00:00:00Z'] })],
      ];
      for (const changes of made) {
        const { kind } = changes[0] as SourceChange;
        const table = tables[kind] as string;
        const count = () => simulator.rows(`select * from ${table}`).length;
        const before = count();
        const results = await write(changes);
        assert.deepEqual(results.filter(isRefused), []);
        assert.equal(count() - before, changes.length, kind);
        assert.equal(
          new Set((results as Written[]).map(({ remoteId }) => remoteId)).size,
          changes.length,
        );
        for (const { change, record } of results as Written[]) {
          for (const [field, value] of Object.entries(change.after)) {
            assert.deepEqual(
              record[field],
              kind === 'gallery' ? value : trimmed(value),
              `${kind}.${field}`,
            );
          }
        }
      }
    });
  }

  const tables: { [K in Kind]?: string } = {
    tag: 'tags',
    gallery: 'galleries',
    scene: 'scenes',
    marker: 'scene_markers',
    chapter: 'galleries_chapters',
    savedFilter: 'saved_filters',
  };
  const trimmed = (value: unknown) => (typeof value === 'string' ? value.trim() : value);
});

describe('a field that is refused', () => {
  test('keeps none of the others back', async (t) => {
    const { write, simulator } = await writing(t, 'v0.30');
    const made = (await write([
      create('tag', { name: 'first' }),
      create('tag', { name: 'second' }),
    ])) as Written[];
    const ids = made.map(({ remoteId }) => remoteId);
    const after = { description: 'told', name: 'FIRST', sortName: 's' };
    const before = { description: '', name: 'second', sortName: '' };
    const [refused] = await write([update('tag', ids[1] as number, before, after)]);
    assert.ok(refused && isRefused(refused));
    assert.equal(refused.error.code, 'source.refused');
    assert.match(refused.error.message, /already exists/);
    const { updatedAt, ...record } = refused.written?.record ?? {};
    assert.deepEqual(record, { description: 'told', sortName: 's' });
    const [row] = simulator.rows(
      `select description, sort_name from tags where id = ${ids[1]}`,
    ) as { [column: string]: unknown }[];
    assert.deepEqual({ ...row }, { description: 'told', sort_name: 's' });
  });

  test('of a record that is made keeps it from nothing but that', async (t) => {
    const { write, simulator } = await writing(t, 'v0.30');
    await write([create('studio', { name: 'first' })]);
    const [made] = (await write([
      create('studio', { name: 'second', aliases: ['First'], details: 'told' }),
    ])) as [Written];
    assert.deepEqual(made.left, [
      { field: 'aliases', key: 'First', why: "studio with name 'First' already exists" },
    ]);
    const { createdAt, updatedAt, ...record } = made.record;
    assert.deepEqual(record, { name: 'second', aliases: [], details: 'told' });
    const [row] = simulator.rows(`select details from studios where name = 'second'`) as {
      [column: string]: unknown;
    }[];
    assert.equal(row?.details, 'told');
  });

  test('only because of another of the record is written after that', async (t) => {
    const { write, simulator } = await writing(t, 'v0.30');
    const [made] = (await write([create('tag', { name: 'first' })])) as [Written];
    const before = { aliases: [], name: 'first', description: '', parents: [] };
    const after = { aliases: ['FIRST'], name: 'other', parents: [999] };
    const [written] = (await write([update('tag', made.remoteId, before, after)])) as [Written];
    const { updatedAt, ...record } = written.record;
    assert.deepEqual(record, { name: 'other', aliases: ['FIRST'], parents: [] });
    assert.deepEqual(
      written.left?.map(({ field, key }) => [field, key]),
      [['parents', '999']],
    );
    const [row] = simulator.rows(`select name from tags where id = ${made.remoteId}`) as {
      [column: string]: unknown;
    }[];
    assert.equal(row?.name, 'other');
  });

  test('because it is its name leaves nothing behind', async (t) => {
    const { write, simulator } = await writing(t, 'v0.30');
    await write([create('tag', { name: 'first', aliases: ['one'] })]);
    for (const name of ['FIRST', 'One']) {
      const [refused] = await write([create('tag', { name, description: 'told' })]);
      assert.ok(refused && isRefused(refused) && !refused.written);
    }
    assert.deepEqual(simulator.rows(`select 1 from tags where description = 'told'`), []);
  });
});

const id = (stashId: string) => ({ stashId });
/** A field as it is and as it is to be; what of it is not taken; what is there then. */
const inPart: [Kind, string, unknown, unknown, string[], unknown][] = [
  [
    'tag',
    'aliases',
    ['Old'],
    ['Fine', 'Good', 'Old', 'TAKEN', 'other'],
    ['TAKEN', 'other'],
    ['Fine', 'Good', 'Old'],
  ],
  ['tag', 'aliases', ['Gone'], ['TAKEN'], ['TAKEN'], []],
  ['performer', 'aliases', [], ['Kim', 'kim', 'Own', 'ok'], ['kim', 'Own'], ['Kim', 'ok']],
  ['tag', 'parents', [], [1, 2, 999], ['999'], [1, 2]],
  ['scene', 'tags', [1], [1, 2, 998, 999], ['998', '999'], [1, 2]],
  ['scene', 'performers', [], [999], ['999'], []],
  [
    'scene',
    'stashIds',
    {},
    { e: [id('a'), id('b')], f: [id('c')] },
    ['e b'],
    { e: [id('a')], f: [id('c')] },
  ],
  ['scene', 'stashIds', { e: [id('b')] }, { e: [id('a'), id('b')] }, ['e a'], { e: [id('b')] }],
  ['scene', 'groups', {}, { 1: 2, 999: 1 }, ['999'], { 1: 2 }],
  [
    'performer',
    'customFields',
    { kept: 1 },
    {
      kept: 1,
      '': 1,
      ' led': 1,
      ['l'.repeat(65)]: 1,
      ['é'.repeat(33)]: 1,
      nested: { a: [1] },
      none: null,
      huge: 2n ** 64n,
      fine: 'x',
    },
    ['', ' led', 'l'.repeat(65), 'é'.repeat(33), 'nested', 'none', 'huge'],
    { kept: 1, fine: 'x' },
  ],
];

test('of a field the server is given all that it takes, and what it does not take is told', async (t) => {
  const { write } = await writing(t, 'v0.30');
  await write([create('tag', { name: 'taken' }), create('tag', { name: 'x', aliases: ['Other'] })]);
  for (const [i, [kind, field, before, after, left, stored]] of inPart.entries()) {
    const start =
      kind === 'scene'
        ? { title: `s${i}` }
        : { name: kind === 'performer' ? 'own' : `n${i}`, disambiguation: String(i) };
    const [made] = (await write([create(kind, { ...start, [field]: before })])) as [Written];
    const [result] = (await write([
      update(
        kind,
        made.remoteId,
        { [field]: before, details: '' },
        { [field]: after, details: 'told' },
      ),
    ])) as [Written];
    const what = `${kind}.${field} ${i}`;
    assert.deepEqual(result.left?.map(({ key }) => key).sort(), [...left].sort(), what);
    assert.ok(
      result.left?.every((one) => one.field === field && one.why !== ''),
      what,
    );
    assert.deepEqual(withoutTimes(result.record[field]), stored, what);
    assert.equal(result.record.details ?? 'told', 'told', what);
    // And where the record is made.
    const [whole] = (await write([
      create(kind, {
        ...start,
        ...('name' in start ? { name: `${start.name} more` } : {}),
        [field]: after,
      }),
    ])) as [Written];
    assert.ok(isWritten(whole), what);
  }
});

const withoutTimes = (value: unknown) =>
  JSON.parse(JSON.stringify(value, (key, one) => (key === 'updatedAt' ? undefined : one)));

describe('destroying', () => {
  test('what is gone already is done; what is refused is told', async (t) => {
    const { write, simulator } = await writing(t, 'v0.30');
    const [used] = simulator.rows('select primary_tag_id id from scene_markers limit 1') as [
      { id: number },
    ];
    const [free] = simulator.rows(
      'select id from tags where id not in (select primary_tag_id from scene_markers) limit 1',
    ) as [{ id: number }];
    const results = await write([used.id, 999, free.id].map((id) => destroy('tag', id)));
    assert.deepEqual(results.map(isRefused), [true, false, false]);
    const [refused] = results;
    assert.ok(refused && isRefused(refused));
    assert.match(refused.error.message, /primary tag/);
    assert.equal(simulator.rows(`select * from tags where id = ${free.id}`).length, 0);
  });
});

test('what is about to be sent is named before, and never while a result is being used', async (t) => {
  let inUse = false;
  const named: SourceChange[] = [];
  const { writer, simulator } = await writing(t, 'v0.30', {
    onSending: async (changes) => {
      assert.equal(inUse, false);
      assert.ok(asked(simulator, 'scenesUpdate') * 300 <= named.length);
      await new Promise((later) => setTimeout(later, 5));
      named.push(...changes);
    },
  });
  const changes = Array.from({ length: 1000 }, (_, i) =>
    update('scene', (i % 60) + 1, { title: '' }, { title: `title ${i}` }),
  );
  let count = 0;
  for await (const { change } of writer.write(changes)) {
    assert.ok(named.includes(change));
    inUse = true;
    if (++count % 100 === 0) await new Promise((later) => setTimeout(later, 5));
    inUse = false;
  }
  assert.equal(count, 1000);
  assert.deepEqual(new Set(named), new Set(changes));
  assert.equal(named.length, 1000);
});

/** Aborted while the server is at such a request. */
function stoppedDuring(simulator: Simulator, name: string): AbortSignal {
  const stop = new AbortController();
  simulator.faults.add({ kind: 'delay', ms: 100, on: name });
  const look = setInterval(() => {
    if (asked(simulator, name) === 0) return;
    clearInterval(look);
    stop.abort(new Error('enough'));
  }, 5);
  return stop.signal;
}

describe('stopping', () => {
  test('tells of all that was sent, and sends no more', async (t) => {
    const sent: SourceChange[] = [];
    const { writer, simulator } = await writing(t, 'v0.30', {
      onSending: async (changes) => void sent.push(...changes),
    });
    const stop = stoppedDuring(simulator, 'scenesUpdate');
    const changes = Array.from({ length: 700 }, (_, i) =>
      update('scene', (i % 60) + 1, { title: '' }, { title: `title ${i}` }),
    );
    const told: SourceChange[] = [];
    await assert.rejects(async () => {
      for await (const { change } of writer.write(changes, stop)) told.push(change);
    }, /enough/);
    assert.equal(told.length, 300);
    assert.ok(told.every((change) => sent.includes(change)));
    assert.equal(asked(simulator, 'scenesUpdate'), 1);
  });

  test('between the parts of a change tells which of them were written', async (t) => {
    const { writer, simulator } = await writing(t, 'v0.30');
    const stop = stoppedDuring(simulator, 'scenesUpdate');
    const change = update(
      'scene',
      1,
      { title: '', plays: [] },
      { title: 't', plays: ['2020-01-01T00:00:00Z'] },
    );
    const told: WriteResult[] = [];
    await assert.rejects(async () => {
      for await (const result of writer.write([change], stop)) told.push(result);
    }, /enough/);
    const [result] = told;
    assert.ok(result && isRefused(result));
    assert.equal(result.error.code, 'interrupted');
    assert.equal(result.written?.record.title, 't');
    assert.equal(asked(simulator, 'sceneAddPlay'), 0);
  });

  test('by a server that is gone tells of what was written before', async (t) => {
    const { writer, simulator } = await writing(t, 'v0.30');
    simulator.faults.add({ kind: 'status', status: 401, on: 'scenesUpdate', nth: 2 });
    const changes = Array.from({ length: 400 }, (_, i) =>
      update('scene', (i % 60) + 1, { title: '' }, { title: `title ${i}` }),
    );
    const told: WriteResult[] = [];
    await assert.rejects(
      async () => {
        for await (const result of writer.write(changes)) told.push(result);
      },
      { code: 'source.unauthorized' },
    );
    assert.equal(told.length, 300);
    assert.ok(told.every(isWritten));
  });
});

test('a picture that is not held is told, and nothing of the record is written', async (t) => {
  const { write } = await writing(t, 'v0.30', { picture: async () => null });
  const [result] = await write([
    update('tag', 1, {}, { image: 'd41d8cd98f00b204e9800998ecf8427e', name: 'x' }),
  ]);
  assert.ok(result && isRefused(result));
  assert.match(result.error.message, /d41d8cd98f00b204e9800998ecf8427e/);
});

test('what a server cannot hold is not sent; a change of nothing else is refused', async (t) => {
  const { write, simulator } = await writing(t, 'v0.25');
  const results = await write([
    update('tag', 1, {}, { sortName: 's', description: 'd' }),
    update('tag', 2, {}, { sortName: 's' }),
  ]);
  const [written, refused] = results.toSorted((a) => (isWritten(a) ? -1 : 1));
  assert.ok(written && isWritten(written) && refused && isRefused(refused));
  assert.deepEqual(Object.keys(written.record).sort(), ['description', 'updatedAt']);
  assert.equal(refused.error.code, 'source.unsupported');
  assert.equal(asked(simulator, 'tagUpdate'), 1);
});
