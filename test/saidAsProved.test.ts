import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import './support/database.ts';
import { type InStep, inStep } from './support/inStep.ts';

const all = 'Nothing to do: both sides are in step.';
const nothing = 'Nothing to do.';

/** Every command that says how things stand says this; and none that both sides are in step. */
async function assertSaidEverywhere({ library, sync }: InStep, line: string) {
  const told = {
    sync: (await sync()).lines,
    'dry run': (await sync('--dry-run')).lines,
    status: (await library.stowage('status')).lines.map((one) => one.trim()),
    verify: (await library.stowage('verify', '--via', 'tables')).lines,
  };
  for (const [command, lines] of Object.entries(told)) {
    assert.ok(lines.includes(line), `${command}: ${lines.join('\n')}`);
    assert.ok(!lines.includes(all), command);
  }
  for (const command of ['sync', 'dry run'] as const) assert.ok(told[command].includes(nothing));
}

describe('what differs and stays so is said by sync, its dry run, status and verify', () => {
  test('an edit for which the server has no place', async (t) => {
    const side = await inStep(t, { writes: true });
    const { library, sync } = side;
    await library.stowage('edit', 'scene', 'main:3', 'customFields.mood=calm');
    await sync();
    await assertSaidEverywhere(side, 'main has no place for: customFields of 1 scene.');
    await side.assertQuiet();
    await library.stowage('edit', 'scene', 'main:3', 'customFields-=mood');
    await sync();
    assert.ok((await sync()).lines.includes(all));
    await side.assertQuiet();
  });

  test('a record that was deleted here, and whose deletion does not travel', async (t) => {
    const side = await inStep(t, { writes: true });
    const { library, stash, sync } = side;
    const tag = await stash.number(
      `select tag_id from scenes_tags where tag_id not in (select primary_tag_id from scene_markers) limit 1`,
    );
    await library.stowage('delete', 'tag', `main:${tag}`);
    await sync();
    await assertSaidEverywhere(side, 'Deleted here, and kept in main (deletions=library): 1 tag.');
    const { lines } = await library.stowage('status');
    assert.match(lines.join('\n'), /Otherwise for naming a record .*: .*tags of \d+ scenes?/);
    assert.equal(lines.at(-1), 'Nothing waits.');
    await side.assertQuiet();

    // Changed there meanwhile, it is asked about; the answer says what follows, and what does not.
    await library.stowage('sources', 'set', 'main', 'policy=ask');
    await stash.send(`mutation{tagUpdate(input:{id:${tag},description:"Theirs"}){id}}`);
    await sync();
    await side.assertQuiet();
    const answered = await library.stowage('conflicts', 'resolve', '--all', '--take', 'library');
    assert.match(
      answered.lines.join('\n'),
      /1 settled\.\n1 record stays in main, .*deletions=library.*`stowage sources set main deletions=both`/,
    );
    await sync();
    await assertSaidEverywhere(side, 'Deleted here, and kept in main (deletions=library): 1 tag.');
    await side.assertQuiet();
    await library.stowage('sources', 'set', 'main', 'deletions=both');
    await sync();
    assert.ok((await sync()).lines.includes(all));
    await side.assertQuiet();
  });

  test('performers that were made one here, and are two in a Stash that cannot merge them', async (t) => {
    const side = await inStep(t, { writes: true });
    await side.library.stowage('merge', 'performer', 'main:1', 'main:2');
    await side.sync();
    await assertSaidEverywhere(
      side,
      'Part of another record here, and still beside it in main: 1 performer.',
    );
    await side.assertQuiet();
  });

  test('markers of scenes that were merged, and are two again here only', async (t) => {
    const side = await inStep(t, { writes: true });
    const { library, stash, sync } = side;
    const [scene, other] = (
      await stash.rows(
        'select scene_id from scene_markers group by 1 having count(*) > 1 order by 1 limit 2',
      )
    ).flat() as number[];
    const merged = await library.stowage('merge', 'scene', `main:${other}`, `main:${scene}`);
    await sync();
    assert.equal((await library.stowage('undo', String(merged.summary.run))).exitCode, 3);
    await sync();
    await side.assertQuiet();
    await library.stowage('conflicts', 'resolve', '--all', '--take', 'library');
    await sync();
    const { lines } = await library.stowage('status');
    assert.match(
      lines.join('\n'),
      /naming a record that main does not have: .*scene of \d+ markers/,
    );
  });

  test('a record that is gone from Stash, before a sync and after it', async (t) => {
    const side = await inStep(t);
    const { stash, sync, library } = side;
    await stash.send('mutation{sceneDestroy(input:{id:3})}');
    const shown = await sync('--dry-run');
    assert.ok(!shown.lines.includes(all), shown.lines.join('\n'));
    assert.match(
      shown.lines.join('\n'),
      /^\d+ records? (is|are) gone from main, and would be kept here\.$/m,
    );
    await sync();
    assert.match(
      (await sync()).lines.join('\n'),
      /Nothing to do\.\n\d+ records? .* gone from main/,
    );
    assert.match(
      (await library.stowage('status')).lines.join('\n'),
      /gone from main, and kept here/,
    );
    await side.assertQuiet();
  });
});

test('what waits for a person ends each command with 3, and is counted until it is settled', async (t) => {
  const { library, stash, sync } = await inStep(t, { writes: true });
  const { stowage } = library;
  await stowage('sources', 'set', 'main', 'policy=ask');
  await stowage('edit', 'scene', 'main:3', 'title=Mine');
  await stash.send('mutation{sceneUpdate(input:{id:3,title:"Theirs"}){id}}');
  const shown = await sync('--dry-run');
  assert.deepEqual([shown.exitCode, shown.summary.conflicts, shown.summary.asks], [3, 0, 1]);
  for (const words of [[], [], ['--dry-run']]) {
    const ended = await sync(...words);
    assert.deepEqual([ended.exitCode, ended.summary.conflicts], [3, 1], words.join());
  }
  await stowage('conflicts', 'resolve', '--all', '--take', 'main');
  const { exitCode, summary } = await sync();
  assert.deepEqual([exitCode, summary.conflicts], [0, 0]);
  // An undo that Stash does not follow asks about it.
  const undone = await stowage('undo', String(summary.run));
  assert.deepEqual([undone.exitCode, undone.summary.asked], [3, 1]);
  assert.equal((await sync()).exitCode, 3);
});
