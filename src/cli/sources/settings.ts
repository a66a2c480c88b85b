import type { Policy, Source, SourceSettings } from '../../library/sources.ts';
import { StowageError } from '../../model/errors.ts';
import { fieldsOf, type Kind, kindNames } from '../../model/kinds.ts';
import { parsePathMapping, printPathMapping } from '../../model/pathMap.ts';
import { parseBoxMove, printBoxMove } from '../../model/stashBoxes.ts';
import { policyWords } from '../../sync/policy.ts';

type Told = Partial<
  Pick<SourceSettings, 'writes' | 'policy' | 'deletions' | 'pathMap' | 'endpoints' | 'successors'>
>;

/** How a person wants a source treated: `writes=on policy.scene.title=ask 'map=D:\media=/media'`, on top of how it is. */
export function toldSettings(
  words: readonly string[],
  {
    name: source,
    policy,
    pathMap,
    endpoints,
  }: Pick<Source, 'name' | 'policy' | 'pathMap' | 'endpoints'>,
): Told {
  const told: Told = {};
  for (const word of words) {
    const [, name = word, value = ''] = /^([^=]*)=(.*)$/s.exec(word) ?? [];
    if (!word.includes('=')) throw wrong(word, 'A setting is written as NAME=VALUE.');
    if (name === 'writes') told.writes = one(word, value, ['on', 'off']) === 'on';
    else if (name === 'deletions') told.deletions = one(word, value, deletions, source);
    else if (name === 'successors') told.successors = one(word, value, ['ask', 'accept']);
    else if (name === 'endpoint') told.endpoints = moved(word, told.endpoints ?? endpoints, value);
    else if (name === 'map') told.pathMap = mapped(told.pathMap ?? pathMap, value);
    else if (name === 'policy' || name.startsWith('policy.')) {
      const place = name.slice('policy.'.length);
      told.policy = withPolicy(word, told.policy ?? policy, place, value, source);
    } else throw wrong(word, `There is no setting ${name}.`);
  }
  return told;
}

const deletions = ['library', 'stash', 'both', 'none'] as const;

/** `map=` takes all mappings away; a folder that is mapped already is mapped anew. */
function mapped(map: Source['pathMap'], value: string): Source['pathMap'] {
  if (value === '') return [];
  const mapping = parsePathMapping(value);
  return [...map.filter(({ from }) => from !== mapping.from), mapping];
}

/** `endpoint=` takes all away; a box that was said to have moved moves anew. */
function moved(word: string, moves: Source['endpoints'], value: string): Source['endpoints'] {
  if (value === '') return [];
  const move = parseBoxMove(value);
  if (move === undefined) {
    throw wrong(
      word,
      'This says of no stash-box where it is now.',
      'Give two addresses, as in endpoint=https://old.example/graphql=https://new.example/graphql.',
    );
  }
  return [...moves.filter(({ from }) => from !== move.from), move];
}

/** `policy.tag=` takes the exception for tags away. */
function withPolicy(
  word: string,
  policy: Policy,
  place: string,
  value: string,
  source: string,
): Policy {
  checkPlace(word, place);
  if (value === '' && place !== '') {
    return Object.fromEntries(Object.entries(policy).filter(([key]) => key !== place));
  }
  return { ...policy, [place || 'default']: one(word, value, policyWords, source) };
}

function checkPlace(word: string, place: string): void {
  if (place === '') return;
  const [kind = '', field, ...rest] = place.split('.');
  if (!kindNames.includes(kind as Kind) || rest.length > 0) {
    throw wrong(word, `There is no kind of record ${kind}.`, `There are ${kindNames.join(', ')}.`);
  }
  const fields = fieldsOf[kind as Kind].flatMap(([name, { merge }]) =>
    merge === 'fact' ? [] : [name],
  );
  if (field !== undefined && !(fields as string[]).includes(field)) {
    throw wrong(
      word,
      `A ${kind} has no field ${field} that merges.`,
      `It has ${fields.join(', ')}.`,
    );
  }
}

/** One of the choices; `stash`, the side that is not the library, also by the source's name. */
function one<T extends string>(
  word: string,
  value: string,
  choices: readonly T[],
  source?: string,
): T {
  const isSide = source !== undefined && !choices.includes(value as T) && value === source;
  const choice = (isSide ? 'stash' : value) as T;
  if (choices.includes(choice)) return choice;
  const named = choices.map((one) => (one === 'stash' ? (source ?? one) : one));
  throw wrong(word, `Must be one of ${named.join(', ')}.`);
}

const wrong = (
  item: string,
  message: string,
  remedy = 'There are writes=, policy=, policy.KIND=, policy.KIND.FIELD=, deletions=, successors=, map=FROM=TO and endpoint=OLD=NEW.',
) => new StowageError('usage', message, { item, remedy });

/** The settings as they would be written. */
export function printedSettings(source: Source): string[] {
  const { name, writes, policy, deletions: which, pathMap, endpoints, successors } = source;
  const side = (word: string) => (word === 'stash' ? name : word);
  return [
    `writes=${writes ? 'on' : 'off'}`,
    ...Object.entries(policy)
      .map(([place, word]) => `policy${place === 'default' ? '' : `.${place}`}=${side(word)}`)
      .sort(),
    `deletions=${side(which)}`,
    ...(successors === 'ask' ? [] : [`successors=${successors}`]),
    ...pathMap.map((mapping) => `map=${printPathMapping(mapping)}`),
    ...endpoints.map((move) => `endpoint=${printBoxMove(move)}`),
  ];
}
