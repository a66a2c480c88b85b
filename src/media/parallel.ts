/**
 * Works on all items, at most `width` at a time. The first failure stops the rest, and is thrown when nobody is at
 * work any more.
 */
export async function inParallel<T>(
  items: readonly T[],
  width: number,
  work: (item: T, signal: AbortSignal) => Promise<void>,
  signal?: AbortSignal,
): Promise<void> {
  const failed = new AbortController();
  const stop = signal ? AbortSignal.any([signal, failed.signal]) : failed.signal;
  const queue = items.values();
  const worker = async () => {
    try {
      for (const item of queue) {
        if (stop.aborted) return;
        await work(item, stop);
      }
    } catch (error) {
      failed.abort(error);
    }
  };
  await Promise.all(Array.from({ length: Math.min(width, items.length) }, worker));
  stop.throwIfAborted();
}
