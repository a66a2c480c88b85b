#!/usr/bin/env node
// Plain JavaScript without static imports, so that an older Node can run it far enough to say what is wrong.
const oldest = 24;

if (Number(process.versions.node.split('.')[0]) < oldest) {
  process.stderr.write(
    `error: Stowage needs Node ${oldest} or newer; this is Node ${process.versions.node}.\n` +
      '  In a clone, run `npm ci` and then `npx stowage …`, which brings its own Node.\n' +
      `  Elsewhere, install Node ${oldest} from https://nodejs.org.\n`,
  );
  process.exitCode = 1;
} else {
  // A clone runs from src/; the package has dist/ only, as Node strips no types below node_modules.
  const { existsSync } = await import('node:fs');
  const { enableCompileCache } = await import('node:module');
  const { fileURLToPath } = await import('node:url');
  // Starts in half the time from the second time on. Kept with the program, as nobody else can write there; where it may
  // not be written, it is done without.
  enableCompileCache(fileURLToPath(new URL('../node_modules/.cache/compiled', import.meta.url)));
  const source = new URL('../src/cli/main.ts', import.meta.url);
  await import(existsSync(source) ? source.href : '../dist/cli/main.js');
}
