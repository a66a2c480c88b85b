import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { copyFile, mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, test } from 'node:test';

/** Which folders of src/ each may import from; what is not listed is forbidden. */
const mayImport: { [folder: string]: readonly string[] } = {
  model: [],
  contract: ['model'],
  stash: ['model', 'contract'],
  library: ['model'],
  simulator: ['model', 'contract'],
  sync: ['model', 'library'],
  media: ['model', 'library'],
  backup: ['model', 'library', 'media'],
  edit: ['model', 'library', 'sync', 'media'],
  enrich: ['model', 'contract', 'library'],
  search: ['model', 'library'],
  jobs: ['model', 'contract', 'stash', 'library', 'sync', 'media', 'enrich', 'search'],
  server: [
    ...['model', 'contract', 'stash', 'library', 'sync', 'media', 'edit'],
    ...['enrich', 'search', 'jobs'],
  ],
};
const folders = [...Object.keys(mayImport), 'cli'];
const root = path.join(import.meta.dirname, '..');
const rule = 'lint/style/noRestrictedImports';

/** One import a line, of every form that TypeScript has; the line's number says which was caught. */
const imports = (target: string) => [
  `import { a } from '${target}';`,
  `import type { B } from '${target}';`,
  `export * from '${target}';`,
  `export const late = () => import('${target}');`,
];

let project: string;
/** Lines on which Biome, with this project's own biome.json, reports a forbidden import. */
const caught = new Map<string, Set<number>>();
const probes: { from: string; to: string; file: string; lines: number }[] = [];

before(async () => {
  project = await mkdtemp(path.join(tmpdir(), 'stowage-directions-'));
  await copyFile(path.join(root, 'biome.json'), path.join(project, 'biome.json'));
  const probe = async (from: string, to: string, folder: string, target: string) => {
    const file = `src/${folder}/${to}.probe.ts`;
    const source = imports(target);
    await mkdir(path.join(project, 'src', folder), { recursive: true });
    await writeFile(path.join(project, file), `${source.join('\n')}\n`);
    probes.push({ from, to, file, lines: source.length });
  };
  for (const from of folders) {
    for (const to of folders.filter((folder) => folder !== from)) {
      await probe(from, to, from, `../${to}/part.ts`);
      await probe(from, to, `${from}/inner`, `../../${to}/part.ts`);
    }
    await probe(from, from, `${from}/inner`, '../part.ts');
    await probe(from, 'app', from, '../app.ts');
    await probe(from, 'test', from, '../../test/part.ts');
  }
  const report = await new Promise<string>((resolve) => {
    const biome = path.join(root, 'node_modules/.bin/biome');
    const options = ['lint', '--reporter=json', '--max-diagnostics=none', '--vcs-enabled=false'];
    const limits = { cwd: project, maxBuffer: 1 << 28 };
    execFile(biome, [...options, `--only=${rule.slice(5)}`, 'src'], limits, (_, stdout) =>
      resolve(stdout),
    );
  });
  for (const { category, location } of JSON.parse(report).diagnostics) {
    if (category !== rule) continue;
    const lines = caught.get(location.path) ?? new Set();
    caught.set(location.path, lines.add(location.start.line));
  }
});
after(() => rm(project, { recursive: true, force: true }));

const allowed = (from: string, to: string) => {
  if (to === from) return true;
  if (to === 'test') return false;
  return from === 'cli' ? to !== 'server' : (mayImport[from]?.includes(to) ?? false);
};

for (const from of folders) {
  test(`src/${from} imports only what stands below it`, () => {
    const mine = probes.filter((probe) => probe.from === from);
    assert.ok(mine.length > 0);
    for (const { to, file, lines } of mine) {
      assert.equal(caught.get(file)?.size ?? 0, allowed(from, to) ? 0 : lines, `${file} → ${to}`);
    }
  });
}

test('every folder of src/ has a rule', async () => {
  const entries = await readdir(path.join(root, 'src'), { withFileTypes: true });
  const present = entries.filter((entry) => entry.isDirectory()).map((entry) => entry.name);
  assert.deepEqual(
    present.filter((folder) => !folders.includes(folder)),
    [],
  );
});
