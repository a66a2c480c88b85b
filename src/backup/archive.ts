import { createReadStream, createWriteStream } from 'node:fs';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { constants, createZstdCompress, createZstdDecompress } from 'node:zlib';
import { createTarDecoder, createTarPacker } from 'modern-tar';
import { StowageError } from '../model/errors.ts';

/*
 * A backup is a tar file, compressed by zstd with checksums: any system can look into it.
 *
 *     library.json             what wrote it, and with which steps of the schema
 *     tables/qar.cargo/000001  a table's rows in pieces, as COPY writes them
 *     pictures/MD5             the pictures' bytes
 *     secret                   what sources' keys are encrypted with
 *     end.json                 how much of all there is; without it the backup is cut off
 */

/** A file in a backup: its name, and what it holds, which has to be read before the next. */
export interface Part {
  name: string;
  bytes(): Promise<Buffer>;
}

/** Writes parts one after another into a file that nobody else may read, and has it safe on disk at the end. */
export async function writeArchive(
  file: string,
  parts: AsyncIterable<{ name: string; bytes: Uint8Array }>,
  signal: AbortSignal,
): Promise<void> {
  const { readable, controller } = createTarPacker();
  const packing = (async () => {
    try {
      for await (const { name, bytes } of parts) {
        const writer = controller
          .add({ name, size: bytes.length, mode: 0o600, mtime: new Date(0), type: 'file' })
          .getWriter();
        if (bytes.length > 0) await writer.write(bytes);
        await writer.close();
      }
      controller.finalize();
    } catch (error) {
      controller.error(error);
      throw error;
    }
  })();
  packing.catch(() => {}); // told by the pipeline too
  await pipeline(
    Readable.fromWeb(readable as never),
    createZstdCompress({ params: { [constants.ZSTD_c_checksumFlag]: 1 } }),
    createWriteStream(file, { flags: 'wx', mode: 0o600, flush: true }),
    { signal },
  );
  await packing;
}

/** The parts of a backup, in their order. @throws StowageError `backup.damaged` */
export async function* readArchive(file: string): AsyncGenerator<Part> {
  const source = createReadStream(file);
  const unpacked = source.pipe(createZstdDecompress());
  source.on('error', (error) => unpacked.destroy(error));
  const entries = Readable.toWeb(unpacked).pipeThrough(createTarDecoder() as never);
  try {
    for await (const { header, body } of entries as unknown as AsyncIterable<Entry>) {
      let isRead = false;
      const bytes = async () => {
        isRead = true;
        return Buffer.from(await new Response(body as never).arrayBuffer());
      };
      yield { name: header.name, bytes: () => bytes().catch((error) => refuse(file, error)) };
      if (!isRead) await body.cancel();
    }
  } catch (error) {
    refuse(file, error);
  } finally {
    source.destroy();
  }
}

interface Entry {
  header: { name: string };
  body: ReadableStream<Uint8Array>;
}

function refuse(file: string, cause: unknown): never {
  const { code } = cause as NodeJS.ErrnoException;
  if (cause instanceof StowageError) throw cause;
  if (code === 'ENOENT' || code === 'EACCES' || code === 'EISDIR') {
    throw new StowageError('usage', `The backup cannot be read: ${code}.`, { item: file });
  }
  throw damaged(file, cause);
}

export const damaged = (item: string, cause?: unknown): StowageError =>
  new StowageError('backup.damaged', 'That file is no backup of a library, or it is damaged.', {
    item,
    remedy: 'Nothing was changed. Use another backup.',
    cause,
  });
