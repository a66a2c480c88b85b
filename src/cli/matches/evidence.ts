import type { ClientBase } from 'pg';
import { heldRecords } from '../../library/heldRecords.ts';
import { inOneLine } from '../../library/labels.ts';
import { filesHeld, type HeldFile } from '../../library/lookUps.ts';
import type { Match } from '../../library/matches.ts';
import type { LibraryId, Values } from '../../model/held.ts';
import { fieldOf, fieldsOf, type Kind } from '../../model/kinds.ts';
import { valueLines } from '../records/words.ts';

/** What a record is known by, for a person to compare with another. */
export interface Evidence {
  values: Values;
  files: HeldFile[];
}

/** Beside the files; only what a kind has, and a record tells. */
const telling = [
  'name',
  'disambiguation',
  'title',
  'date',
  'birthdate',
  'aliases',
  'folder',
  'stashIds',
];

/** The evidence of all records that some suggestions are about. */
export async function evidenceAmong(
  client: ClientBase,
  matches: readonly Match[],
): Promise<Map<LibraryId, Evidence>> {
  const evidence = new Map<LibraryId, Evidence>();
  for (const [kind, some] of Map.groupBy(matches, (match) => match.kind)) {
    const ids = some.flatMap(({ libraryId, otherId }) => [libraryId, otherId]);
    const held = await heldRecords(client, kind, [...new Set(ids)]);
    const hasFiles = fieldsOf[kind].some(([name]) => name === 'files');
    const files = hasFiles ? await filesHeld(client, kind, [...new Set(ids)]) : new Map();
    for (const [id, { values }] of held) {
      const told = fieldsOf[kind].flatMap(([name, field]) => {
        const isTold =
          telling.includes(name) && valueLines(field, values[name], new Map()).length > 0;
        return isTold ? [[name, values[name]]] : [];
      });
      evidence.set(id, { values: Object.fromEntries(told), files: files.get(id) ?? [] });
    }
  }
  return evidence;
}

/** The same for people: a line for each file, after one with the rest. */
export function evidenceLines(kind: Kind, { values, files }: Evidence): string[] {
  const words = Object.entries(values).map(
    ([name, value]) => `${name} ${valueLines(fieldOf(kind, name), value, new Map()).join(', ')}`,
  );
  const lines = [...(words.length > 0 ? [words.join('; ')] : []), ...files.map(fileLine)];
  return lines.map(inOneLine);
}

function fileLine({ path, size, duration, fingerprints }: HeldFile): string {
  const prints = ['oshash', 'md5', 'phash'].flatMap((type) => {
    const values = fingerprints.flatMap((one) => (one.type === type ? [one.value] : []));
    return values.length > 0 ? [`${type} ${values.join(' or ')}`] : [];
  });
  return [
    path,
    ...(size === null ? [] : [`${size.toLocaleString('en')} bytes`]),
    ...(duration === null ? [] : [`${Math.round(duration * 100) / 100} s`]),
    ...prints,
  ].join(', ');
}
