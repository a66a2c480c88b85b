import { open } from 'node:fs/promises';
import { StowageError } from '../model/errors.ts';
import { PlanFile } from '../sync/planFile.ts';

const magic = 'SQLite format 3\0';
/** As much of SQLite's header as tells the size of the whole. */
const headerLength = 100;

/** The plan in a file that a person named; a usage error that says what the file is instead. */
export async function givenPlan(path: string): Promise<PlanFile> {
  const { size, header } = await startOf(path);
  if (size === 0) throw noPlan(path, 'The plan is empty.');
  if (header.length < headerLength || !header.toString('latin1').startsWith(magic)) {
    throw noPlan(path, 'That is no plan, but another kind of file.');
  }
  // SQLite notices missing pages only when it comes to them: in the middle of carrying the plan out.
  const pageSize = header.readUInt16BE(16) === 1 ? 65_536 : header.readUInt16BE(16);
  if (size < pageSize * header.readUInt32BE(28)) {
    throw noPlan(path, 'The plan was cut off: its end is missing.');
  }
  return PlanFile.open(path);
}

async function startOf(path: string): Promise<{ size: number; header: Buffer }> {
  try {
    await using file = await open(path);
    const header = Buffer.alloc(headerLength);
    const { bytesRead } = await file.read(header, 0, headerLength, 0);
    return { size: (await file.stat()).size, header: header.subarray(0, bytesRead) };
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    if (code === 'ENOENT') throw noPlan(path, 'There is no such plan.', cause);
    if (code === 'EISDIR') throw noPlan(path, 'That is a folder, not a plan.', cause);
    throw noPlan(path, `The plan cannot be read: ${code}.`, cause);
  }
}

const noPlan = (item: string, message: string, cause?: unknown): StowageError =>
  new StowageError('usage', message, {
    item,
    remedy: 'Make one with `stowage plan --out FILE`.',
    cause,
  });
