import type { Values } from '../held.ts';
import type { Kind } from '../kinds.ts';
import type { SourceProfile } from '../reading.ts';
import { accounts } from './accounts.ts';
import { career } from './career.ts';

/*
 * Some fields have another form in newer versions of Stash. The library keeps what came as it came; a source is told in its
 * own form, and what it tells is read in the library's, so that both agree, before and after an upgrade of Stash.
 */
export interface OtherForm {
  kind: Kind;
  /** The library's fields that the source does not have. */
  former: readonly string[];
  /** Those that it has in their place. */
  present: readonly string[];
  isAt(profile: SourceProfile): boolean;
  /** Whether a value of a former field can be told in the other form. */
  holds(value: unknown): boolean;
  /** The fields of the other form, as a source is told them. */
  tell(values: Values): Values;
  /**
   * What the source tells, as the library has it: a former field only where `known` has it, which is what both sides
   * agreed to and what the library has. Of others nothing is said.
   */
  read(told: Values, known: readonly Values[]): Values;
}

const all: readonly OtherForm[] = [accounts, career];

/** The forms of a kind's fields that a source has otherwise than the library. */
export const formsAt = (profile: SourceProfile, kind: Kind): readonly OtherForm[] =>
  all.filter((form) => form.kind === kind && form.isAt(profile));

const fieldsOfForm = ({ former, present }: OtherForm): readonly string[] => [...former, ...present];

export const concerns = (form: OtherForm, fields: readonly string[]): boolean =>
  fieldsOfForm(form).some((field) => fields.includes(field));

/** The fields that are written together with some, as they are one in another form. */
export const writtenWith = (kind: Kind, fields: readonly string[]): readonly string[] => [
  ...new Set([
    ...fields,
    ...all.flatMap((form) =>
      form.kind === kind && concerns(form, fields) ? fieldsOfForm(form) : [],
    ),
  ]),
];

/** A record's values as a source has them that has these forms. */
export function inForms(forms: readonly OtherForm[], values: Values): Values {
  const told = { ...values };
  for (const form of forms) {
    if (!concerns(form, Object.keys(values))) continue;
    for (const field of form.former) delete told[field];
    Object.assign(told, form.tell(values));
  }
  return told;
}

/** The other way. */
export const outOfForms = (
  forms: readonly OtherForm[],
  told: Values,
  known: readonly Values[],
): Values => forms.reduce((values, form) => form.read(values, known), told);
