import { parentPort, workerData } from 'node:worker_threads';
import { Encoder } from './library/encode.ts';
import type { Fed, ImportIdentity } from './library/firstImport.ts';
import { SharedBuffers } from './library/sharedBuffers.ts';
import { type Kind, kindNames } from './model/kinds.ts';
import { TablesReader } from './stash/tables/reader.ts';

/**
 * The thread that reads a SQLite file, hashes and encodes, while the main thread talks to PostgreSQL: a
 * synchronous read loop in the same thread would let no socket move.
 */
export interface ImportTask {
  file: string;
  identity: ImportIdentity;
  /** Of the `SharedBuffers` that COPYs travel in. */
  memory: SharedArrayBuffer;
}

export type ImportMessage =
  | { copy: { table: string; columns: readonly string[]; bytes: SharedBytes | Uint8Array } }
  | { progress: { kind: Kind; done: number } }
  | { fed: Fed };

/** Bytes in a shared buffer, to be given back. */
interface SharedBytes {
  slot: number;
  length: number;
}

const port = parentPort;
if (port) {
  const { file, identity, memory } = workerData as ImportTask;
  const say = (message: ImportMessage) => port.postMessage(message);
  const buffers = new SharedBuffers(memory);
  const reader = new TablesReader(file);
  const encoder = new Encoder({
    identity,
    target: {
      buffer: () => buffers.take(),
      giveBack: (buffer) => {
        const slot = buffers.slotOf(buffer);
        if (slot !== undefined) buffers.giveBack(slot);
      },
      send: (table, columns, bytes) => {
        const slot = buffers.slotOf(bytes);
        const sent = slot === undefined ? bytes : { slot, length: bytes.length };
        say({ copy: { table, columns, bytes: sent } });
      },
    },
  });
  for (const kind of kindNames) {
    let told = 0;
    const tell = (done: number) => {
      if (done > told) say({ progress: { kind, done } });
      told = done;
    };
    for (const records of reader.records(kind)) {
      for (const record of records) encoder.add(kind, record);
      if (encoder.counts[kind] - told >= 1000) tell(encoder.counts[kind]);
    }
    tell(encoder.counts[kind]);
  }
  encoder.flush();
  const { counts, known } = encoder;
  const troubles = [...reader.troubles, ...encoder.troubles];
  say({ fed: { counts, known: known.result(), troubles } });
  reader.close();
}
