import { parentPort, workerData } from 'node:worker_threads';
import { Encoder } from './library/encode.ts';
import type { Fed, ImportIdentity } from './library/firstImport.ts';
import { ImportIds } from './library/ids.ts';
import { kindNames } from './model/kinds.ts';
import { TablesReader } from './stash/tables/reader.ts';

/**
 * The thread that reads a SQLite file, hashes and encodes, while the main thread talks to PostgreSQL: a
 * synchronous read loop in the same thread would let no socket move.
 */
export interface ImportTask {
  file: string;
  identity: ImportIdentity;
  /** How many more COPYs may be sent before the main thread has taken one. */
  credits: SharedArrayBuffer;
}

export type ImportMessage =
  | { copy: { table: string; columns: readonly string[]; bytes: Uint8Array } }
  | { progress: { kind: string; done: number } }
  | { fed: Fed };

const port = parentPort;
if (port) {
  const { file, identity, credits } = workerData as ImportTask;
  const left = new Int32Array(credits);
  const say = (message: ImportMessage, transfer: ArrayBuffer[] = []) =>
    port.postMessage(message, transfer);
  const reader = new TablesReader(file);
  const encoder = new Encoder({
    ids: new ImportIds(identity.milliseconds, identity.salt),
    sourceId: identity.sourceId,
    runId: identity.runId,
    send: (table, columns, bytes) => {
      while (Atomics.load(left, 0) <= 0) Atomics.wait(left, 0, 0);
      Atomics.sub(left, 0, 1);
      say({ copy: { table, columns, bytes } }, [bytes.buffer as ArrayBuffer]);
    },
  });
  for (const kind of kindNames) {
    for (const records of reader.records(kind)) {
      for (const record of records) encoder.add(kind, record);
      say({ progress: { kind, done: encoder.counts[kind] } });
    }
  }
  encoder.flush();
  const { counts, known } = encoder;
  say({ fed: { counts, known: known.result(), troubles: [...reader.troubles, ...encoder.troubles] } });
  reader.close();
}
