import assert from 'node:assert/strict';
import { hash } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { after, describe, test } from 'node:test';
import type { JournalLine } from '../src/library/journal.ts';
import type { Ended } from './support/commands.ts';
import './support/database.ts';
import { editedLibrary } from './support/edited.ts';

const changes = ({ events }: Ended) =>
  events.filter(({ event }) => event === 'changed') as unknown as JournalLine[];

describe('an edit', async () => {
  const { folder, query, contents, done, made, refused, shown } = await editedLibrary({ after });

  test('sets fields of every shape, and is journalled field by field as a run', async () => {
    const ended = await done(
      ...['edit', 'scene', 'main:1', 'title=Harbour at dawn', 'DATE=2018-05', 'rating100=80'],
      ...['organized=true', 'play_duration=90.5', 'resumeTime=', 'details=two\nlines'],
    );
    const scene = await shown('scene', 'main:1');
    const values = [
      'title',
      'date',
      'rating',
      'organized',
      'playDuration',
      'resumeTime',
      'details',
    ];
    assert.deepEqual(values.map(scene.value), [
      ...['Harbour at dawn', '2018-05', 80, true, 90.5, null, 'two\nlines'],
    ]);
    const [run] = await query(
      'SELECT command, outcome, source_id FROM stowage.runs WHERE id = $1',
      [ended.summary.run],
    );
    assert.deepEqual(run, { command: 'edit', outcome: 'done', source_id: null });
    const title = changes(ended).find(({ field }) => field === 'title');
    assert.deepEqual(
      [title?.after, scene.field('title')?.before],
      ['Harbour at dawn', title?.before],
    );
    assert.equal(scene.field('title')?.origin?.runId, ended.summary.run);
    assert.equal(scene.sources[0]?.edited, true);
  });

  test('adds to sets and takes away from them, in turn', async () => {
    const [a, b] = [await made('tag', 'name=set a'), await made('tag', 'name=set b')];
    await done('edit', 'scene', 'main:2', 'tags=', 'tags+=set a', 'tags+=SET B');
    assert.deepEqual((await shown('scene', 'main:2')).value('tags'), [a, b].sort());
    await done('edit', 'scene', 'main:2', `tags-=${a}`, 'tags+=set b');
    assert.deepEqual((await shown('scene', 'main:2')).value('tags'), [b]);

    await done('edit', 'tag', b, 'aliases+=zweite', 'aliases+=Deuxième', 'aliases+=zweite');
    assert.deepEqual((await shown('tag', b)).value('aliases'), ['Deuxième', 'zweite']);
    await done('edit', 'scene', 'main:2', 'url=https://a', 'urls+=https://b', 'urls+=https://a');
    assert.deepEqual((await shown('scene', 'main:2')).value('urls'), ['https://a', 'https://b']);
    await done('edit', 'scene', 'main:2', 'urls-=https://a');
    assert.deepEqual((await shown('scene', 'main:2')).value('urls'), ['https://b']);
  });

  test('sets entries of keyed fields by their keys', async () => {
    const box = 'https://box.example/graphql';
    const group = await made('group', 'name=Trilogy = 3');
    await done(
      ...['edit', 'scene', 'main:3', 'customFields=', 'customFields.mood=calm', 'customFields.n=5'],
      ...['stashIds=', `stashIds.${box}=abc`, 'groups=', 'groups.Trilogy = 3=2', 'groups+=main:1'],
    );
    const scene = await shown('scene', 'main:3');
    assert.deepEqual(scene.value('customFields'), { mood: 'calm', n: 5 });
    assert.deepEqual(scene.value('stashIds'), { [box]: [{ stashId: 'abc' }] });
    const groups = scene.value('groups') as { [id: string]: number | null };
    assert.deepEqual(Object.values(groups).sort(), [2, null]);
    assert.equal(groups[group], 2);

    await done(
      ...['edit', 'scene', 'main:3', 'customFields-=n', `stashIds-=${box}`, `groups-=${group}`],
    );
    const after = await shown('scene', 'main:3');
    assert.deepEqual(after.value('customFields'), { mood: 'calm' });
    assert.deepEqual(after.value('stashIds'), {});
    assert.equal(Object.keys(after.value('groups') as object).length, 1);
    await refused(['edit', 'scene', 'main:3', 'customFields-=n'], /no entry “n”/);
    await refused(['edit', 'scene', 'main:3', 'customFields=x'], /by its key/);
  });

  test('keeps sub-groups in their order', async () => {
    const [a, b, c] = [
      await made('group', 'name=part a'),
      await made('group', 'name=part b'),
      await made('group', 'name=part c'),
    ] as [string, string, string];
    const whole = await made(
      ...[
        'group',
        'name=whole',
        'subGroups+=part a',
        'subGroups.part b=second',
        'subGroups+=part c',
      ],
    );
    const positions = async () => (await shown('group', whole)).value('subGroups');
    assert.deepEqual(await positions(), {
      [a]: { position: 0, description: '' },
      [b]: { position: 1, description: 'second' },
      [c]: { position: 2, description: '' },
    });
    await done('edit', 'group', whole, 'subGroups-=part a', 'subGroups.part c=last');
    assert.deepEqual(await positions(), {
      [b]: { position: 0, description: 'second' },
      [c]: { position: 1, description: 'last' },
    });
  });

  test('adds to histories and counters, an instant at a time', async () => {
    await done('edit', 'scene', 'main:4', 'plays=', 'os=', 'playDuration=10');
    const play = '2024-01-02T03:04:05Z';
    await done(
      ...['edit', 'scene', 'main:4', `plays+=${play}`, 'plays+=2024-01-02T04:04:05+01:00'],
      ...['os+=now', 'playDuration+=2.5', 'playDuration-=0.5'],
    );
    const scene = await shown('scene', 'main:4');
    assert.deepEqual(scene.value('plays'), [play, play]);
    assert.equal((scene.value('os') as string[]).length, 1);
    assert.equal(scene.value('playDuration'), 12);
    await done('edit', 'scene', 'main:4', `plays-=${play}`);
    assert.deepEqual((await shown('scene', 'main:4')).value('plays'), [play]);
    const missing = 'plays-=2024-01-02T03:04:06Z';
    await refused(['edit', 'scene', 'main:4', missing], /nothing at 2024/, /It has: 2024-01-02T03/);
  });

  test('takes a picture from a file, and only a picture', async () => {
    const file = path.join(folder, 'a picture.jpg');
    const bytes = Buffer.from('\xff\xd8\xff\xe0 as good as a picture', 'latin1');
    await writeFile(file, bytes);
    await done('edit', 'performer', 'main:1', `image=@${file}`);
    const md5 = hash('md5', bytes);
    assert.equal((await shown('performer', 'main:1')).value('image'), md5);
    assert.deepEqual(await query('SELECT size FROM qar.pictures WHERE md5 = $1', [md5]), [
      { size: String(bytes.length) },
    ]);
    assert.ok(Object.keys(await contents()).some((name) => name.endsWith(md5)));

    await writeFile(path.join(folder, 'text.jpg'), 'a text');
    const image = (value: string) => ['edit', 'performer', 'main:1', `image=${value}`];
    await refused(image(`@${path.join(folder, 'text.jpg')}`), /no picture/, /JPEG/);
    await refused(image(`@${path.join(folder, 'none.jpg')}`), /cannot be read: ENOENT/);
    await refused(image(file), /comes from a file/, /image=@/);
    await done('edit', 'performer', 'main:1', 'image=');
    assert.equal((await shown('performer', 'main:1')).value('image'), null);
  });

  test('to what is there already is none', async () => {
    const { title, revision } = await shown('scene', 'main:5').then((scene) => ({
      title: scene.value('title'),
      revision: scene.revision,
    }));
    const runs = async () => (await query('SELECT count(*) FROM stowage.runs'))[0];
    const before = await runs();
    const { summary, lines } = await done(
      'edit',
      'scene',
      'main:5',
      `title=${title}`,
      'tags-=set a',
    );
    assert.equal(summary.run, null);
    assert.match(lines.join('\n'), /Nothing to do/);
    assert.deepEqual([await runs(), (await shown('scene', 'main:5')).revision], [before, revision]);
  });

  test('that Stash would refuse is refused', async () => {
    await refused(['edit', 'scene', 'main:6', 'rating=101'], /rating is a number from 0 to 100/);
    await refused(['edit', 'scene', 'main:6', 'date=2021-02-29'], /date is a day/);
    await refused(
      ['edit', 'scene', 'main:6', 'title=x', 'created_at=2020-01-01'],
      /cannot be edited/,
    );
    await refused(['edit', 'scene', 'main:6', 'studio+=x'], /one value/);
    await refused(['edit', 'marker', 'main:1', 'primaryTag='], /primaryTag may not be empty/);
    await refused(['edit', 'file', 'main:1', 'path=/x'], /cannot be edited/, /fact/);
    await refused(['edit', 'ship', 'main:1', 'x=y'], /no kind of record called ship/, /scene/);
    await made('tag', 'name=Taken', 'aliases+=also taken');
    await refused(['create', 'tag', 'name=taken'], /of that name already.*Taken/, /merge tag/);
    await refused(['edit', 'tag', 'main:1', 'name=ALSO TAKEN'], /with it for an alias/);
    await refused(['edit', 'tag', 'main:1', 'aliases+=tAKEN'], /of that name already/);
    await made('performer', 'name=Anna', 'disambiguation=one');
    await made('performer', 'name=Anna', 'disambiguation=other');
    await refused(
      ['create', 'performer', 'name=anna', 'disambiguation=ONE'],
      /of that name already/,
    );
  });

  test('that closes a loop in a hierarchy is refused', async () => {
    const top = await made('tag', 'name=top');
    const middle = await made('tag', 'name=middle', `parents+=${top}`);
    await made('tag', 'name=bottom', `parents+=${middle}`);
    await refused(['edit', 'tag', top, 'parents+=bottom'], /above itself.*parents: bottom/);
    await refused(['edit', 'tag', top, 'parents+=top'], /above itself/);
    const studio = await made('studio', 'name=upper');
    await made('studio', 'name=lower', 'parent=upper');
    await refused(['edit', 'studio', studio, 'parent=lower'], /above itself/);
    const group = await made('group', 'name=inner');
    await made('group', 'name=outer', 'subGroups+=inner');
    await refused(['edit', 'group', group, 'subGroups+=outer'], /above itself/);
  });
});
