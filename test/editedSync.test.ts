import assert from 'node:assert/strict';
import { hash } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { describe, test } from 'node:test';
import { inStep, stashOf } from './support/inStep.ts';
import { temporaryFolder } from './support/pictures.ts';

/** One field of every shape: how it is edited here, and what the Stash answers after the next sync. */
interface Edit {
  shape: string;
  words: string[];
  ask: string;
  answers: unknown;
}

const box = 'https://stashdb.example/graphql';
const edits: Edit[] = [
  {
    shape: 'a text, a date, a number, a flag',
    words: ['scene', 'main:5', 'title=Edited here', 'date=2018-05', 'rating=85', 'organized=true'],
    ask: '{findScene(id:5){title date rating100 organized}}',
    answers: { title: 'Edited here', date: '2018-05', rating100: 85, organized: true },
  },
  {
    shape: 'urls, a record, an index in a group',
    words: [
      'scene',
      'main:6',
      'urls=https://a',
      'urls+=https://b',
      'studio=main:1',
      'groups=',
      'groups.main:2=4',
    ],
    ask: '{findScene(id:6){urls studio{id} groups{group{id} scene_index}}}',
    answers: {
      urls: ['https://a', 'https://b'],
      studio: { id: '1' },
      groups: [{ group: { id: '2' }, scene_index: 4 }],
    },
  },
  {
    shape: 'a set, with a record that is new',
    words: ['scene', 'main:7', 'tags=', 'tags+=made here', 'performers=main:2'],
    ask: '{findScene(id:7){tags{name} performers{id}}}',
    answers: { tags: [{ name: 'made here' }], performers: [{ id: '2' }] },
  },
  {
    shape: 'histories, a counter, where it was stopped',
    words: [
      'scene',
      'main:8',
      'plays=',
      'plays+=2024-01-02T03:04:05+01:00',
      'os=2024-01-03T00:00:00Z',
      'playDuration=75',
      'resumeTime=12.5',
    ],
    ask: '{findScene(id:8){play_history o_history play_duration resume_time}}',
    answers: {
      play_history: ['2024-01-02T02:04:05Z'],
      o_history: ['2024-01-03T00:00:00Z'],
      play_duration: 75,
      resume_time: 12.5,
    },
  },
  {
    shape: 'identities',
    words: ['scene', 'main:9', 'stashIds=', `stashIds.${box}=0a1b`],
    ask: '{findScene(id:9){stash_ids{endpoint stash_id}}}',
    answers: { stash_ids: [{ endpoint: box, stash_id: '0a1b' }] },
  },
  {
    shape: 'names, a word, custom fields',
    words: [
      'performer',
      'main:2',
      'aliases=',
      'aliases+=Zora',
      'aliases+=Ada',
      'gender=non_binary',
      'customFields=',
      'customFields.mood=calm',
      'customFields.n=5',
    ],
    ask: '{findPerformer(id:2){alias_list gender custom_fields}}',
    answers: {
      alias_list: ['Ada', 'Zora'],
      gender: 'NON_BINARY',
      custom_fields: { mood: 'calm', n: 5 },
    },
  },
  {
    shape: 'an image’s count',
    words: ['image', 'main:3', 'o_counter=4'],
    ask: '{findImage(id:3){o_counter}}',
    answers: { o_counter: 4 },
  },
  {
    shape: 'sub-groups',
    words: ['group', 'main:1', 'subGroups=', 'subGroups.made here=first'],
    ask: '{findGroup(id:1){sub_groups{group{name} description}}}',
    answers: { sub_groups: [{ group: { name: 'made here' }, description: 'first' }] },
  },
];

