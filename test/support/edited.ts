/** A library that was brought from a made-up Stash, and the commands by which people look at records and change them. */
import assert from 'node:assert/strict';
import path from 'node:path';
import { generate } from '../../src/simulator/generate.ts';
import { type Ended, type OwnLibrary, ownLibrary } from './commands.ts';
import type { Scope } from './database.ts';
import { temporaryFolder } from './pictures.ts';

/** What `stowage show --json` tells. */
interface Shown {
  id: string;
  label: string;
  revision: number;
  deletedAt: string | null;
  sources: { source: string; remoteId: number; edited: boolean; isPart: boolean }[];
  fields: {
    name: string;
    value: unknown;
    before: unknown;
    changed: boolean;
    locked: boolean;
    origin: { runId: number; command: string; source: string | null } | null;
  }[];
}
type ShownField = Shown['fields'][number];

export interface EditedLibrary extends Pick<OwnLibrary, 'url' | 'data' | 'query' | 'contents'> {
  /** A place for files. */
  folder: string;
  /** Runs a command that is to end well. */
  done(...words: string[]): Promise<Ended>;
  /** A new record's id. */
  made(...words: string[]): Promise<string>;
  /** Runs a command that is refused, and changes nothing. */
  refused(words: string[], message: RegExp, remedy?: RegExp): Promise<void>;
  shown(
    kind: string,
    id: string,
  ): Promise<
    Shown & {
      /** What a person reads. */
      text: string;
      field(name: string): ShownField | undefined;
      value(name: string): unknown;
    }
  >;
}

export async function editedLibrary(scope: Scope): Promise<EditedLibrary> {
  const folder = await temporaryFolder(scope);
  const library = await ownLibrary(scope);
  const database = path.join(folder, 'stash.sqlite');
  generate(database, { scenes: 40, images: 40 });
  const done: EditedLibrary['done'] = async (...words) => {
    const ended = await library.stowage(...words);
    assert.equal(ended.exitCode, 0, ended.error?.message);
    return ended;
  };
  await done('migrate', '--from', database);
  const journal = () =>
    library.query(
      'SELECT (SELECT count(*) FROM stowage.run_changes), (SELECT count(*) FROM stowage.runs)',
    );
  return {
    ...library,
    folder,
    done,
    made: async (...words) => String((await done('create', ...words)).summary.id),
    async refused(words, message, remedy = /(?:)/) {
      const before = await journal();
      const { exitCode, error } = await library.stowage(...words);
      assert.deepEqual([exitCode, error?.code], [2, 'usage'], error?.message);
      assert.match(`${error?.message} (${error?.item})`, message);
      assert.match(String(error?.remedy), remedy);
      assert.deepEqual(await journal(), before);
    },
    async shown(kind, id) {
      const { events, lines } = await done('show', kind, id);
      const record = events.find(({ event }) => event === 'record') as unknown as Shown;
      const field = (name: string) => record.fields.find((one) => one.name === name);
      return { ...record, text: lines.join('\n'), field, value: (name) => field(name)?.value };
    },
  };
}
