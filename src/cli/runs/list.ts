import type { ClientBase } from 'pg';
import { labelsOf } from '../../library/labels.ts';
import { listRuns, type Run, recordsOf } from '../../library/runs.ts';
import { kindWord } from '../../model/counted.ts';
import { type Kind, kindNames } from '../../model/kinds.ts';
import { atLeast, type CommandDefinition, libraryOptions } from '../command.ts';
import { lookingAtLibrary } from '../library.ts';
import { inSide } from '../sides.ts';
import { ago, shortly } from '../when.ts';

interface Options {
  before?: number;
  limit: number;
}

/** `stowage runs`: what was done to the library and its sources, the newest first. */
export const list: CommandDefinition<Options> = {
  configure: (command) =>
    libraryOptions(command)
      .option('--before <run>', 'only what came before this one', atLeast(1))
      .option('--limit <number>', 'how many at most', atLeast(1), 20),
  run: (context, { before, limit }) =>
    lookingAtLibrary(context, async (client) => {
      const { output } = context;
      const paging = { limit, ...(before !== undefined && { before }) };
      const runs = await listRuns(client, paging);
      const records = await recordWords(client, runs);
      for (const run of runs) {
        const record = records.get(run.id);
        output.event('run', { ...run, ...(record && { record }) });
        output.line(`${String(run.id).padStart(5)}  ${runWords(run, record)}`);
      }
      if (runs.length === 0) output.line('Nothing was done.');
      const last = runs.at(-1);
      if (runs.length === limit && last) {
        output.note(`\`stowage runs --before ${last.id}\` goes on.`);
      }
      return { complete: true, summary: { runs: runs.length } };
    }),
};

/** What a person calls the record that a run of theirs is about: `scene Harbour at dawn`. */
export async function recordWords(
  client: ClientBase,
  runs: readonly Run[],
): Promise<Map<number, string>> {
  const own = runs.filter(({ source, undoes }) => source === null && undoes === null);
  const records = await recordsOf(
    client,
    own.map(({ id }) => id),
  );
  const words = new Map<number, string>();
  for (const [kind, some] of Map.groupBy(records, ([, record]) => record.kind)) {
    const labels = await labelsOf(
      client,
      kind,
      some.map(([, { id }]) => id),
    );
    for (const [run, { id }] of some) words.set(run, `${kind} ${labels.get(id) || id}`);
  }
  return words;
}

/** `sync of main, 2026-05-06 07:08 (2 hours ago), done: 3 scenes updated in the library`, `edit of scene A walk, …` */
export function runWords(run: Run, record?: string): string {
  const { command, source, startedAt, outcome, counts, undoes } = run;
  const what = undoes === null ? command : `${command} of run ${undoes}`;
  const whose = source ?? record;
  const of = whose === undefined ? '' : `${undoes === null ? ' of' : ','} ${whose}`;
  const done = countsWords(counts, source ?? 'Stash');
  const result = [outcome ?? 'not finished', done].filter(Boolean).join(': ');
  return `${what}${of}, ${shortly(startedAt)} (${ago(startedAt)}), ${result}`;
}

/** `1 tag deleted, 9 scenes updated in the library; 1 scene updated in main` */
function countsWords(counts: Run['counts'], source: string): string {
  const lines = Object.entries(counts)
    .filter(([, count]) => count > 0)
    .sort(([a], [b]) => placeOf(a) - placeOf(b));
  const bySide = Map.groupBy(lines, ([what]) => sideOf(what));
  return [undefined, 'library' as const, 'source' as const]
    .flatMap((side) => {
      const some = bySide.get(side)?.map(([what, count]) => countWords(what, count));
      if (!some) return [];
      return [some.join(', '), side && inSide(side, source)].filter(Boolean).join(' ');
    })
    .join('; ');
}

/** What a run counted, as it was written down: `library update scene`, `scene` or `edit`. */
function countWords(what: string, count: number): string {
  const [, action, kind] = what.split(' ');
  const number = count.toLocaleString('en');
  if (action === undefined || kind === undefined)
    return `${number} ${isKind(what) ? kindWord(what, count) : what}`;
  return `${number} ${kindWord(kind as Kind, count)} ${doneTo[action] ?? action}`;
}

/** A first import and an edit count without sides. */
function sideOf(what: string): 'library' | 'source' | undefined {
  const [side, action] = what.split(' ');
  if (action === undefined) return undefined;
  return side === 'library' ? 'library' : 'source';
}

/** Kinds in the order in which they are told everywhere; a run's counts come in no order. */
const placeOf = (what: string): number => kindNames.indexOf(what.split(' ').at(-1) as Kind);

const isKind = (word: string): word is Kind => (kindNames as readonly string[]).includes(word);

const doneTo: { [action: string]: string } = {
  create: 'created',
  update: 'updated',
  delete: 'deleted',
  restore: 'restored',
  link: 'linked',
  unlink: 'unlinked',
  fold: 'merged',
  merge: 'merged',
};
