import type { ClientBase } from 'pg';
import { spellings } from '../../library/lookUps.ts';
import { listSources } from '../../library/sources.ts';
import {
  isMapped,
  isWindows,
  mapPath,
  type PathMap,
  type PathMapping,
  unmapPath,
} from '../../model/pathMap.ts';

/**
 * A source's paths as the library may hold them. It holds a file's path as the source said it that brought the file, so
 * one place may be known by the name that any source has for it.
 */
export class Paths {
  readonly #own: PathMap;
  readonly #all: readonly PathMap[];
  readonly #isOnlySource: boolean;

  private constructor(own: PathMap, all: readonly PathMap[], isOnlySource: boolean) {
    this.#own = own;
    this.#all = all;
    this.#isOnlySource = isOnlySource;
  }

  static async of(client: ClientBase, own: PathMap): Promise<Paths> {
    const all: PathMap[] = [];
    const sources = await listSources(client);
    for (const map of [own, ...sources.map(({ pathMap }) => pathMap)]) {
      const forms: PathMapping[] = [];
      for (const mapping of map) forms.push(...(await spelled(client, mapping)));
      all.push(forms);
    }
    return new Paths(own, all, sources.length === 1);
  }

  /**
   * Whether this is the same place as what the library calls so: there is no other server that it could mean, or a
   * person said so. Two servers may well have a `/data/1.mp4` each.
   */
  isSure(path: string): boolean {
    return this.#isOnlySource || isMapped(this.#own, path);
  }

  /** All that the library may call what the source has here. */
  forms(path: string): string[] {
    const mapped = mapPath(this.#own, path);
    return [...new Set([mapped, ...this.#all.flatMap((map) => unmapPath(map, mapped))])];
  }
}

/** As the option spells it, and as the paths that are held do. */
async function spelled(client: ClientBase, { from, to }: PathMapping): Promise<PathMapping[]> {
  if (!isWindows(from)) return [{ from, to }];
  const held = await spellings(client, from.replaceAll('/', '\\'));
  return [...new Set([from, ...held])].map((spelling) => ({ from: spelling, to }));
}