describe('what was edited here', () => {
  test('is in the Stash after the next sync, field by field of every shape', async (t) => {
    const side = await inStep(t, { writes: true });
    const run = async (...words: string[]) => {
      const { exitCode, error } = await side.library.stowage(...words);
      assert.equal(exitCode, 0, `${words.join(' ')}: ${error?.message} ${error?.remedy}`);
    };
    await run('create', 'tag', 'name=made here');
    await run('create', 'group', 'name=made here');
    for (const { words } of edits) await run('edit', ...words);
    const picture = Buffer.from('\x89PNG\r\n\x1a\n edited here', 'latin1');
    const file = path.join(await temporaryFolder(t), 'picture');
    await writeFile(file, picture);
    await run('edit', 'tag', 'main:3', `image=@${file}`);
    await run('create', 'marker', 'scene=main:5', 'seconds=3.5', 'primaryTag=main:2', 'title=here');
    await run('edit', 'savedFilter', 'main:1', 'name=Edited here', 'find_filter={"q":"dawn"}');

    const { troubles, summary } = await side.sync();
    assert.deepEqual([troubles, summary.conflicts], [[], 0]);
    for (const { shape, ask, answers } of edits) {
      const [answer] = Object.values(await side.stash.send(ask));
      assert.deepEqual(answer, answers, shape);
    }
    const image = await fetch(`${side.stash.simulator.url}/tag/3/image`);
    assert.equal(hash('md5', Buffer.from(await image.arrayBuffer())), hash('md5', picture));
    const { findScene } = await side.stash.send(
      '{findScene(id:5){scene_markers{title seconds primary_tag{id}}}}',
    );
    const { scene_markers: markers } = findScene as { scene_markers: { title: string }[] };
    assert.deepEqual(
      markers.filter(({ title }) => title === 'here'),
      [{ title: 'here', seconds: 3.5, primary_tag: { id: '2' } }],
    );
    const { findSavedFilter } = await side.stash.send(
      '{findSavedFilter(id:1){name find_filter{q}}}',
    );
    assert.deepEqual(findSavedFilter, { name: 'Edited here', find_filter: { q: 'dawn' } });
    await side.assertInStep();
    await side.assertQuiet();
  });

  test('and is locked goes back when writing is switched on, though the Stash changed it before', async (t) => {
    const side = await inStep(t);
    const before = await side.stash.send('{findScene(id:5){title}}');
    await side.library.stowage('lock', 'scene', 'main:5', 'title');
    await side.stash.send('mutation{sceneUpdate(input:{id:5,title:"There"}){id}}');
    await side.sync();
    await side.query('UPDATE stowage.sources SET writes = true');
    await side.sync();
    assert.deepEqual(await side.stash.send('{findScene(id:5){title}}'), before);
    await side.assertInStep();
    await side.assertQuiet();
  });

  test('and there too waits as a question, which the record shows', async (t) => {
    const side = await inStep(t, { writes: true });
    await side.query(`UPDATE stowage.sources SET policy = '{"default": "ask"}'`);
    await side.library.stowage('edit', 'scene', 'main:5', 'title=Here', 'code=Here');
    await side.library.stowage('lock', 'scene', 'main:5', 'code');
    await side.stash.send('mutation{sceneUpdate(input:{id:5,title:"There",code:"There"}){id}}');
    await side.sync();
    const { lines, events } = await side.library.stowage('show', 'scene', 'main:5');
    assert.match(
      lines.join('\n'),
      /\ntitle +Here.*\n +was: .*\n +conflict \d+: library Here, main There\n/,
    );
    const { fields } = events.find(({ event }) => event === 'record') as unknown as {
      fields: {
        name: string;
        value: unknown;
        conflicts: { library: unknown; source: unknown }[];
      }[];
    };
    const [title, code] = ['title', 'code'].map((name) => fields.find((one) => one.name === name));
    assert.deepEqual(
      title?.conflicts.map(({ library, source }) => [library, source]),
      [['Here', 'There']],
    );
    assert.deepEqual([code?.value, code?.conflicts], ['Here', []], 'what is locked is no question');
  });
});

