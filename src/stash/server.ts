import {
  buildClientSchema,
  type GraphQLSchema,
  getIntrospectionQuery,
  type IntrospectionQuery,
  isEnumType,
} from 'graphql';
import { contractSchema } from '../contract/schema.ts';
import { StowageError } from '../model/errors.ts';
import type { SourceProfile, UnknownData } from '../model/reading.ts';
import type { CallOptions, RequestOptions, StashClient } from './client.ts';
import { unknownFields } from './coverage.ts';
import { type Pruned, prune } from './graphql/prune.ts';
import pruned from './graphql/pruned.json' with { type: 'json' };
import { recordFields, withoutFields } from './graphql/selection.ts';
import { type Shape, shapeOf } from './graphql/shape.ts';
import { shown } from './http/address.ts';
import { oldestSchema, tooOld } from './oldest.ts';
import { typesServed } from './profile.ts';
import {
  RunningJobsDocument,
  type RunningJobsQuery,
  ServerStatusDocument,
  TypedDocumentString,
} from './types.ts';

export type Job = NonNullable<RunningJobsQuery['jobQueue']>[number];

export interface AskOptions extends RequestOptions {
  /** Fields of the records listed that are not asked for: `created_at`, `stash_ids.updated_at`. */
  without?: ReadonlySet<string>;
}

/** What servers of known versions lack. What else is missing, reading cannot do without. */
const dispensable = new Set(Object.values(pruned).flat());

/** A Stash server that we are connected to: what it is, and what it can do. */
export class StashServer {
  readonly client: StashClient;
  readonly profile: SourceProfile;
  readonly #schema: GraphQLSchema;
  readonly #pruned = new Map<string, Pruned>();
  readonly #shapes = new Map<string, Shape>();

  constructor(client: StashClient, profile: SourceProfile, schema: GraphQLSchema) {
    this.client = client;
    this.profile = profile;
    this.#schema = schema;
  }

  /** Fields that it serves and that we know nothing about. */
  get unknown(): UnknownData[] {
    return unknownFields(this.#schema);
  }

  /** The words of one of its enumerations. */
  words(name: string): string[] {
    const type = this.#schema.getType(name);
    return isEnumType(type) ? type.getValues().map((word) => word.name) : [];
  }

  /** Whether it knows what the operation is about. */
  supports(operation: TypedDocumentString<unknown, never>): boolean {
    return this.#prune(operation).text !== null;
  }

  /** Whether the operation reaches it whole, without what it lacks: `Query.findSceneMarkers(ids:)`. */
  lacks(operation: TypedDocumentString<unknown, never>, coordinate: string): boolean {
    return this.#prune(operation).left.includes(coordinate);
  }

  /** The operation without what it lacks; null where it lacks what the operation is about. */
  known(operation: TypedDocumentString<unknown, never>): string | null {
    return this.#prune(operation).text;
  }

  /** The fields that it is asked for of each record, `id` aside, where an operation lists records. */
  fieldsAsked(operation: TypedDocumentString<unknown, never>): string[] {
    return recordFields(this.known(operation) ?? '');
  }

  /** Sends what it knows of the operation. What it does not know is undefined in the answer. */
  async request<R, V>(
    operation: TypedDocumentString<R, V>,
    variables: V,
    { without, ...options }: AskOptions = {},
  ): Promise<R> {
    const { text, left } = this.#prune(operation);
    const missing = left.filter((coordinate) => !dispensable.has(coordinate));
    if (text === null || missing.length > 0) {
      const what = (missing.length > 0 ? missing : left).join(', ');
      throw new StowageError('source.unsupported', `This Stash has no ${what}.`, {
        remedy: 'Update Stash to v0.25 or newer. If it is newer than Stowage, update Stowage.',
      });
    }
    const asked = without?.size ? withoutFields(text, without) : text;
    const answer = await this.client.request(
      new TypedDocumentString<R, V>(asked),
      variables,
      options,
    );
    const wrong = this.wrongIn(asked, answer);
    if (wrong !== undefined) throw misshapen(this.client, wrong);
    return answer;
  }

  /** What of an answer is not as the contract has it; undefined where all is. */
  wrongIn(operation: string, data: unknown): string | undefined {
    const shape = this.#shapes.get(operation) ?? shapeOf(operation, contractSchema());
    this.#shapes.set(operation, shape);
    return shape(data);
  }

  /** The tasks that it runs or is about to: they compete for its database. */
  async jobs(options: CallOptions = {}): Promise<Job[]> {
    const { jobQueue } = await this.request(RunningJobsDocument, {}, options);
    return (jobQueue ?? [])
      .filter(({ status }) => ['READY', 'RUNNING', 'STOPPING'].includes(status))
      .map((job) => ({ ...job, description: inShort(job.description) }));
  }

  #prune(operation: TypedDocumentString<unknown, never>): Pruned {
    const text = operation.toString();
    const known = this.#pruned.get(text) ?? prune(text, this.#schema);
    this.#pruned.set(text, known);
    return known;
  }
}

