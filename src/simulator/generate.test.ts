import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { after, describe, test } from 'node:test';
import { serverVersions } from '../contract/schema.ts';
import { generate, type LibraryPlan } from './generate.ts';
import { startSimulator } from './simulator.ts';

const folder = mkdtempSync(join(tmpdir(), 'stowage-test-'));
after(() => rmSync(folder, { recursive: true }));

let made = 0;
function make(plan: Partial<LibraryPlan> = {}): string {
  made += 1;
  const path = join(folder, `${made}.sqlite`);
  generate(path, { scenes: 60, images: 120, ...plan });
  return path;
}

test('the same plan makes the same library, another seed another one', () => {
  const [first, again, other] = [{}, {}, { seed: 2 }].map((plan) => readFileSync(make(plan)));
  assert.ok(first && again && other);
  assert.ok(first.equals(again));
  assert.ok(!first.equals(other));
});

describe('a library of', () => {
  for (const version of serverVersions) {
    test(`${version} is sound, and answers every field`, async () => {
      const path = make({ version, pictures: 'few', hostile: true });
      {
        using database = new DatabaseSync(path);
        assert.deepEqual(database.prepare('pragma foreign_key_check').all(), []);
        const [check] = database.prepare('pragma integrity_check').all();
        assert.equal(check?.integrity_check, 'ok');
      }
      const simulator = await startSimulator({ database: path });
      try {
        for (const query of await allFields(simulator.url)) {
          const answer = await ask(simulator.url, query);
          assert.equal(answer.errors, undefined, JSON.stringify(answer.errors));
        }
      } finally {
        await simulator.close();
      }
    });
  }
});

test('a Windows server has its paths written its way', async () => {
  const simulator = await startSimulator({ database: make({ windows: true }) });
  try {
    const query = '{systemStatus{os} findFiles(ids:[1]){files{path}}}';
    const { data } = await ask(simulator.url, query);
    assert.equal(data.systemStatus.os, 'windows');
    assert.match(data.findFiles.files[0].path, /^D:\\media\\.+\\[^\\]+$/);
  } finally {
    await simulator.close();
  }
});

// biome-ignore lint/suspicious/noExplicitAny: whatever the query asks for
async function ask(url: string, query: string): Promise<any> {
  const response = await fetch(`${url}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ query }),
  });
  return response.json();
}

interface TypeRef {
  kind: string;
  name: string;
  ofType?: TypeRef;
}
interface Introspected {
  name: string;
  kind: string;
  fields?: { name: string; type: TypeRef }[];
  possibleTypes?: { name: string }[];
}

/** For each list query one that asks for all fields of its records, and the ids of what they refer to. */
async function allFields(url: string): Promise<string[]> {
  const ref = 'kind name ofType{kind name ofType{kind name ofType{kind name}}}';
  const { data } = await ask(
    url,
    `{__schema{types{name kind possibleTypes{name} fields(includeDeprecated:true){name type{${ref}}}}}}`,
  );
  const types = new Map<string, Introspected>(
    data.__schema.types.map((type: Introspected) => [type.name, type]),
  );
  const named = (type: TypeRef): TypeRef => (type.ofType ? named(type.ofType) : type);
  const selection = (name: string, depth: number): string => {
    const type = types.get(name);
    if (type?.kind === 'UNION' || type?.kind === 'INTERFACE') {
      const on = type.possibleTypes?.map(
        (one) => `... on ${one.name}${selection(one.name, depth)}`,
      );
      return `{__typename ${on?.join(' ')}}`;
    }
    const fields = type?.fields ?? [];
    if (depth === 0 && fields.some((field) => field.name === 'id')) return '{id}';
    const parts = fields
      // A zip's folder has no time, and that fails: as on real servers.
      .filter((field) => !(name === 'Folder' && field.name === 'mod_time'))
      .map((field) => {
        const { kind, name: target } = named(field.type);
        const leaf = kind === 'SCALAR' || kind === 'ENUM';
        return field.name + (leaf ? '' : selection(target, depth - 1 < 0 ? 0 : depth - 1));
      });
    return `{${parts.join(' ')}}`;
  };
  return (types.get('Query')?.fields ?? [])
    .filter((field) => /^find\w+s$/.test(field.name))
    .map((field) => {
      const { name: result } = named(field.type);
      const filter = result === 'SavedFilter' ? '' : '(filter:{per_page:-1})';
      return `{${field.name}${filter}${selection(result, 3)}}`;
    });
}
