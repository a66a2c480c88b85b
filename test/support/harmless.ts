import assert from 'node:assert/strict';
import type { OwnLibrary } from './commands.ts';

/** Runs a command that is to fail clearly, and to leave everything as it is. */
export async function harmless(
  library: OwnLibrary,
  words: readonly string[],
  code: string,
  says: RegExp,
): Promise<void> {
  const before = await library.contents();
  const { exitCode, error } = await library.stowage(...words);
  assert.deepEqual([exitCode, error?.code], [1, code], error?.message);
  assert.match(`${error?.message}\n${error?.item}\n${error?.remedy}`, says);
  assert.deepEqual(await library.contents(), before);
}
