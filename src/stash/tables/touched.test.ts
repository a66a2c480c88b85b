import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { after, before, describe, test } from 'node:test';
import { isDeepStrictEqual } from 'node:util';
import type { ServerVersion } from '../../contract/schema.ts';
import type { Id } from '../../model/fields.ts';
import { type Kind, kindNames } from '../../model/kinds.ts';
import type { Reading } from '../../model/reading.ts';
import { jsonText } from '../../model/records.ts';
import { generate } from '../../simulator/generate.ts';
import { randomFrom } from '../../simulator/random.ts';
import { type Simulator, startSimulator } from '../../simulator/simulator.ts';
import { StashClient } from '../client.ts';
import { openRoad } from '../roads.ts';
import { connect } from '../server.ts';
import { knownIn } from './coverage.ts';
import { Layout, type LayoutColumn } from './layout.ts';
import { quoted } from './names.ts';

const folder = mkdtempSync(join(tmpdir(), 'stowage-touched-'));
after(() => rmSync(folder, { recursive: true }));

const databaseOf = (version: ServerVersion) => {
  const path = join(folder, `${version}.sqlite`);
  if (!existsSync(path)) generate(path, { scenes: 60, images: 60, version });
  return path;
};

const png =
  'data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==';

/** The kinds of change of a real Stash, by their numbers in its list; each as calls of one mutation. */
const changes: [what: string, ...calls: string[]][] = [
  ['1 a scene’s field', 'sceneUpdate(input:{id:1,title:"another"}){id}'],
  ['1 many scenes’ field', 'bulkSceneUpdate(input:{ids:[2,3,4],rating100:5}){id}'],
  [
    '2 a scene’s relations',
    'sceneUpdate(input:{id:1,tag_ids:[1,2],performer_ids:[1],studio_id:2,gallery_ids:[2],groups:[{group_id:2,scene_index:7}]}){id}',
  ],
  [
    '2 a scene’s urls, to others of equal length',
    'sceneUpdate(input:{id:1,urls:["abc","abd"]}){id}',
    'sceneUpdate(input:{id:1,urls:["abc","abe"]}){id}',
  ],
  ['3 a cover', `sceneUpdate(input:{id:1,cover_image:"${png}"}){id}`],
  ['4 a tag', 'tagUpdate(input:{id:2,description:"x"}){id}'],
  ['4 a studio', 'studioUpdate(input:{id:2,details:"x",aliases:["other"]}){id}'],
  ['4 a performer', 'performerUpdate(input:{id:3,name:"other",custom_fields:{partial:{a:1}}}){id}'],
  ['5 images put into a gallery', 'addGalleryImages(input:{gallery_id:3,image_ids:[2,3]})'],
  ['5 images taken out of it', 'removeGalleryImages(input:{gallery_id:3,image_ids:[3]})'],
  ['6 a gallery’s cover', 'setGalleryCover(input:{gallery_id:3,cover_image_id:2})'],
  ['7 scenes merged', 'sceneMerge(input:{source:[22],destination:2}){id}'],
  ['8 a play added', 'sceneAddPlay(id:5){count}'],
  ['9 a play deleted', 'sceneDeletePlay(id:5){count}'],
  ['10 an O added', 'sceneAddO(id:5){count}'],
  ['11 an O deleted', 'sceneDeleteO(id:5){count}'],
  ['12 resume time and play duration', 'sceneSaveActivity(id:5,resume_time:1,playDuration:2)'],
  [
    '13 a marker created',
    'sceneMarkerCreate(input:{title:"m",seconds:1,scene_id:5,primary_tag_id:1,tag_ids:[2]}){id}',
  ],
  ['14 a marker changed', 'sceneMarkerUpdate(input:{id:1,seconds:3}){id}'],
  ['15 a marker destroyed', 'sceneMarkerDestroy(id:2)'],
  ['16 a tag merged into another', 'tagsMerge(input:{source:[9],destination:3}){id}'],
  ['17 a tag destroyed', 'tagDestroy(input:{id:23})'],
  ['18 a performer destroyed', 'performerDestroy(input:{id:4})'],
  ['19 a studio destroyed', 'studioDestroy(input:{id:4})'],
  ['20 a group destroyed', 'groupDestroy(input:{id:5})'],
  [
    '21 fingerprints set on a file',
    'fileSetFingerprints(input:{id:5,fingerprints:[{type:"phash",value:"ff00000000000001"}]})',
  ],
  ['22 an image’s O', 'imageIncrementO(id:5)'],
  ['23 a chapter', 'galleryChapterCreate(input:{gallery_id:1,title:"c",image_index:1}){id}'],
  ['23 a chapter changed', 'galleryChapterUpdate(input:{id:1,title:"changed"}){id}'],
  [
    '24 sub-groups added',
    'addGroupSubGroups(input:{containing_group_id:1,sub_groups:[{group_id:3}]})',
  ],
  [
    '24 sub-groups reordered',
    'reorderSubGroups(input:{group_id:1,sub_group_ids:[3],insert_at_id:4})',
  ],
  ['25 a scene linked from the gallery’s side', 'galleryUpdate(input:{id:1,scene_ids:[5]}){id}'],
  ['26 a tag’s parent set from the parent’s side', 'tagUpdate(input:{id:6,child_ids:[5]}){id}'],
  ['27 a file moved', 'moveFiles(input:{ids:[5],destination_folder_id:2})'],
  ['28 a saved filter', 'saveFilter(input:{mode:SCENES,name:"new"}){id}'],
  [
    '28 a saved filter changed by one character',
    'saveFilter(input:{id:4,mode:SCENES,name:"new",object_filter:{rating100:{value:51,modifier:EQUALS}}}){id}',
    'saveFilter(input:{id:4,mode:SCENES,name:"new",object_filter:{rating100:{value:52,modifier:EQUALS}}}){id}',
  ],
  ['a tag created', 'tagCreate(input:{name:"quite new",aliases:["a","b"],parent_ids:[1]}){id}'],
  ['a scene destroyed', 'sceneDestroy(input:{id:7})'],
  ['a gallery destroyed', 'galleryDestroy(input:{ids:[2]})'],
];

