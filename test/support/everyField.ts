/** Writes every field of every kind to a server, and reads it again. */
import { formsAt, outOfForms } from '../../src/model/forms/otherForm.ts';
import type { Values } from '../../src/model/held.ts';
import type { Kind } from '../../src/model/kinds.ts';
import { sameValue } from '../../src/model/records.ts';
import type { Refused, SourceChange, WriteResult } from '../../src/model/writing.ts';
import { openGraphql } from '../../src/stash/graphql/graphql.ts';
import { openRoad } from '../../src/stash/roads.ts';
import type { StashServer } from '../../src/stash/server.ts';
import { canHold } from '../../src/stash/write/canHold.ts';
import { openWriter } from '../../src/stash/write/writer.ts';
import { type Present, picturesFor, writtenValues } from './writtenValues.ts';

interface Story {
  /** What is not as it was told, a line each. */
  wrong: string[];
  /** What the server keeps otherwise than it was sent. */
  otherwise: string[];
  /** What it was not sent, since it cannot hold it. */
  unheld: string[];
}

/** Creates, changes twice and destroys a record of each kind, with every field there is; all but images are made. */
export async function writeEveryField(
  server: StashServer,
  via: 'tables' | 'graphql',
  tempDir: string,
): Promise<Story> {
  const pictures = picturesFor();
  const writer = openWriter(server, {
    picture: async (picture) => pictures.bytesOf.get(picture) ?? null,
  });
  const story: Story = { wrong: [], otherwise: [], unheld: [] };

  const reading = async () => (await openRoad(server, via, { tempDir })).reading;
  const write = async (change: SourceChange): Promise<WriteResult> => {
    const [result] = await Array.fromAsync(writer.write([change]));
    return result as WriteResult;
  };
  const make = async (kind: Kind, after: Values): Promise<number> => {
    const result = await write({ kind, action: 'create', remoteId: null, before: {}, after });
    if ('error' in result) throw result.error;
    return result.remoteId;
  };
  /** What of these records can be read again. */
  const read = async (ids: Map<Kind, number>): Promise<Map<Kind, Values>> => {
    const now = await reading();
    const found = new Map<Kind, Values>();
    for (const [kind, id] of ids) {
      for await (const [record] of now.some(kind, [id])) found.set(kind, record as never);
    }
    await now.close();
    return found;
  };
  const check = (result: WriteResult, found: Values | undefined, at: string) => {
    const { kind, after } = result.change;
    const forms = formsAt(server.profile, kind);
    const former = forms.flatMap((form) => form.former.map((field) => [field, '']));
    const stored = found && {
      ...Object.fromEntries(former),
      ...outOfForms(forms, found, [after]),
    };
    const record = recordOf(result);
    if (!record) {
      story.wrong.push(`${at}: ${(result as Refused).error.message}`);
      return;
    }
    if (!stored) story.wrong.push(`${at}: not there`);
    for (const [field, sent] of Object.entries(after)) {
      const told = record[field];
      if (!canHold(server.profile, kind, field, sent)) {
        story.unheld.push(`${at}.${field}`);
        if (told !== undefined) story.wrong.push(`${at}.${field}: told, though it cannot be held`);
        continue;
      }
      const [as, was, is] = [sent, told, stored?.[field]].map((one) => JSON.stringify(one));
      if (told === undefined) story.wrong.push(`${at}.${field}: nothing was told`);
      else if (!sameValue(told, sent)) story.otherwise.push(`${at}.${field}: ${as} is ${was}`);
      if (stored && field in stored && !sameValue(told, stored[field])) {
        story.wrong.push(`${at}.${field}: told ${was}, is ${is}`);
      }
      if (via === 'tables' && stored && !(field in stored))
        story.wrong.push(`${at}.${field}: unread`);
    }
    for (const time of ['createdAt', 'updatedAt']) {
      if (record[time] !== undefined && record[time] !== stored?.[time]) {
        story.wrong.push(`${at}.${time}: told ${record[time]}, is ${stored?.[time]}`);
      }
    }
  };

  const some = async (kind: Kind): Promise<[number, number]> => {
    const ids: number[] = [];
    for await (const records of openGraphql(server).records(kind)) {
      ids.push(...records.map(({ id }) => id));
    }
    return ids.slice(-2) as [number, number];
  };
  const two = async (kind: Kind, name: string, more: Values = {}): Promise<[number, number]> => [
    await make(kind, { [name]: `present ${kind} one`, ...more }),
    await make(kind, { [name]: `present ${kind} two`, ...more }),
  ];
  const images = await some('image');
  const there: Present = {
    tag: [...(await two('tag', 'name')), await make('tag', { name: 'present tag three' })],
    studio: await two('studio', 'name'),
    performer: await two('performer', 'name'),
    group: await two('group', 'name'),
    gallery: await two('gallery', 'title', { images }),
    image: images,
    scene: await some('scene'),
  };
  const values = writtenValues(there, pictures);
  const kinds = Object.keys(values) as (keyof typeof values)[];
  const ids = new Map<Kind, number>([['image', images[0]]]);
  const known = await read(ids); // what the first of the images has
  const stages = ['new', 'second', 'empty'] as const;
  for (const [i, stage] of stages.entries()) {
    const results: WriteResult[] = [];
    for (const kind of kinds) {
      const after = values[kind][i] as Values;
      const remoteId = ids.get(kind) ?? null;
      if (Object.keys(after).length === 0 || (stage !== 'new' && remoteId === null)) continue;
      const held = { ...known.get(kind) };
      const before = Object.fromEntries(Object.keys(after).map((field) => [field, held[field]]));
      const action = remoteId === null ? 'create' : 'update';
      const result = await write({ kind, action, remoteId, before: remoteId ? before : {}, after });
      results.push(result);
      const made = 'error' in result ? result.written?.remoteId : result.remoteId;
      if (made !== undefined) ids.set(kind, made);
      known.set(kind, { ...held, ...after });
    }
    const stored = await read(ids);
    for (const result of results) {
      check(result, stored.get(result.change.kind), `${result.change.kind} ${stage}`);
    }
  }
  for (const again of ['', ' again']) {
    for (const [kind, remoteId] of ids) {
      const gone = await write({ kind, action: 'delete', remoteId, before: {}, after: {} });
      if ('error' in gone) story.wrong.push(`${kind} destroyed${again}: ${gone.error.message}`);
    }
  }
  for (const kind of (await read(ids)).keys()) story.wrong.push(`${kind}: it is still there`);
  return story;
}

/** What was made of a record: also where the server has no place for a part of a value. */
function recordOf(result: WriteResult): Values | undefined {
  if (!('error' in result)) return result.record;
  return result.error.code === 'source.unsupported' ? result.written?.record : undefined;
}
