import { jsonText } from '../model/records.ts';

/** PostgreSQL's text holds every character but NUL. */
export const isStorable = (text: string): boolean => !text.includes('\0');
export const storableText = (text: string): string =>
  isStorable(text) ? text : text.replaceAll('\0', '');

export const isStorableJson = (text: string): boolean => !refused.test(text);

/** The same JSON without what jsonb refuses: `\u0000`, and halves of surrogate pairs. */
export function storableJson(text: string): string {
  if (isStorableJson(text)) return text;
  return text.replace(wholeEscape, (found, code: string | undefined) => {
    if (code === '0000') return '';
    return code && /^d[89a-f]/i.test(code) ? '\\ufffd' : found;
  });
}
const refused = /\\u(?:0000|d[89a-f])/i;
/** One whole escape, so that a backslash that is itself escaped is never taken for the start of one. */
const wholeEscape = /\\(?:u([0-9a-f]{4})|.)/gi;

/** Rows as `json_to_recordset` takes them. */
export const recordset = (rows: readonly object[]): string => storableJson(jsonText(rows));
