import fc from 'fast-check';
import { type Kind, kindNames } from '../../../src/model/kinds.ts';
import type { PolicyWord } from '../../../src/sync/policy.ts';
import { syncRound } from './round.ts';
import { create, type Place, type Step } from './steps.ts';
import { mergeable, type Server, World } from './world.ts';

export interface Story {
  servers: Pick<Server, 'policy' | 'deletions' | 'writes' | 'trims' | 'keepsPartialDates'>[];
  /** Kinds that are there from the start: two records each, of the same name on both servers. */
  cast: Kind[];
  /** The few fields, by their place, that are edited again and again. */
  fields: number[];
  /** Everything was in step before it began. */
  isInStep: boolean;
  steps: Step[];
}

const casts: Kind[][] = [
  ['tag'],
  ['studio', 'tag'],
  ['performer', 'tag'],
  ['group', 'studio'],
  ['scene', 'group', 'performer'],
  ['scene', 'studio', 'gallery'],
  ['scene', 'tag', 'marker'],
  ['gallery', 'image', 'chapter'],
  ['image', 'tag'],
  ['savedFilter', 'tag'],
];

const serverTraits = fc.record({
  policy: fc.record({
    default: fc.constantFrom<PolicyWord>('library', 'stash', 'newest', 'ask', 'ask'),
  }),
  deletions: fc.constantFrom('library', 'stash', 'both', 'none'),
  writes: fc.constantFrom(true, true, true, false),
  trims: fc.boolean(),
  keepsPartialDates: fc.boolean(),
}) as fc.Arbitrary<Story['servers'][number]>;

const on = fc.constantFrom<Place>('library', 'A', 'B');
const server = fc.constantFrom('A' as const, 'B' as const);
const some = { kind: fc.nat(2), nth: fc.nat(1), how: fc.nat(23) };
const doing = <D extends Step['do'], R>(what: D, rest: { [K in keyof R]: fc.Arbitrary<R[K]> }) =>
  fc.record({ do: fc.constant(what), ...rest }) as fc.Arbitrary<{ do: D } & R>;

const steps: { [D in Step['do']]: { weight: number; arbitrary: fc.Arbitrary<Step> } } = {
  edit: { weight: 10, arbitrary: doing('edit', { on, ...some, field: fc.nat(3) }) },
  add: { weight: 10, arbitrary: doing('add', { on, ...some, field: fc.nat(3) }) },
  create: { weight: 1, arbitrary: doing('create', { on, ...some }) },
  delete: { weight: 1, arbitrary: doing('delete', { on, ...some }) },
  fold: { weight: 1, arbitrary: doing('fold', some) },
  lock: { weight: 1, arbitrary: doing('lock', { ...some, field: fc.nat(3) }) },
  settle: {
    weight: 2,
    arbitrary: doing('settle', {
      on: server,
      nth: some.nth,
      for: fc.constantFrom('library' as const, 'stash' as const),
    }),
  },
  sync: { weight: 4, arbitrary: doing('sync', { on: server }) },
};

/** Stories of up to so many steps, of these sorts. */
export const stories = (most: number, sorts: readonly Step['do'][]): fc.Arbitrary<Story> =>
  fc.record({
    servers: fc.tuple(serverTraits, serverTraits),
    cast: fc.constantFrom(...casts),
    fields: fc.array(fc.nat(40), { minLength: 1, maxLength: 2 }),
    isInStep: fc.boolean(),
    steps: fc.array(fc.oneof(...sorts.map((sort) => steps[sort])), {
      maxLength: most,
      size: 'max',
    }),
  });

/** A story for people: who does what. */
export function inWords({ servers, cast, fields, isInStep, steps }: Story): string {
  const lines = steps.map((step) => {
    const on = 'on' in step ? step.on : 'library';
    if (step.do === 'sync') return `${on} is synced`;
    if (step.do === 'settle') return `question ${step.nth} of ${on} is settled for ${step.for}`;
    const kind = cast[step.kind % cast.length] as Kind;
    const nth = fields['field' in step ? step.field % fields.length : 0] as number;
    const [field] = mergeable[kind][nth % mergeable[kind].length] as readonly [string, unknown];
    return `${on}: ${step.do} ${kind} ${step.nth}${'field' in step ? `, its ${field}` : ''} (${step.how})`;
  });
  return [
    ...servers.map((traits, i) => `${'AB'[i]}: ${JSON.stringify(traits)}`),
    isInStep ? 'all in step' : 'not yet met',
    ...lines,
  ].join('\n  ');
}

export function begin({ servers, cast, isInStep }: Story): World {
  const world = new World(
    servers.map((traits, i) => ({
      ...traits,
      name: 'AB'[i] as string,
      records: new Map(),
      links: new Map(),
    })),
  );
  for (const server of world.servers) {
    for (const kind of kindNames.filter((kind) => cast.includes(kind))) {
      for (const nth of [1, 2])
        create(world, server.records, server.name, kind, `${kind} ${nth}`, nth);
    }
  }
  if (isInStep) for (const server of world.servers) syncRound(world, server);
  return world;
}
