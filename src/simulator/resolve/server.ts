import type { SQLInputValue } from 'node:sqlite';
import { nodeOf } from '../batch.ts';
import type { Context, Resolvers } from '../context.ts';
import { querySql } from '../sql.ts';
import { streams } from './scene.ts';

const count = ({ library }: Context, table: string) =>
  library.scalar(`select count(*) from ${table}`);

export const server: Resolvers = {
  Query: {
    version: (_: never, __: never, { server }: Context) => ({
      version: server.version,
      hash: '00000000',
      build_time: '2026-01-01 00:00:00',
    }),
    systemStatus: (_: never, __: never, { server }: Context) => ({
      databaseSchema: server.status === 'SETUP' ? null : server.schema,
      databasePath: server.status === 'SETUP' ? null : server.databasePath,
      appSchema: server.status === 'NEEDS_MIGRATION' ? server.schema + 1 : server.schema,
      status: server.status,
      os: server.os,
    }),
    configuration: (_: never, __: never, { server }: Context) => ({ general: server }),
    jobQueue: (_: never, __: never, { server }: Context) =>
      server.jobs.length > 0 ? server.jobs : null,
    findJob: (_: never, { input }: { input: { id: string } }, { server }: Context) =>
      server.jobs.find(({ id }) => id === input.id) ?? null,
    stats: (_: never, __: never, context: Context) => ({
      scene_count: count(context, 'scenes'),
      image_count: count(context, 'images'),
      gallery_count: count(context, 'galleries'),
      performer_count: count(context, 'performers'),
      studio_count: count(context, 'studios'),
      group_count: count(context, context.library.groups.table),
      movie_count: count(context, context.library.groups.table),
      tag_count: count(context, 'tags'),
    }),
    sceneStreams: (_: never, { id }: { id: string }, context: Context) => {
      const scene = nodeOf(context.library, 'Scene', Number(id));
      if (!scene) throw new Error(`scene with id ${id} not found`);
      return streams(scene, undefined as never, context);
    },
  },
  Mutation: {
    backupDatabase: (_: never, { input }: { input: { download?: boolean } }, context: Context) => {
      const path = context.backup(input.download === true);
      return path && `${context.baseUrl}${path}`;
    },
    querySQL: (
      _: never,
      { sql, args }: { sql: string; args?: SQLInputValue[] },
      { library }: Context,
    ) => querySql(library, sql, args ?? []),
  },
};