test('a server with one address of each performer gets one of several, and that is told', async (t) => {
  const { library, stash, sync, ...side } = await inStep(t, { version: 'v0.25', writes: true });
  const address = async () => {
    const { findPerformer } = await stash.send('{findPerformer(id:2){url}}');
    return (findPerformer as { url: string }).url;
  };
  const urls = async () => {
    const [row] = await side.query<{ urls: string[] }>('SELECT urls FROM qar.crew WHERE id = $1', [
      await side.idOf('performer', 2),
    ]);
    return row?.urls;
  };
  const made = ['urls=https://a', 'urls+=https://b', 'details=Of both'];
  await library.stowage('edit', 'performer', 'main:2', ...made);
  const sent = await sync();
  assert.deepEqual(
    [sent.exitCode, sent.troubles.map(({ id, field, why }) => `${id}, ${field}: ${why}`)],
    [3, ['2, urls: "https://b" stays here: this Stash has a place for one address only']],
  );
  assert.equal(await address(), 'https://a');
  await side.assertQuiet();
  const { lines } = await library.stowage('verify', '--via', 'tables');
  assert.match(lines.join('\n'), /no differences.\n.*Kept otherwise there.*performer\.urls 1/);

  await stash.send('mutation{performerUpdate(input:{id:2,url:"https://c"}){id}}');
  await sync();
  assert.deepEqual(await urls(), ['https://c', 'https://b']);
  assert.equal(await address(), 'https://c');
  await side.assertQuiet();
});

test('an alias that a server refuses is told, and all else arrives', async (t) => {
  const { library, stash, sync, query, ...side } = await inStep(t, { writes: true });
  const [[name] = []] = (await stash.rows('select name from tags where id = 3')) as [string][];
  // Here two tags may be called the same, there not. One was there, the other is new to it.
  await query(
    `UPDATE qar.tags SET description = 'Told', aliases = aliases || $2::text WHERE id = $1`,
    [await side.idOf('tag', 2), name],
  );
  await library.stowage('create', 'tag', 'name=new there', 'description=Told');
  await query(`UPDATE qar.tags SET aliases = ARRAY[$1] WHERE name = 'new there'`, [name]);
  const made = await library.stowage('edit', 'scene', 'main:1', 'tags+=new there');
  assert.equal(made.exitCode, 0, made.error?.message);
  const sent = await sync();
  assert.equal(sent.exitCode, 3);
  const told = `select name from tags where description = 'Told' order by id`;
  assert.deepEqual((await stash.rows(told)).length, 2);
  const tagged = `select count(*) from scenes_tags join tags t on t.id = tag_id where name = 'new there'`;
  assert.equal(await stash.number(tagged), 1);
  const { events } = await library.stowage('status');
  const left = events.filter(({ event }) => event === 'left-out');
  assert.deepEqual(
    left.map(({ kind, field, key }) => `${kind} ${field} ${key === name}`),
    ['tag aliases true', 'tag aliases true'],
  );
  await side.assertQuiet();
});

test('what a server refused to make is named until it is edited, and goes there then', async (t) => {
  const { library, stash, sync, ...side } = await inStep(t, { writes: true });
  const { stowage } = library;
  await stowage('create', 'tag', 'name=Mole');
  await stowage('edit', 'scene', 'main:1', 'tags+=Mole');
  await stash.send('mutation{tagUpdate(input:{id:3,aliases:["mole"]}){id}}');
  assert.equal((await sync()).exitCode, 3);
  await side.assertQuiet();
  const again = await sync();
  assert.deepEqual(again.lines.slice(-1), ['Nothing to do.']);
  assert.match(again.warnings.join('\n'), /1 record made here, main has refused: `stowage status`/);
  const { lines, events, summary } = await stowage('status');
  assert.match(lines.join('\n'), / 1 made here, and refused by main.*\n +tag Mole: .*alias/);
  const [refused] = events.filter(({ event }) => event === 'refused');
  assert.equal(refused?.kind, 'tag');
  assert.match(String(summary.next), /Edit what main has refused/);
  await stowage('edit', 'tag', 'Mole', 'name=Pier');
  await sync();
  const tagged = `select count(*) from scenes_tags join tags t on t.id = tag_id where name = 'Pier'`;
  assert.equal(await stash.number(tagged), 1);
  assert.equal((await stowage('status')).summary.next, 'Nothing waits.');
});

