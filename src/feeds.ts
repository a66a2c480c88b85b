import { Worker } from 'node:worker_threads';
import type { ImportMessage, ImportTask } from './importWorker.ts';
import { bufferSize } from './library/copy.ts';
import { Encoder } from './library/encode.ts';
import type { Fed, Feed } from './library/firstImport.ts';
import { SharedBuffers } from './library/sharedBuffers.ts';
import { type Kind, kindNames } from './model/kinds.ts';
import type { Reading } from './model/reading.ts';
import { readingFailure } from './stash/damage.ts';

/** So many of a kind have been read. */
export type Progress = (kind: Kind, done: number) => void;

/** From a SQLite file, in a worker thread of its own. `item` is what it is called to people. */
export function feedFromFile(file: string, progress: Progress, item = file): Feed {
  return async (identity, send, signal) => {
    const buffers = new SharedBuffers();
    const worker = new Worker(
      new URL(`./importWorker${import.meta.url.slice(-3)}`, import.meta.url),
      {
        workerData: { file, identity, memory: buffers.memory } satisfies ImportTask,
        resourceLimits: { maxYoungGenerationSizeMb: 8 },
      },
    );
    try {
      return await new Promise<Fed>((resolve, reject) => {
        let sent = Promise.resolve();
        signal.addEventListener('abort', () => reject(signal.reason), { once: true });
        worker.on('error', (error) => reject(readingFailure(error, item)));
        worker.on('exit', (code) => {
          if (code !== 0) reject(new Error(`the reading thread ended with ${code}`));
        });
        worker.on('message', (message: ImportMessage) => {
          if ('copy' in message) {
            const { table, columns, bytes } = message.copy;
            sent = sent.then(async () => {
              if (bytes instanceof Uint8Array) {
                return send(
                  table,
                  columns,
                  Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength),
                );
              }
              await send(table, columns, buffers.at(bytes.slot, bytes.length));
              buffers.giveBack(bytes.slot);
            });
            sent.catch(reject);
          } else if ('progress' in message) {
            progress(message.progress.kind, message.progress.done);
          } else {
            sent.then(() => resolve(message.fed), reject);
          }
        });
      });
    } finally {
      await worker.terminate();
    }
  };
}

/** From any road, in this thread: where the source's server is the slow part. */
export function feedFromReading(reading: Reading, progress: Progress): Feed {
  return async (identity, send, signal) => {
    let pending: Parameters<typeof send>[] = [];
    const encoder = new Encoder({
      identity,
      target: {
        buffer: () => Buffer.allocUnsafe(bufferSize),
        giveBack: () => {},
        send: (...copy) => pending.push(copy),
      },
    });
    const sendPending = async () => {
      const copies = pending;
      pending = [];
      for (const copy of copies) await send(...copy);
    };
    for (const kind of kindNames) {
      for await (const records of reading.records(kind, signal)) {
        for (const record of records) encoder.add(kind, record);
        await sendPending();
        progress(kind, encoder.counts[kind]);
      }
    }
    encoder.flush();
    await sendPending();
    const { counts, known, troubles } = encoder;
    return { counts, known: known.result(), troubles: [...reading.troubles, ...troubles] };
  };
}
