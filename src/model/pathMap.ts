import { StowageError } from './errors.ts';

/** A folder of a source, and where the library finds it: `D:\media` is `/media`. */
export interface PathMapping {
  from: string;
  to: string;
}
export type PathMap = readonly PathMapping[];

/**
 * A mapping as options give it, `FROM=TO`. Folders may have `=` in their names: the one between the two is followed by
 * a whole path.
 *
 * @throws StowageError `usage`
 */
export function parsePathMapping(option: string): PathMapping {
  const splits = [...option.matchAll(/=/g)]
    .map(({ index }) => ({ from: option.slice(0, index), to: option.slice(index + 1) }))
    .filter(({ from, to }) => isWhole(from) && isWhole(to));
  const [mapping] = splits;
  if (mapping === undefined || splits.length > 1) {
    throw new StowageError(
      'usage',
      mapping === undefined ? 'this maps no folder to another' : 'this can be read in two ways',
      { item: option, remedy: String.raw`give two whole paths, as in D:\media=/media` },
    );
  }
  return mapping;
}

export const printPathMapping = ({ from, to }: PathMapping): string => `${from}=${to}`;

/** A source's path in the library's terms; as it is where no mapping covers it. The longest folder wins. */
export function mapPath(map: PathMap, path: string): string {
  const covering = coveringOf(map, path);
  return covering ? moved(covering, path) : path;
}

export const isMapped = (map: PathMap, path: string): boolean =>
  coveringOf(map, path) !== undefined;

/** The paths that the source may have for one that the library has in its own terms. */
export function unmapPath(map: PathMap, path: string): string[] {
  return map
    .filter(({ to }) => isBelow(to, path))
    .map(({ from, to }) => moved({ from: to, to: from }, path))
    .filter((found) => mapPath(map, found) === path);
}

function coveringOf(map: PathMap, path: string): PathMapping | undefined {
  return map
    .filter(({ from }) => isBelow(from, path))
    .sort(
      (a, b) =>
        partsOf(b.from).length - partsOf(a.from).length ||
        Number(path.startsWith(b.from)) - Number(path.startsWith(a.from)),
    )[0];
}

/**
 * Whether a path is a folder or something in it. Windows does not tell `D:\Media` from `d:/media`, and macOS stores an
 * `é` in two characters that people type as one.
 */
function isBelow(folder: string, path: string): boolean {
  if (isWindows(folder) !== isWindows(path)) return false;
  const same = isWindows(folder)
    ? (a: string, b: string | undefined) => a.toLowerCase() === b?.toLowerCase()
    : (a: string, b: string | undefined) => a === b || a.normalize() === b?.normalize();
  const parts = partsOf(path);
  return partsOf(folder).every((part, i) => same(part, parts[i]));
}

function moved({ from, to }: PathMapping, path: string): string {
  const separator = isWindows(to) ? '\\' : '/';
  const parts = [...partsOf(to), ...partsOf(path).slice(partsOf(from).length)];
  return parts.length === 1 ? `${parts[0]}${separator}` : parts.join(separator);
}

/** `/` is one empty part, so that whatever is below begins with it. */
function partsOf(path: string): string[] {
  return isWindows(path)
    ? path.replace(/[\\/]+$/, '').split(/[\\/]/)
    : path.replace(/\/+$/, '').split('/');
}

/** Drive letters and shares; what a server on Windows has (stash-facts.md). */
export const isWindows = (path: string): boolean => /^([A-Za-z]:([\\/]|$)|\\\\)/.test(path);

const isWhole = (path: string): boolean => path.startsWith('/') || isWindows(path);
