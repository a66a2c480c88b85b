import { concernsUrls, isAccount, withAccounts, withAccountUrls } from '../../model/accounts.ts';
import type { Values } from '../../model/held.ts';
import type { SourceChange, WriteResult, Writer, WriterOptions } from '../../model/writing.ts';

/** Writes performers to a server that has their accounts among their urls, and tells what came of it as it was asked. */
export function writingAccountUrls(
  open: (options: WriterOptions) => Writer,
  options: WriterOptions,
): Writer {
  const asked = new Map<SourceChange, SourceChange>();
  const askedFor = (change: SourceChange) => asked.get(change) ?? change;
  const { onSending } = options;
  const writer = open({
    ...options,
    ...(onSending && { onSending: (changes) => onSending(changes.map(askedFor)) }),
  });
  return {
    async *write(changes, signal) {
      const told = changes.map((change) => {
        const one = asUrls(change);
        asked.set(one, change);
        return one;
      });
      for await (const result of writer.write(told, signal)) {
        const change = askedFor(result.change);
        asked.delete(result.change);
        yield resultOf(change, result);
      }
    },
  };
}

function asUrls(change: SourceChange): SourceChange {
  const { kind, before, after } = change;
  if (!concernsUrls(kind, Object.keys(after))) return change;
  const { urls = [] } = withAccountUrls({ ...before, ...after });
  const { urls: _, ...others } = withAccountUrls(after);
  return { ...change, before: withAccountUrls(before), after: { ...others, urls } };
}

function resultOf(change: SourceChange, result: WriteResult): WriteResult {
  if ('error' in result) {
    const { written } = result;
    if (!written) return { ...result, change };
    return { ...result, change, written: { ...written, record: asAsked(change, written.record) } };
  }
  return { ...result, change, record: asAsked(change, result.record) };
}

/** What the server keeps now, in the fields that were to be written. */
function asAsked({ kind, before, after }: SourceChange, record: Values): Values {
  if (kind !== 'performer' || record.urls === undefined) return record;
  const emptied = Object.fromEntries(
    Object.keys(after)
      .filter(isAccount)
      .map((field) => [field, '']),
  );
  return { ...emptied, ...withAccounts(record, { ...before, ...after }) };
}
