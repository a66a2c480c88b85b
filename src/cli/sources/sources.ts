import type { CommandGroup } from '../command.ts';

/** `stowage sources …` */
export const sources: CommandGroup = {
  usual: 'list',
  commands: {
    list: {
      summary: 'List the sources, and how each is treated',
      load: async () => (await import('./list.ts')).list,
    },
    set: {
      summary: 'Say how a source is treated: writing, policies, deletions, folders',
      load: async () => (await import('./set.ts')).set,
    },
    resolve: {
      summary: 'Say what is right of a source that is not what it was',
      load: async () => (await import('./resolve.ts')).resolve,
    },
    remove: {
      summary: 'Go on without a source',
      load: async () => (await import('./remove.ts')).remove,
    },
  },
};