test('a filter by parents names what is left of two that were made one here', async (t) => {
  const filter = (id: number) =>
    JSON.stringify({
      parents: { value: { items: [{ id: `${id}`, label: 'x' }] }, modifier: 'INCLUDES' },
    });
  const { stash, library, sync, assertInStep, assertQuiet } = await inStep(t, {
    writes: true,
    prepared: `insert into saved_filters (id, name, mode, find_filter, object_filter, ui_options)
      values (901, 'below', 'TAGS', '{}', '${filter(2)}', '{}')`,
  });
  assert.equal((await library.stowage('merge', 'tag', 'main:1', 'main:2')).exitCode, 0);
  assert.equal((await sync()).exitCode, 0);
  const [[told] = []] = await stash.rows('select object_filter from saved_filters where id = 901');
  assert.deepEqual(JSON.parse(String(told)), JSON.parse(filter(1)));
  await assertInStep();
  await assertQuiet();
});

test('a server that cannot answer for a while is waited for, and that is said', async (t) => {
  const { library, stash, sync, ...side } = await inStep(t, { writes: true });
  await library.stowage('edit', 'scene', 'main:5', 'title=Here');
  for (const on of ['SystemStatus', 'scenesUpdate']) {
    stash.simulator.faults.add({ kind: 'status', status: 503, on, times: 4 });
  }
  const { warnings } = await sync();
  assert.equal(warnings.filter((text) => /503.* Trying again\.$/.test(text)).length, 1);
  await side.assertInStep();
});

test('what was written to a server, and is as it was there again, is seen by any road', async (t) => {
  const { stash, sync, query, idOf, ...side } = await inStep(t, { writes: true });
  const [[scene, play] = []] = (await stash.rows(
    'select scene_id, view_date from scenes_view_dates group by 1 having count(*) = 1 limit 1',
  )) as [number, string][];
  assert.ok(scene && play);
  const plays = async () =>
    (
      await query(`SELECT FROM qar.voyage_log WHERE cargo_id = $1 AND what = 'play'`, [
        await idOf('scene', scene),
      ])
    ).length;
  await query(`DELETE FROM qar.voyage_log WHERE cargo_id = $1 AND what = 'play'`, [
    await idOf('scene', scene),
  ]);
  await sync('--via', 'graphql');
  const there = `select count(*) from scenes_view_dates where scene_id = ${scene}`;
  assert.deepEqual([await plays(), await stash.number(there)], [0, 0]);
  const at = new Date(play).toISOString();
  await stash.send(`mutation{sceneAddPlay(id:${scene},times:["${at}"]){count}}`);
  await sync('--via', 'graphql');
  assert.deepEqual([await plays(), await stash.number(there)], [1, 1]);
  await side.assertInStep();
});

test('a second server is given what its records lack here once it may be written to', async (t) => {
  const side = await inStep(t);
  const { library, stash } = side;
  const other = await stashOf(t, 'v0.30');
  const made = await stash.send('mutation{tagCreate(input:{name:"only main"}){id}}');
  const { id } = made.tagCreate as { id: string };
  await stash.send(
    `mutation{bulkSceneUpdate(input:{ids:[1,2,3],tag_ids:{mode:ADD,ids:[${id}]}}){id}}`,
  );
  await side.sync();
  const attic = ['--from', other.simulator.url, '--name', 'attic'];
  assert.equal((await library.stowage('sync', ...attic)).exitCode, 0);
  await library.stowage('sources', 'set', 'attic', 'writes=on');
  await library.stowage('sync', ...attic);
  const tagged = `select count(*) from scenes_tags join tags t on t.id = tag_id where name = 'only main'`;
  assert.equal(await other.number(tagged), 3);
  assert.equal((await library.stowage('sync', ...attic)).summary.run, null);
  assert.equal((await library.stowage('verify', '--name', 'attic')).summary.differences, 0);
});