describe('a mirror tells which records may have changed:', () => {
  let mirrors: Kept;
  before(async () => {
    mirrors = await Kept.of({ after: (done) => void closing.push(done) }, 'v0.30');
  });
  const closing: (() => unknown)[] = [];
  after(async () => {
    for (const close of closing) await close();
  });
  for (const [what, ...calls] of changes) {
    test(what, async () => {
      for (const call of calls) {
        await mutate(mirrors.simulator, call);
        // Nothing but these: a record that is written without a change is the only one too many.
        assert.ok((await mirrors.check(call)) <= 1);
      }
    });
  }

  for (const version of ['v0.25', 'v0.30', 'newer'] as const) {
    test(`${version}: whatever is changed in a table`, async (t) => {
      const mirrors = await Kept.of(t, version);
      const { simulator } = mirrors;
      simulator.sql('pragma foreign_keys = off; pragma ignore_check_constraints = on');
      using db = new DatabaseSync(databaseOf(version), { readOnly: true });
      const layout = Layout.of(db);
      const random = randomFrom(7);
      for (let round = 0; round < 8; round++) {
        for (const name of knownIn(layout).keys()) {
          if (['blobs', 'schema_migrations'].includes(name)) continue;
          const columns = [...(layout.tables.get(name) ?? new Map<string, LayoutColumn>())];
          const chosen = columns[Math.floor(random() * columns.length)];
          const hasTime = columns.some(([column]) => column === 'updated_at');
          if (chosen) edit(simulator, random, name, chosen, hasTime);
        }
        await mirrors.check(`round ${round}`);
      }
    });
  }
});

/** One row of a table changed in one column, gone, or there a second time. */
function edit(
  simulator: Simulator,
  random: () => number,
  name: string,
  [column, { type, key }]: [string, LayoutColumn],
  hasTime: boolean,
): void {
  const [table, cell] = [quoted(name), quoted(column)];
  const [{ n }] = simulator.rows(`select count(*) n from ${table}`) as [{ n: number }];
  if (n === 0) return;
  const row = `rowid = (select rowid from ${table} limit 1 offset ${Math.floor(random() * n)})`;
  const values = /date/i.test(type)
    ? [`'2024-01-02T03:04:0${Math.floor(random() * 10)}Z'`]
    : /char|text|blob/i.test(type)
      ? [`coalesce(${cell}, '') || 'x'`, "''"]
      : [`coalesce(${cell}, 0) + 1`, '1', key > 0 ? '2' : 'null'];
  const value = values[Math.floor(random() * values.length)];
  // What a record's own row holds as text or as a time is not written without its time.
  const time = hasTime && !/int|bool|real|float/i.test(type) ? `, updated_at = '${newTime()}'` : '';
  simulator.sql(
    random() < 0.2
      ? `delete from ${table} where ${row}`
      : `update or ignore ${table} set ${cell} = ${value}${column === 'updated_at' ? '' : time} where ${row}`,
  );
}

