import { concerns, formsAt, inForms, outOfForms } from '../../model/forms/otherForm.ts';
import type { Values } from '../../model/held.ts';
import type { SourceProfile } from '../../model/reading.ts';
import type { SourceChange, WriteResult, Writer, WriterOptions } from '../../model/writing.ts';

/** Writes to a server that has fields in another form than the library, and tells what came of it as it was asked. */
export function writingForms(
  profile: SourceProfile,
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
        const one = inForm(profile, change);
        if (one !== change) asked.set(one, change);
        return one;
      });
      for await (const result of writer.write(told, signal)) {
        const change = askedFor(result.change);
        asked.delete(result.change);
        yield resultOf(profile, change, result);
      }
    },
  };
}

const concerned = (profile: SourceProfile, { kind, after }: SourceChange) =>
  formsAt(profile, kind).filter((form) => concerns(form, Object.keys(after)));

function inForm(profile: SourceProfile, change: SourceChange): SourceChange {
  const forms = concerned(profile, change);
  if (forms.length === 0) return change;
  const { before } = change;
  const after = { ...change.after };
  for (const form of forms) {
    for (const field of form.former) delete after[field];
    Object.assign(after, form.tell({ ...before, ...change.after }));
  }
  return { ...change, before: inForms(forms, before), after };
}

function resultOf(profile: SourceProfile, change: SourceChange, result: WriteResult): WriteResult {
  if (!('error' in result)) {
    return { ...result, change, record: asAsked(profile, change, result.record) };
  }
  const { written } = result;
  if (!written) return { ...result, change };
  const record = asAsked(profile, change, written.record);
  return { ...result, change, written: { ...written, record } };
}

/** What the server keeps now, in the fields that were to be written. */
function asAsked(profile: SourceProfile, change: SourceChange, record: Values): Values {
  const { before, after } = change;
  const forms = concerned(profile, change).filter(({ present }) =>
    present.every((field) => record[field] !== undefined),
  );
  const emptied = forms.flatMap(({ former, holds }) =>
    former.filter((field) => field in after && holds(after[field])),
  );
  return {
    ...Object.fromEntries(emptied.map((field) => [field, ''])),
    ...outOfForms(forms, record, [{ ...before, ...after }]),
  };
}
