/** Servers on Windows have backslashes and drive letters in their paths (stash-facts.md). */
const separatorIn = (path: string): string => (/^([A-Za-z]:|\\\\)/.test(path) ? '\\' : '/');

/** A file's path from its folder's, as `filepath.Join` on the server makes it. */
export function pathIn(folder: string, basename: string): string {
  const separator = separatorIn(folder);
  return folder === '' || folder.endsWith(separator)
    ? folder + basename
    : folder + separator + basename;
}

/** The last part of a path. */
export const basenameOf = (path: string): string =>
  path.slice(path.lastIndexOf(separatorIn(path)) + 1);
