import type { ClientBase } from 'pg';
import { type JournalLine, runChanges } from '../../library/journal.ts';
import { labelsOf } from '../../library/labels.ts';
import type { Values } from '../../model/held.ts';
import { fieldOf } from '../../model/kinds.ts';
import { andMore } from '../counting.ts';
import type { Output } from '../output.ts';
import { namesIn } from '../records/names.ts';
import { changeWords } from '../records/words.ts';

/** People look at so many lines; a machine gets all. */
const mostShown = 200;
const pageSize = 1000;

/** Says what a run did: each field on each side, before and after. Returns how many lines there are. */
export async function tellLines(
  output: Output,
  client: ClientBase,
  runId: number,
): Promise<number> {
  let told = 0;
  for (let after = 0; ; ) {
    const lines = await runChanges(client, runId, { after, limit: pageSize });
    for (const line of lines) output.event('change', { ...line });
    for (const text of await worded(client, lines.slice(0, Math.max(0, mostShown - told)))) {
      output.line(text);
    }
    told += lines.length;
    const last = lines.at(-1);
    if (!last || lines.length < pageSize) break;
    after = last.id;
  }
  const more = told - mostShown;
  if (more > 0) output.line(andMore(more));
  return told;
}

/** `scene A walk`, under it `← title: "x" → "y"`: what came into the library, and with → what went to the source. */
async function worded(client: ClientBase, lines: readonly JournalLine[]): Promise<string[]> {
  const labels = new Map<string, string>();
  for (const [kind, some] of Map.groupBy(lines, (line) => line.kind)) {
    const ids = [...new Set(some.map(({ libraryId }) => libraryId))];
    for (const [id, label] of await labelsOf(client, kind, ids)) labels.set(id, label);
  }
  const words: string[] = [];
  let record = '';
  for (const line of lines) {
    const { kind, libraryId, remoteId } = line;
    if (record !== libraryId) {
      record = libraryId;
      const number = remoteId === null ? '' : ` (${remoteId})`;
      words.push(`${kind} ${labels.get(libraryId) || libraryId}${number}`);
    }
    words.push(`  ${await lineWords(client, line)}`);
  }
  return words;
}

async function lineWords(client: ClientBase, line: JournalLine): Promise<string> {
  const { kind, side, action, field, before, after, state, why } = line;
  const mark = side === 'library' ? '←' : '→';
  const remarks = [state !== 'done' && stateWords[state], why].filter(Boolean);
  const remark = remarks.length > 0 ? `  (${remarks.join(': ')})` : '';
  if (action === 'fold') {
    return `${mark} ${after === null ? 'by itself again' : 'became part of another'}${remark}`;
  }
  if (field === null) return `${mark} ${actionWords[action]}${remark}`;
  const values: Values[] = [{ [field]: before }, { [field]: after }];
  const names = await namesIn(client, kind, values);
  return `${mark} ${field}: ${changeWords(fieldOf(kind, field), before, after, names)}${remark}`;
}

const stateWords = { sent: 'sent, and not answered', failed: 'refused' };

const actionWords: { [A in Exclude<JournalLine['action'], 'fold'>]: string } = {
  create: 'made',
  update: 'changed',
  delete: 'deleted',
  restore: 'brought back',
  link: 'linked',
  unlink: 'not linked any more',
};
