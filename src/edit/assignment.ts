import { StowageError } from '../model/errors.ts';
import type { Field } from '../model/fields.ts';
import type { Kind } from '../model/kinds.ts';
import { editableField } from './words.ts';

/** What a person wants of a field: `title=Dawn`, `tags+=harbour`, `customFields.mood=calm`, `groups-=Trilogy`. */
export interface Assignment {
  name: string;
  field: Field;
  /** An entry of a keyed field, as it was written; null for the whole field. */
  key: string | null;
  operator: '=' | '+=' | '-=';
  text: string;
}

/** @throws StowageError `usage` */
export function readAssignment(kind: Kind, word: string): Assignment {
  const [, fieldWord = '', mark = '', rest = ''] = /^(\w+)(\.|\+=|-=|=)(.*)$/s.exec(word) ?? [];
  if (fieldWord === '') {
    throw new StowageError('usage', `This sets no field: ${word}`, {
      remedy: 'Write field=value; field+=value or field-=value where there are several.',
    });
  }
  const [name, field] = editableField(kind, fieldWord);
  if (mark !== '.') {
    const operator = mark as Assignment['operator'];
    const assignment = { name, field, key: null, operator, text: rest };
    if (operator !== '=' && !isSeveral(field)) {
      throw new StowageError('usage', `${name} has one value: it can be set, not added to.`, {
        remedy: `Write ${name}=….`,
      });
    }
    return assignment;
  }
  if (field.merge !== 'keyed') {
    throw new StowageError('usage', `${name} has no entries of its own.`, {
      remedy: `Write ${name}=….`,
    });
  }
  // A name may hold a sign of equality, a number and an id do not; of a text it is the other way round.
  const isText = field.shape === 'customFields' || field.shape === 'subGroups';
  const at = isText ? rest.indexOf('=') : rest.lastIndexOf('=');
  const key = rest.slice(0, Math.max(at, 0)).trim();
  if (key === '') {
    throw new StowageError('usage', `This names no entry of ${name}: ${word}`, {
      remedy: `Write ${name}.${entryWords[field.shape as keyof typeof entryWords]}.`,
    });
  }
  return { name, field, key, operator: '=', text: rest.slice(at + 1) };
}

const entryWords = {
  customFields: 'NAME=VALUE',
  stashIds: 'ENDPOINT=ID',
  groups: 'GROUP=INDEX',
  subGroups: 'GROUP=DESCRIPTION',
};

const isSeveral = ({ merge }: Field): boolean => merge !== 'value' && merge !== 'picture';
