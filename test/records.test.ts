import assert from 'node:assert/strict';
import path from 'node:path';
import { after, describe, test } from 'node:test';
import './support/database.ts';
import { editedLibrary } from './support/edited.ts';
import { eventsOf, stowage } from './support/program.ts';

describe('records by hand', async () => {
  const { url, data, query, done, made, refused, shown } = await editedLibrary({ after });

  describe('a record', () => {
    test('is named by its id, its number at a source, or a name that no other has', async () => {
      const { id } = await shown('performer', 'main:4');
      assert.equal((await shown('Performers', id.toUpperCase())).id, id);
      const one = await made('performer', 'name=Ámbar Größe', 'disambiguation=actress');
      const scene = ['edit', 'scene', 'main:7'];
      await done(...scene, 'performers=', 'performers+=ÁMBAR GRößE');
      assert.deepEqual((await shown('scene', 'main:7')).value('performers'), [one]);
      const other = await made('performer', 'name=Ámbar Größe', 'disambiguation=singer');
      await refused(
        [...scene, 'performers+=Ámbar Größe'],
        /More than one/,
        /\(actress\)\n.*\(singer\)/,
      );
      await done(...scene, 'performers+=Ámbar Größe (singer)');
      assert.deepEqual((await shown('scene', 'main:7')).value('performers'), [one, other].sort());
    });

    test('that nobody knows is answered with what is like it', async () => {
      await made('studio', 'name=Northlight Pictures');
      const studio = ['edit', 'scene', 'main:7', 'studio=northlight'];
      await refused(studio, /No studio is called “northlight”/, /Northlight Pictures/);
      await refused(['edit', 'scene', 'main:7', 'studio=zzzz'], /No studio/, /stowage find studio/);
      await refused(['show', 'scene', 'main:9999'], /no scene 9999 of main/);
      await refused(['show', 'scene', '01900000-0000-7000-8000-000000000000'], /no such scene/);
    });

    test('is found by a part of its name', async () => {
      const id = await made('tag', 'name=Lighthouse keepers', 'aliases+=wardens of the light');
      for (const text of ['house keep', 'WARDENS OF']) {
        const { events, lines } = await done('find', 'tag', text);
        assert.deepEqual(
          events.flatMap(({ event, id }) => (event === 'found' ? [id] : [])),
          [id],
        );
        assert.match(lines.join('\n'), new RegExp(`${id}  Lighthouse keepers`));
      }
      const percent = (await done('find', 'scene', '%')).events.filter(
        ({ event }) => event === 'found',
      );
      assert.ok(percent.every(({ label }) => String(label).includes('%')));
      const scenes = await done('find', 'scene', 'e');
      assert.equal(scenes.summary.found, 20);
      const all = 20 + Number(scenes.summary.more);
      assert.ok(all > 21, `${all}`);
      assert.match(scenes.lines.join('\n'), new RegExp(`more: --limit ${all} shows them all`));
      const whole = await done('find', 'scene', 'e', '--limit', `${all}`);
      assert.deepEqual([whole.summary.found, whole.summary.more], [all, 0]);
    });

    test('is found by the name of its file, though it has a title', async () => {
      const [file] = await query<{ id: string; path: string }>(
        `SELECT o.cargo_id AS id, f.path FROM qar.cargo_files o JOIN qar.files f ON f.id = o.file_id
           JOIN qar.cargo c ON c.id = o.cargo_id WHERE c.title <> '' ORDER BY f.path LIMIT 1`,
      );
      const name = path.basename(file?.path ?? '');
      const { events } = await done('find', 'scene', name.toUpperCase());
      assert.deepEqual(
        events.flatMap(({ event, id }) => (event === 'found' ? [id] : [])),
        [file?.id],
      );
      const folder = path.basename(path.dirname(file?.path ?? ''));
      assert.equal((await done('find', 'scene', `${folder}/`)).summary.found, 0);
    });

    test('is shown with where each of its values came from', async () => {
      const { summary } = await done('edit', 'scene', 'main:8', 'title=Shown', 'tags=', 'code=');
      await done('lock', 'scene', 'main:8', 'title', 'date');
      const scene = await shown('scene', 'main:8');
      const { command, runId, source } = scene.field('title')?.origin ?? {};
      assert.deepEqual([command, runId, source], ['edit', summary.run, null]);
      const { origin } = scene.field('urls') ?? {};
      assert.deepEqual([origin?.command, origin?.source, origin?.runId], ['migrate', 'main', 1]);
      const { text } = scene;
      assert.match(text, /^scene {2}Shown\nid +[0-9a-f-]{36}\nmain +8, edited here since/);
      assert.match(text, /\ntitle +Shown +edit · run \d+ · 20\d\d-\d\d-\d\d\n +was: .+\n +locked/);
      assert.match(text, /\nurls[\s\S]+ main · run 1 · /);
      assert.match(text, /\nFacts.*\nfiles +\/data\/.*\ncreatedAt +20/s);
      assert.match(text, /\nempty +.*director/s);
      for (const line of text.split('\n')) assert.ok(line.length < 80, line);
      assert.doesNotMatch(text.slice(text.indexOf('\n\n')), /[0-9a-f]{8}-[0-9a-f]{4}-7/);

      await done('unlock', 'scene', 'main:8', 'date', 'rating');
      const { fields } = await shown('scene', 'main:8');
      assert.deepEqual(
        fields.filter(({ locked }) => locked).map(({ name }) => name),
        ['title'],
      );
      await refused(['lock', 'scene', 'main:8', 'files'], /cannot be edited/);
    });

    test('that was made here says by which run', async () => {
      const { summary } = await done('create', 'tag', 'name=made here', 'description=so');
      const id = String(summary.id);
      await done('edit', 'tag', id, 'description=otherwise');
      const tag = await shown('tag', id);
      assert.deepEqual(
        ['name', 'description', 'aliases'].map((name) => tag.field(name)?.origin?.command),
        ['create', 'edit', 'create'],
      );
      assert.equal(tag.field('name')?.origin?.runId, summary.run);
      assert.deepEqual(tag.sources, []);
    });

    test('is created with what its kind needs', async () => {
      await refused(
        ['create', 'marker', 'title=x'],
        /needs its scene, seconds, primaryTag/,
        /scene=…/,
      );
      await refused(['create', 'image', 'title=x'], /comes with its file/);
      await refused(['create', 'scene', 'rating=5'], /needs its title/);
      const marker = await made(
        ...['marker', 'scene=main:9', 'seconds=12.5', 'primaryTag=main:1', 'title=there'],
      );
      const { value, label } = await shown('marker', marker);
      assert.deepEqual([value('seconds'), label], [12.5, 'there at 12.5 s']);
    });
  });

  describe('a record that is deleted', () => {
    test('is taken out of others, and comes back when it is restored', async () => {
      const id = await made('tag', 'name=fleeting');
      await done('edit', 'scene', 'main:10', 'tags+=fleeting');
      const { summary, lines } = await done('delete', 'tag', 'fleeting');
      assert.deepEqual(summary.naming, { scene: 1 });
      assert.match(lines.join('\n'), /^ {2}removed from 1 scene$/m);
      assert.ok((await shown('tag', id)).deletedAt);
      assert.ok(!((await shown('scene', 'main:10')).value('tags') as string[]).includes(id));
      await refused(
        ['edit', 'tag', id, 'favorite=true'],
        /That tag is deleted/,
        /stowage restore tag/,
      );
      await refused(['edit', 'scene', 'main:10', 'tags+=fleeting'], /No tag is called/);
      assert.equal((await done('find', 'tag', 'fleeting')).summary.found, 0);
      assert.equal((await done('find', 'tag', 'fleeting', '--deleted')).summary.found, 1);

      await made('tag', 'name=Fleeting');
      await refused(['restore', 'tag', id], /of that name already/);
      await done('delete', 'tag', 'Fleeting', '--json');
      await refused(['restore', 'tag', 'fleeting'], /More than one/);
      const { lines: said } = await done('restore', 'tag', id);
      assert.match(said.join('\n'), /^ {2}put back on 1 scene$/m);
      assert.equal((await shown('tag', id)).deletedAt, null);
      await refused(['restore', 'tag', id], /is not deleted/);
    });

    test('takes its markers along, and they come back with it', async () => {
      const marker = await made('marker', 'scene=main:11', 'seconds=3', 'primaryTag=main:1');
      await refused(['delete', 'tag', 'main:1'], /primary one of \d+ markers/, /merge/);
      const { id } = await shown('scene', 'main:11');
      const { lines } = await done('delete', 'scene', 'main:11');
      assert.match(lines.join('\n'), /^ {2}deleted with it: \d+ markers?$/m);
      assert.ok((await shown('marker', marker)).deletedAt);
      await refused(['restore', 'marker', marker], /scene of that marker is not there/);
      await done('restore', 'scene', id);
      assert.equal((await shown('marker', marker)).deletedAt, null);
    });
  });

  describe('a merge', () => {
    test('keeps the numbers of all of them, its own first', async () => {
      const numbers = async (id: string) =>
        (await shown('tag', id)).sources.map(({ source, remoteId, isPart }) => [
          `${source}:${remoteId}`,
          isPart,
        ]);
      await done('merge', 'tag', 'main:19', 'main:18', 'main:17');
      const expected = [
        ['main:19', false],
        ['main:17', true],
        ['main:18', true],
      ];
      for (const id of ['main:19', 'main:17']) assert.deepEqual(await numbers(id), expected);
      const { text, label } = await shown('tag', 'main:17');
      assert.match(text, /\nmain +19, edited.*\nmain +17, merged into this one\nmain +18, merged/);
      const { events } = await done('find', 'tag', label);
      const [found] = events.filter(({ event }) => event === 'found');
      assert.deepEqual(found?.numbers, ['main:19', 'main:17', 'main:18']);
    });

    test('makes one record of several', async () => {
      const [into, other, third] = [
        await made('tag', 'name=haven'),
        await made('tag', 'name=Hafen', 'description=where ships are'),
        await made('tag', 'name=havn', 'favorite=true'),
      ] as [string, string, string];
      await done('edit', 'scene', 'main:12', 'tags=', 'tags+=Hafen');
      await done('edit', 'scene', 'main:13', 'tags=', 'tags+=havn', 'tags+=haven');
      const { summary } = await done('merge', 'tag', 'haven', 'Hafen', third);
      for (const scene of ['main:12', 'main:13']) {
        assert.deepEqual((await shown('scene', scene)).value('tags'), [into]);
      }
      const tag = await shown('tag', into);
      assert.deepEqual(tag.value('aliases'), ['Hafen', 'havn']);
      assert.equal(tag.value('description'), 'where ships are');
      assert.ok((await shown('tag', other)).deletedAt);
      const [run] = await query('SELECT command FROM stowage.runs WHERE id = $1', [summary.run]);
      assert.equal(run?.command, 'merge');
      const { lines } = await done('runs', '--limit', '3');
      assert.match(
        lines.join('\n'),
        /merge of tag haven, .*\n.*edit of scene .*\n.*edit of scene /,
      );
      const { lines: own } = await done('runs', 'show', String(summary.run));
      assert.match(own.join('\n'), /^run \d+: merge of tag haven, /);
      await refused(['restore', 'tag', other], /part of another now/, /stowage undo/);
      await refused(['merge', 'tag', 'haven', into], /part of itself/);
      await refused(['merge', 'file', 'main:1', 'main:2'], /cannot be merged/);
    });
  });

  test('a saved filter is made of JSON, and keeps the ids that it names', async () => {
    const { id: tag } = await shown('tag', 'main:1');
    const filter = { tags: { value: { items: [{ id: tag, label: 'x' }] }, modifier: 'INCLUDES' } };
    const id = await made(
      ...['savedFilter', 'name=mine', 'mode=SCENES', `filter=${JSON.stringify(filter)}`],
    );
    assert.deepEqual((await shown('savedFilter', id)).value('objectFilter'), filter);
    await refused(['edit', 'savedFilter', id, 'filter={x'], /JSON document/);
    const named = filter.tags.value.items.map((item) => ({ ...item, id: 'main:1' }));
    const other = JSON.stringify({ tags: { value: { items: named } } });
    await done('edit', 'savedFilter', id, `object_filter=${other}`, 'find_filter={"q":"x"}');
    const { value } = await shown('savedFilter', id);
    assert.deepEqual(value('objectFilter'), { tags: { value: filter.tags.value } });
    assert.deepEqual(value('findFilter'), {
      ...{ q: 'x', page: null, per_page: null, sort: null, direction: null },
    });
    await refused(
      ['edit', 'savedFilter', id, 'find_filter={"order":1}'],
      /no findFilter/,
      /per_page/,
    );
    await refused(
      ['edit', 'savedFilter', id, 'filter={"tags":{"value":["999"]}}'],
      /No tag is called “999”/,
    );
  });

  test('a gallery’s images and its cover', async () => {
    const gallery = await made('gallery', 'title=Chosen', 'images+=main:1', 'images+=main:2');
    const [one, two] = [(await shown('image', 'main:1')).id, (await shown('image', 'main:2')).id];
    assert.deepEqual((await shown('gallery', gallery)).value('images'), [one, two].sort());
    await done('edit', 'gallery', gallery, 'cover=main:2', 'images-=main:1');
    assert.deepEqual((await shown('gallery', gallery)).value('cover'), two);
    await refused(['edit', 'gallery', gallery, 'cover=main:1'], /gallery’s own images/);
  });

  test('the program itself: a name and its id on standard output, events with --json', async () => {
    const at = ['--database', url, '--data', data];
    const created = await stowage(['create', 'tag', 'name=by the program', ...at]);
    assert.equal(created.code, 0, created.stderr);
    const [, id = ''] =
      /^Created tag by the program \(([0-9a-f-]{36})\)\.\n$/.exec(created.stdout) ?? [];
    const other = await stowage(['create', 'tag', 'name=for a script', ...at, '--json']);
    const [made] = eventsOf(other.stdout);
    assert.equal((await shown('tag', String(made?.id))).label, 'for a script');
    assert.equal((await shown('tag', id)).label, 'by the program');
    const edited = await stowage(['edit', 'tag', id, 'favorite=true', ...at, '--json']);
    const [change, summary] = eventsOf(edited.stdout);
    assert.deepEqual(change, {
      ...{ event: 'changed', kind: 'tag', id, field: 'favorite', before: false, after: true },
    });
    assert.deepEqual(
      [summary?.event, summary?.ok, summary?.id, summary?.fields, summary?.naming],
      ['summary', true, id, ['favorite'], {}],
    );
    const unsaid = await stowage(['edit', 'tag', id, ...at]);
    assert.equal(unsaid.code, 2);
    assert.match(unsaid.stderr, /missing required argument 'assignments'/i);
  });
});
