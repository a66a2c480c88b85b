import type { ClientBase } from 'pg';
import { partsAt } from '../library/folds.ts';
import { type Link, linksKeptOtherwise } from '../library/links.ts';
import { LibraryRecords } from '../library/read.ts';
import { refusals } from '../library/refusals.ts';
import { type Known, KnownFields, lastRoad, type Source } from '../library/sources.ts';
import { idsIn, libraryIds, type NamedIds, withIds } from '../library/translate.ts';
import { waitingOf } from '../library/waiting.ts';
import { pictureFields } from '../media/fields.ts';
import { lostPictures } from '../media/listed.ts';
import { PictureStore } from '../media/store.ts';
import type { Id, PictureId } from '../model/fields.ts';
import { formsAt, outOfForms } from '../model/forms/otherForm.ts';
import type { LibraryId, Values } from '../model/held.ts';
import { type Kind, kindNames, type Rec } from '../model/kinds.ts';
import type { Reading, Trouble } from '../model/reading.ts';
import { sameValue } from '../model/records.ts';
import { plural } from '../model/vocabulary.ts';
import { completed } from '../stash/completed.ts';
import { type Compared, compareKind } from '../sync/compare.ts';
import { type CommandContext, type CommandDefinition, libraryOptions } from './command.ts';
import { counting, sumOf } from './counting.ts';
import { differingLines } from './differingLines.ts';
import { FoundDifferences } from './foundDifferences.ts';
import { type KnownSourceOptions, knownSourceOptions, reachKnown } from './knownSource.ts';
import { furtherClients, lookingAtLibrary, namedSource } from './library.ts';
import { openSource, tellUnknown } from './opening.ts';
import type { Output } from './output.ts';
import { pictureFolder, withShownPictures } from './pictures.ts';
import { type ReadingOptions, readingOptions } from './reading.ts';
import { tellLeftOut } from './tellRefused.ts';

type Options = KnownSourceOptions & ReadingOptions;

/**
 * `stowage verify`: reads the source again, by another road than it was brought by, and holds every field
 * of every record against the library.
 */
