import type { ClientBase } from 'pg';
import { recordNamed } from '../../edit/find.ts';
import { kindNamed } from '../../edit/words.ts';
import type { Conflict } from '../../library/conflicts.ts';
import { type Described, type DescribedField, describeRecord } from '../../library/described.ts';
import { labelsOf } from '../../library/labels.ts';
import type { Origin, SourceRecord } from '../../library/provenance.ts';
import { listSources } from '../../library/sources.ts';
import { StowageError } from '../../model/errors.ts';
import type { Field } from '../../model/fields.ts';
import type { Values } from '../../model/held.ts';
import { fieldOf } from '../../model/kinds.ts';
import { jsonText } from '../../model/records.ts';
import type { CommandDefinition } from '../command.ts';
import { wrapped } from '../display/words.ts';
import { lookingAtLibrary } from '../library.ts';
import { shortly } from '../when.ts';
import { recordArguments } from './editing.ts';
import { type Names, namesIn } from './names.ts';
import { inShort, valueLines } from './words.ts';

interface Options {
  kind: string;
  id: string;
}

/** `stowage show scene main:12`: a record, its links, and where each field's value came from. */
export const show: CommandDefinition<Options> = {
  configure: recordArguments,
  run(context, options) {
    const kind = kindNamed(options.kind);
    return lookingAtLibrary(context, async (client) => {
      const id = await recordNamed(client, kind, options.id, 'all');
      const described = await describeRecord(client, kind, id);
      if (!described) throw new StowageError('usage', `There is no such ${kind}.`, { item: id });
      const { record, sources, fields, conflicts } = described;
      const names = await namesIn(client, kind, valuesOf(described));
      const label = (await labelsOf(client, kind, [id])).get(id) ?? '';
      context.output.event('record', {
        ...{ kind, id, label, revision: record.revision, deletedAt: record.deletedAt },
        ...{ sources, fields, conflicts, names: Object.fromEntries(names) },
      });
      const wide = context.output.columns - 1;
      for (const line of await drawn(client, described, label, names, wide)) {
        context.output.line(printable(line));
      }
      return { complete: true, summary: { kind, id } };
    });
  },
};

/** What a terminal would obey rather than show is left out. */
const printable = (line: string): string => line.replaceAll(/\p{Cc}/gu, ' ');

/** Every value that is shown, for the names of the records in it. */
const valuesOf = ({ record, fields }: Described): Values[] => [
  record.values,
  ...fields.flatMap(({ name, before, conflicts }) => [
    { [name]: before },
    ...conflicts.flatMap(({ key, library, source }) =>
      key === '' ? [{ [name]: library }, { [name]: source }] : [],
    ),
  ]),
];

/** On a terminal of 80 columns: a field, its value, what it came with. On a narrower one, that stands below. */
const columns = { name: 15, value: 36, all: 79 };

async function drawn(
  client: ClientBase,
  { kind, record, sources, fields, conflicts }: Described,
  label: string,
  names: Names,
  wide: number,
): Promise<string[]> {
  const sourceNames = new Map((await listSources(client)).map(({ id, name }) => [id, name]));
  const questions = (some: readonly Conflict[], field?: Field) =>
    some.flatMap((conflict) => question(conflict, sourceNames, names, field, wide));
  const isEmpty = (field: DescribedField) =>
    valueLines(fieldOf(kind, field.name), field.value, names).length === 0;
  const isPlain = ({ changed, locked, conflicts: open }: DescribedField) =>
    !changed && !locked && open.length === 0;
  const shown = fields.filter((field) => !(isEmpty(field) && isPlain(field)));
  const empty = fields.filter((field) => !shown.includes(field)).map(({ name }) => name);
  const lines = [
    `${kind}  ${label || '(no name)'}`,
    entry('id', record.id),
    ...sources.map((source) => entry(source.source, standing(source))),
    ...(record.deletedAt === null ? [] : [entry('deleted', whenOf(record.deletedAt))]),
    ...questions(conflicts),
    '',
  ];
  for (const described of shown.filter(({ fact }) => !fact)) {
    const field = fieldOf(kind, described.name);
    lines.push(
      ...rows(described.name, valueLines(field, described.value, names), described.origin, wide),
    );
    if (described.changed) lines.push(entry('', `was: ${inShort(field, described.before, names)}`));
    if (described.locked) lines.push(entry('', 'locked: no sync changes it'));
    lines.push(...questions(described.conflicts, field));
  }
  const facts = shown.filter(({ fact }) => fact);
  if (facts.length > 0) lines.push('', 'Facts, as a source tells them:');
  for (const { name, value } of facts) {
    lines.push(...rows(name, valueLines(fieldOf(kind, name), value, names), null, wide));
  }
  if (empty.length > 0) lines.push('', ...entryLines('empty', empty.join(', '), wide));
  return lines;
}

