/**
 * Does the work for each input, some at a time, and gives the results in the order of the inputs. While a result is
 * being used, the next ones are under way.
 */
export async function* inOrder<I, O>(
  inputs: Iterable<I>,
  atATime: number,
  work: (input: I, signal: AbortSignal) => Promise<O>,
  signal?: AbortSignal,
): AsyncGenerator<O> {
  const left = new AbortController();
  const either = signal ? AbortSignal.any([signal, left.signal]) : left.signal;
  const underWay: Promise<O>[] = [];
  const rest = inputs[Symbol.iterator]();
  const start = () => {
    const { value, done } = rest.next();
    if (done) return;
    const result = work(value, either);
    // Awaited later; until then its failure is nobody's.
    result.catch(() => {});
    underWay.push(result);
  };
  try {
    for (let i = 0; i < atATime; i++) start();
    while (underWay.length > 0) {
      const result = await underWay.shift();
      start();
      yield result as O;
    }
  } finally {
    left.abort();
    await Promise.allSettled(underWay);
  }
}