export const verify: CommandDefinition<Options> = {
  configure: (command) => readingOptions(knownSourceOptions(libraryOptions(command))),
  async run(context, options) {
    const { output, signal } = context;
    return lookingAtLibrary(context, async (client, { pool }) => {
      const { name, source, reached } = await reachKnown(client, options, context);
      const known = source ?? (await namedSource(client, name));
      const auto = options.via === 'auto' && 'server' in reached;
      const via = auto ? otherRoad(await lastRoad(client, known)) : options.via;
      const { blobs } = options;
      await using opened = await openSource(reached, { via, blobs }, { again: true }, context);
      const { reading } = opened;
      const counts = await reading.counts();
      const lost = await lostIn(context, client, known);
      using others = await furtherClients(pool, 2);
      const library = await LibraryRecords.begin([client, ...others.clients], known);
      const compared: { [K in Kind]?: Compared } = {};
      const fields = new KnownFields();
      const troubles: Trouble[] = [];
      const kept = new Map<string, number>();
      const parts = await partsAt(client, known);
      const found = new FoundDifferences(output, client, known);
      using stage = output.stage('compare', { total: sumOf(Object.values(counts)) });
      for (const kind of kindNames) {
        const served = withShownPictures(kind, reading.records(kind, signal), {
          ...{ context, client, source: opened, known },
          trouble: (trouble) => troubles.push(trouble),
        });
        const records = completed(kind, served, reading, opened.tables);
        const forms = formsAt(reading.profile, kind);
        compared[kind] = await compareKind(
          kind,
          found.telling(
            namingKnown(
              kind,
              asOne(kind, noting(kind, counting(records, stage), fields), parts),
              client,
              known,
            ),
          ),
          namingKnown(
            kind,
            asKept(
              withoutLost(kind, library.records(kind), lost),
              await linksKeptOtherwise(client, known, kind),
              (field) => kept.set(`${kind}.${field}`, (kept.get(`${kind}.${field}`) ?? 0) + 1),
            ),
            client,
            known,
          ),
          (difference) => found.add(difference),
          {
            isUntold: (id) => isUntold(reading, kind, id),
            ...(forms.length > 0 && {
              asHeld: (told: Rec<Kind>, held: Rec<Kind>) => {
                const [values, own] = [told, held] as unknown as [Values, Values];
                const record = outOfForms(forms, values, [own]);
                fields.add(kind, record);
                return record as unknown as Rec<Kind>;
              },
            }),
          },
        );
        await found.tell();
      }
      stage.finish();
      await library.end();
      const refused = reading.road === 'graphql' ? reading.troubles : [];
      const isCompleted = refused.length > 0 && (await opened.tables()) !== undefined;
      if (!isCompleted) troubles.push(...reading.troubles);
      for (const trouble of troubles) output.trouble(trouble);
      if (isCompleted) tellCompleted(output, refused);
      for (const [kind, one] of Object.entries(compared)) {
        if (one.records > 0)
          output.line(`  ${plural[kind as Kind].replaceAll('_', ' ').padEnd(14)} ${told(one)}`);
      }
      const all = total(Object.values(compared));
      output.line(`Compared ${told(all)}.`);
      const { differences } = all;
      const { explained, unknown } = found;
      if (explained) output.line(`Known of these: ${explained}.`);
      if (explained && unknown > 0) {
        output.line(`${unknown.toLocaleString('en')} of them nothing explains.`);
      }
      const { differing } = await waitingOf(client, known);
      for (const line of differingLines(differing, known)) output.line(line);
      if (kept.size > 0) {
        const counts = [...kept].map(([field, count]) => `${field} ${count.toLocaleString('en')}`);
        output.line(`Kept otherwise there than it was sent, and agreed: ${counts.join(', ')}.`);
      }
      const left = await refusals(client, known);
      if (left.length > 0) {
        const parts = left.length === 1 ? 'part of a record' : 'parts of records';
        output.line(
          `Not there, as this Stash does not take them: ${left.length.toLocaleString('en')} ${parts}.`,
        );
        await tellLeftOut(output, client, known);
      }
      const untold = untoldFields(known.known, fields.result());
      if (untold.length > 0) {
        output.line(`Not compared, as this road does not tell it: ${untold.join(', ')}.`);
      }
      const complete = tellUnknown(context, opened) && differences === 0 && troubles.length === 0;
      return {
        complete,
        summary: {
          road: reading.road,
          compared,
          differences,
          known: found.known,
          unknown,
          refused: refused.length,
          untold,
          parts: Object.fromEntries([...parts].map(([kind, { size }]) => [kind, size])),
          kept: Object.fromEntries(kept),
          leftOut: left.length,
        },
      };
    });
  },
};

function isUntold(reading: Reading, kind: Kind, id: Id): boolean {
  const { ids, isOpen } = reading.untold(kind);
  return isOpen || ids.has(id);
}

/** What the server refuses to tell by this road was compared all the same: nothing is left open. */
function tellCompleted(output: Output, refused: readonly Trouble[]): void {
  for (const trouble of refused) {
    output.trouble({ ...trouble, why: `${trouble.why} (compared through its tables)` });
  }
  const records = new Set(refused.map(({ kind, id }) => `${kind} ${id}`)).size;
  output.line(
    `The server refuses to tell all of ${records.toLocaleString('en')} record${records === 1 ? '' : 's'}: compared through its tables.`,
  );
}

/** The pictures that are listed, and whose files are missing or damaged: every file is read. */
async function lostIn(
  context: CommandContext,
  client: ClientBase,
  { pictures }: Source,
): Promise<ReadonlySet<PictureId>> {
  if (pictures === 'none') return new Set();
  const store = PictureStore.at(pictureFolder(context));
  const { output, signal } = context;
  using stage = output.stage('check');
  const progress = (count: number) => stage.advance(count);
  const lost = await lostPictures({ client, store, closeness: 'bytes', signal, progress });
  stage.finish();
  return lost;
}