/** Finds out what answers at the client's address, and whether it is a Stash that can be read now. */
export async function connect(
  client: StashClient,
  options: CallOptions = {},
): Promise<StashServer> {
  const { version, systemStatus } = await status(client, options);
  if (systemStatus.status !== 'OK') throw notReady(client, systemStatus.status);
  const { databaseSchema: number } = systemStatus;
  if (number != null && number < oldestSchema) {
    throw tooOld(`This server (${version.version}, database schema ${number})`, shown(client.base));
  }
  const schema = schemaIn(client, await client.request(introspection, {}, options));
  const profile: SourceProfile = {
    version: version.version && inShort(version.version),
    schema: systemStatus.databaseSchema ?? 0,
    os: inShort(systemStatus.os),
    types: typesServed(schema),
  };
  return new StashServer(client, profile, schema);
}

/** What a server calls something, for people: in one line, which nobody can make long. */
const inShort = (text: string): string => text.replace(/\s+/g, ' ').trim().slice(0, 200);

function schemaIn(client: StashClient, introspected: IntrospectionQuery): GraphQLSchema {
  try {
    return buildClientSchema(introspected);
  } catch {
    throw misshapen(client, 'its introspection is none');
  }
}

const misshapen = (client: StashClient, wrong: string): StowageError =>
  new StowageError(
    'source.unsupported',
    `${shown(client.base)} answers otherwise than a Stash: ${wrong}.`,
    {
      remedy:
        'Look at what answers there, and at the proxy in between. If this Stash is newer than Stowage, update Stowage.',
    },
  );

const introspection = new TypedDocumentString<IntrospectionQuery, object>(
  getIntrospectionQuery({ descriptions: false }),
);

async function status(client: StashClient, options: CallOptions) {
  try {
    const answer = await client.request(ServerStatusDocument, {}, options);
    const wrong = shapeOf(ServerStatusDocument.toString(), contractSchema())(answer);
    if (wrong !== undefined) throw misshapen(client, wrong);
    return answer;
  } catch (error) {
    if (!(error instanceof StowageError && error.code === 'source.unsupported')) throw error;
    throw new StowageError(
      'source.not-a-stash',
      `What answers at ${shown(client.base)} speaks GraphQL, but is not a Stash.`,
      { remedy: 'Is it a stash-box? Give the address of the Stash itself.', cause: error },
    );
  }
}

function notReady(client: StashClient, state: 'SETUP' | 'NEEDS_MIGRATION'): StowageError {
  const at = shown(client.base);
  return state === 'SETUP'
    ? new StowageError('source.not-ready', `The Stash at ${at} has not been set up yet.`, {
        remedy: `Open ${at} in a browser and finish its setup.`,
      })
    : new StowageError('source.not-ready', `The Stash at ${at} waits to migrate its database.`, {
        remedy: `Open ${at} in a browser, make the backup it offers, and let it migrate.`,
      });
}