let times = 0;
const newTime = () => new Date(1.7e12 + times++ * 1000).toISOString().replace('.000', '');

async function mutate(simulator: Simulator, call: string): Promise<void> {
  const response = await fetch(`${simulator.url}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ query: `mutation{m:${call}}` }),
  });
  const { errors } = (await response.json()) as { errors?: unknown };
  assert.equal(errors, undefined, JSON.stringify(errors));
}

type Texts = Map<Kind, Map<Id, string>>;

/** Two mirrors of a server, one compared by digests and one by all there is, and the records as they last were. */
class Kept {
  readonly simulator: Simulator;
  readonly #open: (compare: 'quick' | 'full') => Promise<Reading>;
  #before: Texts;

  static async of(
    scope: { after(done: () => unknown): void },
    version: ServerVersion,
  ): Promise<Kept> {
    const simulator = await startSimulator({ database: databaseOf(version) });
    // Stash does not destroy a tag that is the first one of a marker.
    simulator.sql('update scene_markers set primary_tag_id = 1 where primary_tag_id = 23');
    scope.after(() => simulator.close());
    const client = new StashClient({ address: simulator.url });
    scope.after(() => client.close());
    const server = await connect(client);
    const tempDir = mkdtempSync(join(folder, 'mirrors-'));
    const openIt = async (compare: 'quick' | 'full') => {
      const token = async () => 'agreed';
      const mirror = { file: join(tempDir, compare), token, isLookedAt: false };
      return (await openRoad(server, 'tables', { tempDir, mirror, compare })).reading;
    };
    let before: Texts = new Map();
    for (const compare of ['quick', 'full'] as const) {
      const reading = await openIt(compare);
      assert.deepEqual(
        kindNames.map((kind) => reading.notes?.touched(kind)),
        kindNames.map(() => null),
      );
      before = await textsOf(reading);
      reading.notes?.settle('agreed');
      await reading.close();
    }
    return new Kept(simulator, openIt, before);
  }

  private constructor(simulator: Simulator, openIt: typeof Kept.prototype.open, before: Texts) {
    this.simulator = simulator;
    this.#open = openIt;
    this.#before = before;
  }

  /** Makes sure that every record that is not as it was is among those touched; returns how many others are. */
  async check(what: string): Promise<number> {
    const ways: Texts[] = [];
    let others = 0;
    for (const compare of ['quick', 'full'] as const) {
      const reading = await this.open(compare);
      const now = await textsOf(reading);
      ways.push(now);
      others = 0;
      for (const kind of kindNames) {
        const touched = reading.notes?.touched(kind) ?? [];
        const [was, is] = [this.#before.get(kind), now.get(kind)];
        const different = [...new Set([...(was?.keys() ?? []), ...(is?.keys() ?? [])])].filter(
          (id) => was?.get(id) !== is?.get(id),
        );
        const missed = different.filter((id) => !touched.includes(id));
        assert.deepEqual(missed, [], `${compare}, ${what}: ${kind}`);
        assert.deepEqual(
          touched,
          [...new Set(touched)].sort((a, b) => a - b),
        );
        others += touched.length - different.length;
      }
      reading.notes?.settle('agreed');
      assert.ok(reading.notes?.isEmpty);
      for (const kind of kindNames) assert.deepEqual(reading.notes?.touched(kind), []);
      await reading.close();
    }
    const [now, also] = ways;
    assert.ok(isDeepStrictEqual(now, also), `${what}: both see the same`);
    assert.ok(!isDeepStrictEqual(now, this.#before), `${what} changes nothing`);
    this.#before = now as Texts;
    return others;
  }

  async open(compare: 'quick' | 'full'): Promise<Reading> {
    return this.#open(compare);
  }
}

async function textsOf(reading: Reading): Promise<Texts> {
  const texts: Texts = new Map();
  for (const kind of kindNames) {
    const those = new Map<Id, string>();
    for await (const records of reading.records(kind)) {
      for (const record of records) those.set(record.id, jsonText(record));
    }
    texts.set(kind, those);
  }
  return texts;
}
