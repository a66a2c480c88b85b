/** `npm run build`: dist/, which the published package runs from, as Node strips no types below node_modules. */
import { execFileSync } from 'node:child_process';
import { cp, glob, rm } from 'node:fs/promises';
import path from 'node:path';

process.chdir(path.join(import.meta.dirname, '..'));
await rm('dist', { recursive: true, force: true });
execFileSync('tsc', ['-p', 'tsconfig.build.json'], { stdio: 'inherit' });
// What the code reads from beside itself: SQL, the schema that the simulator serves, its clip.
for await (const entry of glob('**', { cwd: 'src', withFileTypes: true })) {
  if (!entry.isFile() || entry.name.endsWith('.ts')) continue;
  const file = path.relative('src', path.join(entry.parentPath, entry.name));
  await cp(path.join('src', file), path.join('dist', file));
}