/** What fits stands beside where it came from; what is longer, below it. */
function rows(
  name: string,
  value: readonly string[],
  origin: Origin | null,
  wide: number,
): string[] {
  const text = value.length > 0 ? value.join('\n') : '—';
  if (origin === null) return entryLines(name, text, wide);
  if (wide < columns.all) {
    return [...entryLines(name, text, wide), entry('', `(${originWords(origin)})`)];
  }
  const lines = wrapped(text, columns.value).split('\n');
  const isNarrow = lines.length <= mostBeside && lines.every((one) => one.length <= columns.value);
  const beside = isNarrow ? lines : [''];
  const [first, ...others] = beside.map((one) => entry('', one));
  const head = `${name}${first?.slice(name.length)}`.padEnd(columns.name + columns.value + 2);
  return [
    `${head}${originWords(origin)}`,
    ...others,
    ...(isNarrow ? [] : entryLines('', text, wide)),
  ];
}

const mostBeside = 5;

/** `main · run 1 · 2026-11-25`, `edit · run 5 · 2026-11-26` */
function originWords({ command, source, runId, at }: Origin): string {
  const isBrought = command === 'migrate' || command === 'sync';
  const by = isBrought && source !== null ? source : [command, source].filter(Boolean).join(' ');
  return `${by} · run ${runId} · ${shortly(at).slice(0, 10)}`;
}

const entry = (name: string, text: string): string => `${name.padEnd(columns.name)} ${text}`;

function entryLines(name: string, text: string, wide: number): string[] {
  const indent = ' '.repeat(columns.name + 1);
  return wrapped(text, wide - indent.length)
    .split('\n')
    .map((line, i) => (i === 0 ? entry(name, line) : `${indent}${line}`));
}

function standing({ remoteId, edited, absentSince, isPart }: SourceRecord): string {
  const said = [
    String(remoteId),
    isPart && 'merged into this one',
    edited && !isPart && 'edited here since the last sync',
    absentSince && `not there since ${shortly(absentSince)}`,
  ];
  return said.filter(Boolean).join(', ');
}

function question(
  { id, sourceId, key, library, source }: Conflict,
  sourceNames: ReadonlyMap<number, string>,
  names: Names,
  field: Field | undefined,
  wide: number,
): string[] {
  const other = sourceNames.get(sourceId) ?? String(sourceId);
  if (field === undefined) {
    return entryLines('conflict', `${id}: one of the library and ${other} has deleted it`, wide);
  }
  const place = key === '' ? '' : ` on ${names.get(key) ?? key}`;
  const short = (value: unknown) =>
    key === '' ? inShort(field, value, names) : (jsonText(value) ?? 'nothing').slice(0, 56);
  return entryLines(
    '',
    `conflict ${id}${place}: library ${short(library)}, ${other} ${short(source)}`,
    wide,
  );
}

const whenOf = (instant: string): string => shortly(new Date(instant));
