import type { CommandGroup } from '../command.ts';

/** `stowage conflicts …` */
export const conflicts: CommandGroup = {
  usual: 'list',
  commands: {
    list: {
      summary: 'List what both sides changed differently',
      load: async () => (await import('./list.ts')).list,
    },
    show: {
      summary: 'Show what both sides had, and what each made of it',
      load: async () => (await import('./show.ts')).show,
    },
    resolve: {
      summary: 'Say who is right',
      load: async () => (await import('./resolve.ts')).resolve,
    },
  },
};
