import type { StashId, StashIds } from './fields.ts';

/** A stash-box that is somewhere else by now, or that a source calls otherwise than others do. */
export interface BoxMove {
  from: string;
  to: string;
}

/** Boxes whose host moved: the ids that they gave are the same. The former host answers no more. */
const knownMoves: readonly BoxMove[] = [
  // https://github.com/ThePornDatabase/namer/issues/242, https://github.com/stashapp/CommunityScrapers/pull/2123
  { from: 'https://metadataapi.net/graphql', to: 'https://theporndb.net/graphql' },
  { from: 'https://api.metadataapi.net/graphql', to: 'https://theporndb.net/graphql' },
];

/** An address as servers may write it: a host in any letters, with the port that goes without saying, a slash at its end. */
function canonical(endpoint: string): string {
  const address = URL.parse(endpoint.trim());
  return address === null ? endpoint : address.href.replace(/\/+$/, '');
}

/**
 * Which stash-box an address names. A box is one, however its address is written; who wrote it so keeps its own way: the
 * library each that of whoever brought it, a source its own.
 */
export class Boxes {
  readonly #moves: ReadonlyMap<string, string>;
  readonly #known = new Map<string, string>();
  readonly #usual = new Map<string, string>();

  /** `usual`: how a source writes the addresses of boxes, the most usual way first. */
  constructor(moves: readonly BoxMove[] = [], usual: readonly string[] = []) {
    this.#moves = new Map(
      [...knownMoves, ...moves].map(({ from, to }) => [canonical(from), canonical(to)]),
    );
    this.learn(usual);
  }

  /** How the source writes the addresses of boxes; of one that is known already, nothing new. */
  learn(endpoints: Iterable<string>): void {
    for (const endpoint of endpoints) {
      const box = this.of(endpoint);
      if (!this.#usual.has(box)) this.#usual.set(box, endpoint);
    }
  }

  /** The same for all ways of writing the address of one box. */
  of(endpoint: string): string {
    const known = this.#known.get(endpoint);
    if (known !== undefined) return known;
    let box = canonical(endpoint);
    const passed = new Set<string>();
    for (let to = this.#moves.get(box); to !== undefined && !passed.has(box); ) {
      passed.add(box);
      box = to;
      to = this.#moves.get(box);
    }
    this.#known.set(endpoint, box);
    return box;
  }

  isSame(one: string, other: string): boolean {
    return one === other || this.of(one) === this.of(other);
  }

  /** As the source writes it; as it is given, where it has not written it yet. */
  spell(endpoint: string): string {
    return this.#usual.get(this.of(endpoint)) ?? endpoint;
  }

  /** Ids by box, each once. */
  gathered(ids: StashIds): StashIds {
    const found = new Map<string, Map<string, StashId>>();
    for (const [endpoint, some] of Object.entries(ids)) {
      const box = this.of(endpoint);
      const all = found.get(box) ?? new Map<string, StashId>();
      found.set(box, all);
      for (const one of some) if (!all.has(one.stashId)) all.set(one.stashId, one);
    }
    return Object.fromEntries(
      [...found].map(([box, all]) => [
        box,
        [...all.values()].sort((a, b) => (a.stashId < b.stashId ? -1 : 1)),
      ]),
    );
  }

  /** Ids by box, or by any way of writing it, as some that are written one way have them. */
  respelled(ids: StashIds, like: StashIds, spell: (endpoint: string) => string): StashIds {
    const written = Map.groupBy(Object.keys(like), (endpoint) => this.of(endpoint));
    const found = new Map<string, StashId[]>();
    for (const [endpoint, some] of Object.entries(ids)) {
      const ways = written.get(this.of(endpoint)) ?? [spell(endpoint)];
      for (const one of some) {
        const own = ways.filter((way) => like[way]?.some(({ stashId }) => stashId === one.stashId));
        for (const way of own.length > 0 ? own : ways.slice(0, 1)) {
          const others = found.get(way) ?? [];
          if (others.some(({ stashId }) => stashId === one.stashId)) continue;
          found.set(way, [...others, one]);
        }
      }
    }
    const sorted = [...found].sort(([a], [b]) => (a < b ? -1 : 1));
    return Object.fromEntries(sorted);
  }
}

export const plainBoxes = new Boxes();

/** A move as options give it, `OLD=NEW`, two addresses; undefined where it cannot be read as one. */
export function parseBoxMove(option: string): BoxMove | undefined {
  const [, from = '', to = ''] = /^(https?:\/\/.+?)=(https?:\/\/.+)$/i.exec(option) ?? [];
  return URL.canParse(from) && URL.canParse(to) ? { from, to } : undefined;
}

export const printBoxMove = ({ from, to }: BoxMove): string => `${from}=${to}`;
