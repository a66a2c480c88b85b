/** Servers on Windows have backslashes and drive letters in their paths (stash-facts.md). */
const isWindows = (path: string): boolean => /^([A-Za-z]:|\\\\)/.test(path);
const separatorIn = (path: string): string => (isWindows(path) ? '\\' : '/');

/** A file's path from its folder's, as `filepath.Join` on the server makes it. */
export function pathIn(folder: string, basename: string): string {
  const separator = separatorIn(folder);
  return folder === '' || folder.endsWith(separator)
    ? folder + basename
    : folder + separator + basename;
}

/** The last part of a path. */
export const basenameOf = (path: string): string =>
  path.slice(Math.max(path.lastIndexOf('/'), path.lastIndexOf(separatorIn(path))) + 1);

/**
 * A Windows library that was moved to another system keeps its folders, and its server puts their files' names behind a
 * slash: `D:\media/a.mp4`. A record has the path as it was.
 */
export const pathOf = (served: string): string =>
  isWindows(served) ? served.replaceAll('/', '\\') : served;

/** The inverse of `pathOf`: the path as a server on this system shows it. */
export function pathOn(os: string | undefined, path: string): string {
  if (os === undefined || os === 'windows' || !isWindows(path)) return path;
  const name = basenameOf(path);
  return `${path.slice(0, -name.length - 1)}/${name}`;
}
