import {
  type ASTNode,
  type DocumentNode,
  defaultFieldResolver,
  execute,
  type GraphQLError,
  type GraphQLSchema,
  isInterfaceType,
  isListType,
  isNonNullType,
  isObjectType,
  isScalarType,
  isUnionType,
  Kind,
  OperationTypeNode,
  parse,
  validate,
} from 'graphql';
import { type ServerVersion, schemaOf } from '../contract/schema.ts';
import type { Node } from './batch.ts';
import type { Context, Resolvers } from './context.ts';
import { isUpTo25 } from './library.ts';
import { files, typeOfFile } from './resolve/files.ts';
import { find } from './resolve/find.ts';
import { records } from './resolve/records.ts';
import { scene } from './resolve/scene.ts';
import { server } from './resolve/server.ts';
import { mutations } from './write/mutations.ts';

export interface GraphqlRequest {
  query: string;
  variables?: { [name: string]: unknown };
  operationName?: string;
}
export interface GraphqlAnswer {
  status: number;
  body: { data?: unknown; errors?: unknown[] };
}

/** GraphQL as gqlgen speaks it. Resolvers wait for nothing, so that a page is answered in one go. */
export class Endpoint {
  readonly #schema: GraphQLSchema;
  /** The same, its mutations' answers nullable: one that fails does not keep the later ones from being done. */
  readonly #writing: GraphQLSchema;
  /** The same, all that may not be null nullable, so that each such failure is told (`tellAll`). */
  readonly #telling: GraphQLSchema;
  /** Mutations that must have an answer: where one fails, nothing is told of the others either. */
  readonly #certain = new Set<string>();
  readonly #invalid: number;
  /** What is said of a value that is null where it may not be. */
  readonly #notNull: string;
  readonly #documents = new Map<string, DocumentNode>();

  constructor(version: ServerVersion) {
    this.#schema = executable(version);
    this.#writing = executable(version);
    // Measured: v0.25.1 says the one, v0.28.1 and v0.30.1 say the other.
    this.#notNull = isUpTo25(version)
      ? 'must not be null'
      : 'the requested element is null which the schema does not allow';
    this.#telling = tellAll(executable(version), this.#notNull);
    for (const field of Object.values(this.#writing.getMutationType()?.getFields() ?? {})) {
      if (!isNonNullType(field.type)) continue;
      this.#certain.add(field.name);
      field.type = field.type.ofType;
    }
    // Measured: v0.25.1 and v0.28.1 answer 422, v0.30.1 answers 400.
    this.#invalid = isUpTo25(version) || version === 'v0.28' ? 422 : 400;
  }

  /** The document, or the answer that says what is wrong with it. */
  read({ query }: GraphqlRequest): DocumentNode | GraphqlAnswer {
    let document = this.#documents.get(query);
    if (document) return document;
    try {
      document = parse(query);
    } catch (error) {
      return this.#refusal('GRAPHQL_PARSE_FAILED', [error as GraphQLError]);
    }
    const errors = validate(this.#schema, document);
    if (errors.length > 0) return this.#refusal('GRAPHQL_VALIDATION_FAILED', errors);
    if (this.#documents.size > 1000) this.#documents.clear();
    this.#documents.set(query, document);
    return document;
  }

  async answer(
    document: DocumentNode,
    { variables, operationName }: GraphqlRequest,
    context: Context,
  ): Promise<GraphqlAnswer> {
    const asked = {
      document,
      contextValue: context,
      variableValues: variables ?? {},
      operationName: operationName ?? null,
    };
    const schema = isMutation(document) ? this.#writing : this.#schema;
    const { data, errors: found } = await execute({ schema, ...asked });
    if (!found) return { status: 200, body: { data } };
    // Of a query that it cannot answer, a real server still looks at every field, and names each that it could not tell.
    const all = isMutation(document)
      ? undefined
      : await execute({ schema: this.#telling, ...asked });
    const errors = (all?.errors ?? found).map((error) =>
      error.message.startsWith('Cannot return null for non-nullable')
        ? Object.assign(error, { message: this.#notNull })
        : error,
    );
    // A variable that is not of its type.
    if (data === undefined) return this.#refusal('GRAPHQL_VALIDATION_FAILED', errors);
    const failures = errors.map(({ message, path }) => ({ message, path }));
    const isUntold = errors.some(
      ({ path, nodes }) => path?.length === 1 && this.#certain.has(fieldOf(nodes?.[0])),
    );
    return { status: 200, body: { errors: failures, data: isUntold ? null : data } };
  }

  #refusal(code: string, errors: readonly GraphQLError[]): GraphqlAnswer {
    const failures = errors.map(({ message, locations }) => ({
      message,
      locations,
      extensions: { code },
    }));
    return { status: this.#invalid, body: { errors: failures, data: null } };
  }
}

/** A schema whose values may all be null, with an error where one may not. */
function tellAll(schema: GraphQLSchema, notNull: string): GraphQLSchema {
  const told = (value: unknown, isCertain: boolean, isOfCertain: boolean): unknown => {
    if (value == null) return isCertain ? new Error(notNull) : value;
    // A list of plain values is told, or not, as one.
    if (isOfCertain && Array.isArray(value) && value.includes(null)) return new Error(notNull);
    return value;
  };
  for (const type of Object.values(schema.getTypeMap())) {
    if (!(isObjectType(type) || isInterfaceType(type)) || type.name.startsWith('__')) continue;
    for (const field of Object.values(type.getFields())) {
      const { resolve = defaultFieldResolver, type: served } = field;
      const isCertain = isNonNullType(served);
      const inner = isCertain ? served.ofType : served;
      const isOfCertain = isListType(inner) && isNonNullType(inner.ofType);
      if (isCertain) field.type = inner;
      field.resolve = (...args) => told(resolve(...args), isCertain, isOfCertain);
    }
  }
  return schema;
}

const isMutation = ({ definitions }: DocumentNode): boolean =>
  definitions.some(
    (one) => one.kind === Kind.OPERATION_DEFINITION && one.operation === OperationTypeNode.MUTATION,
  );

const fieldOf = (node: ASTNode | undefined): string =>
  node?.kind === Kind.FIELD ? node.name.value : '';

/** The names of the fields that an operation asks the server for: `findScenes`, `querySQL`. */
export function rootFields(document: DocumentNode, operationName?: string): string[] {
  for (const definition of document.definitions) {
    if (definition.kind !== Kind.OPERATION_DEFINITION) continue;
    if (operationName && definition.name?.value !== operationName) continue;
    return definition.selectionSet.selections.flatMap((selection) =>
      selection.kind === Kind.FIELD ? [selection.name.value] : [],
    );
  }
  return [];
}

const resolvers: Resolvers[] = [files, find, mutations, records, scene, server];

function executable(version: ServerVersion): GraphQLSchema {
  const schema = schemaOf(version);
  for (const type of Object.values(schema.getTypeMap())) {
    if (isObjectType(type)) {
      for (const field of Object.values(type.getFields())) {
        for (const { [type.name]: fields } of resolvers) {
          const resolve = fields?.[field.name];
          if (resolve) field.resolve = resolve as never;
        }
      }
    } else if (isInterfaceType(type) || isUnionType(type)) {
      type.resolveType = (source) => typeOfFile(source as Node);
    } else if (isScalarType(type) && type.name === 'Any') {
      // Measured: a number in a variable reaches SQLite as a text, one in the document as a number.
      type.coerceInputValue = (value) => (typeof value === 'number' ? String(value) : value);
    }
  }
  return schema;
}
