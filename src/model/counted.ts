import { type Kind, kindNames } from './kinds.ts';
import { plural } from './vocabulary.ts';

/** `20 scenes, 1 gallery`, without the kinds that there are none of. */
export function counted(counts: { readonly [K in Kind]?: number }): string {
  const parts = kindNames.flatMap((kind) => {
    const count = counts[kind] ?? 0;
    return count > 0 ? [`${count.toLocaleString('en')} ${kindWord(kind, count)}`] : [];
  });
  return parts.length === 0 ? 'nothing' : parts.join(', ');
}

/** `gallery` of one, `galleries` of any other number. */
export const kindWord = (kind: Kind, count: number): string => {
  const many = plural[kind].replaceAll('_', ' ');
  if (count !== 1) return many;
  return many === 'galleries' ? 'gallery' : many.slice(0, -1);
};
