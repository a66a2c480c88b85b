import {
  type FieldNode,
  type FragmentDefinitionNode,
  Kind,
  type OperationDefinitionNode,
  parse,
  print,
  type SelectionNode,
} from 'graphql';
import { StowageError } from '../../model/errors.ts';
import type { StashServer } from '../server.ts';
import { TypedDocumentString } from '../types.ts';

/** What a part of a request answers: a record, several, a history, a number or yes. */
export type Answer = unknown;

/** One mutation to be sent, alone or with others. */
export interface Part {
  mutation: Mutation;
  variables: { [name: string]: unknown };
  /** The fields of the answer that are asked back. */
  asks: readonly string[];
}

/** A mutation as this server knows it, ready to be one of many in a request. */
export interface Mutation {
  /** `TagUpdate`, as in `operations/mutations.graphql`. */
  name: string;
  variables: readonly { name: string; type: string }[];
  /** `tagUpdate(input: $input)` with the name of each variable between two halves. */
  call: (variable: (name: string) => string) => string;
  /** By name, what may be asked back: `tags { id }`. Empty where the answer is but a number or yes. */
  selections: ReadonlyMap<string, string>;
}

type Operation = TypedDocumentString<unknown, never>;

/** Knows the mutations that a server has. */
export class Mutations {
  readonly #server: StashServer;
  readonly #read = new Map<Operation, Mutation>();

  constructor(server: StashServer) {
    this.#server = server;
  }

  /** The first of some operations that it has: what makes a group, or the movie that it was. */
  first(operations: readonly Operation[]): Mutation {
    for (const operation of operations) {
      const read = this.#read.get(operation);
      if (read) return read;
      const text = this.#server.known(operation);
      if (text === null) continue;
      const mutation = mutationOf(text);
      this.#read.set(operation, mutation);
      return mutation;
    }
    const name = /mutation (\w+)/.exec(String(operations[0]))?.[1];
    throw new StowageError('source.unsupported', `This Stash has no ${name}.`, {
      remedy: 'Update Stash to v0.25 or newer. If it is newer than Stowage, update Stowage.',
    });
  }
}

/** Several mutations as one request. The server does them in this order, each for itself. */
export function requestOf(parts: readonly Part[]): {
  operation: TypedDocumentString<{ [part: string]: Answer }, { [name: string]: unknown }>;
  variables: { [name: string]: unknown };
} {
  const declared: string[] = [];
  const calls: string[] = [];
  const variables: { [name: string]: unknown } = {};
  parts.forEach(({ mutation, variables: given, asks }, i) => {
    for (const { name, type } of mutation.variables) {
      if (!(name in given)) continue;
      declared.push(`$${name}${i}: ${type}`);
      variables[`${name}${i}`] = given[name];
    }
    const wanted = ['id', ...asks].flatMap((field) => mutation.selections.get(field) ?? []);
    const selection = wanted.length > 0 ? ` { ${wanted.join(' ')} }` : '';
    calls.push(`${partName(i)}: ${mutation.call((name) => `$${name}${i}`)}${selection}`);
  });
  const name = parts[0]?.mutation.name;
  const head = declared.length > 0 ? `(${declared.join(', ')})` : '';
  return {
    operation: new TypedDocumentString(`mutation ${name}${head} { ${calls.join(' ')} }`),
    variables,
  };
}

export const partName = (index: number): string => `part${index}`;

function mutationOf(text: string): Mutation {
  const { definitions } = parse(text);
  const operation = definitions.find(
    (one): one is OperationDefinitionNode => one.kind === Kind.OPERATION_DEFINITION,
  ) as OperationDefinitionNode;
  const fragments = new Map(
    definitions
      .filter((one): one is FragmentDefinitionNode => one.kind === Kind.FRAGMENT_DEFINITION)
      .map((fragment) => [fragment.name.value, fragment]),
  );
  const spread = (selections: readonly SelectionNode[]): SelectionNode[] =>
    selections.flatMap((one) =>
      one.kind === Kind.FRAGMENT_SPREAD
        ? spread(fragments.get(one.name.value)?.selectionSet.selections ?? [])
        : one.selectionSet
          ? {
              ...one,
              selectionSet: {
                ...one.selectionSet,
                selections: spread(one.selectionSet.selections),
              },
            }
          : one,
    );
  const [root] = operation.selectionSet.selections as readonly FieldNode[];
  if (!root) throw new Error(`a mutation without a field: ${text}`);
  const call = print({ ...root, selectionSet: undefined });
  const fields = spread(root.selectionSet?.selections ?? []).filter(
    (one): one is FieldNode => one.kind === Kind.FIELD,
  );
  return {
    name: operation.name?.value ?? '',
    variables: (operation.variableDefinitions ?? []).map(({ variable, type }) => ({
      name: variable.name.value,
      type: print(type),
    })),
    call: (variable) => call.replace(/\$(\w+)/g, (_, name: string) => variable(name)),
    selections: new Map(fields.map((field) => [field.name.value, line(print(field))])),
  };
}

const line = (text: string): string => text.replace(/\s+/g, ' ');