/** The library's records without the pictures that only its list has. */
async function* withoutLost<K extends Kind>(
  kind: K,
  records: AsyncIterable<Rec<K>[]>,
  lost: ReadonlySet<PictureId>,
) {
  const fields = pictureFields.filter((one) => one.kind === kind).map(({ field }) => field);
  for await (const batch of records) {
    if (lost.size > 0) {
      for (const record of batch as unknown as Values[]) {
        for (const field of fields) {
          if (lost.has(record[field] as PictureId)) record[field] = null;
        }
      }
    }
    yield batch;
  }
}

/** What was read by one road is proved by another. */
const otherRoad = (road: string | undefined) => (road === 'graphql' ? 'tables' : 'graphql');

/** Passes batches on, and notes which fields they tell. */
async function* noting<K extends Kind>(
  kind: K,
  batches: AsyncIterable<Rec<K>[]>,
  fields: KnownFields,
) {
  for await (const batch of batches) {
    for (const record of batch) fields.add(kind, record);
    yield batch;
  }
}

/**
 * Without the source's records that are part of another of its records in the library; what names one of them there names the
 * other here.
 */
async function* asOne<K extends Kind>(
  kind: K,
  batches: AsyncIterable<Rec<K>[]>,
  parts: ReadonlyMap<Kind, ReadonlyMap<Id, Id>>,
) {
  const own = parts.get(kind);
  for await (const batch of batches) {
    if (parts.size === 0) {
      yield batch;
      continue;
    }
    const whole = batch.filter(({ id }) => !own?.has(id)) as unknown as Values[];
    yield whole.map((record) =>
      withIds(kind, record, (target, id) => parts.get(target)?.get(id as Id) ?? id),
    ) as unknown as Rec<K>[];
  }
}

/**
 * A filter may go on naming what was deleted: by a number that nobody has at the source, and by an id of ours here. Neither
 * says who it was, and both are the same.
 */
async function* namingKnown<K extends Kind>(
  kind: K,
  batches: AsyncIterable<Rec<K>[]>,
  client: ClientBase,
  source: Source,
) {
  for await (const batch of batches) {
    if (kind !== 'savedFilter') {
      yield batch;
      continue;
    }
    const named: NamedIds = new Map();
    const filters = batch as unknown as Values[];
    for (const filter of filters) idsIn(kind, filter, named);
    const known = await libraryIds(client, source, named);
    const isKnown = (target: Kind, id: Id | LibraryId) =>
      typeof id === 'number' && known.get(target, id) !== undefined;
    yield filters.map((filter) =>
      withIds(kind, filter, (target, id) => (isKnown(target, id) ? id : nobody)),
    ) as unknown as Rec<K>[];
  }
}

const nobody = 0;

/** The library's records, with what the source keeps of a value in place of the one that it was sent: they are in step. */
async function* asKept<K extends Kind>(
  records: AsyncIterable<Rec<K>[]>,
  links: readonly Link[],
  found: (field: string) => void,
) {
  const kept = new Map(links.map((link) => [link.remoteId, link]));
  for await (const batch of records) {
    for (const record of batch as { id: Id; [field: string]: unknown }[]) {
      const link = kept.get(record.id);
      for (const [field, value] of Object.entries(link?.sent ?? {})) {
        if (!sameValue(record[field], value)) continue;
        record[field] = link?.base[field];
        found(field);
      }
    }
    yield batch;
  }
}

/** `gallery.cover`: what the library has of a kind, and no record of this reading told. */
const untoldFields = (known: Known, told: Known): string[] =>
  kindNames.flatMap((kind) => {
    const fields: readonly string[] = told[kind] ?? [];
    if (fields.length === 0) return []; // there are no records
    return (known[kind] ?? []).flatMap((field) =>
      fields.includes(field) ? [] : [`${kind}.${field}`],
    );
  });

const total = (found: Compared[]): Compared => ({
  records: sumOf(found.map(({ records }) => records)),
  fields: sumOf(found.map(({ fields }) => fields)),
  differences: sumOf(found.map(({ differences }) => differences)),
});

function told({ records, fields, differences }: Compared): string {
  const shown = (count: number, what: string) =>
    `${count.toLocaleString('en')} ${what}${count === 1 ? '' : 's'}`;
  const found = differences === 0 ? 'no differences' : shown(differences, 'difference');
  return `${shown(records, 'record')}, ${shown(fields, 'field')}: ${found}`;
}
