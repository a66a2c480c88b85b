import type { CommandGroup } from '../command.ts';

/** `stowage matches …` */
export const matches: CommandGroup = {
  usual: 'list',
  commands: {
    list: {
      summary: 'List records that may be the same',
      load: async () => (await import('./list.ts')).list,
    },
    accept: {
      summary: 'They are the same: make them one',
      load: async () => (await import('./answer.ts')).accept,
    },
    reject: {
      summary: 'They are not the same, and it is not asked again',
      load: async () => (await import('./answer.ts')).reject,
    },
  },
};
