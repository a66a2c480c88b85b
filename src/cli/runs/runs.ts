import type { CommandGroup } from '../command.ts';

/** `stowage runs …` */
export const runs: CommandGroup = {
  usual: 'list',
  commands: {
    list: {
      summary: 'List what was done, the newest first',
      load: async () => (await import('./list.ts')).list,
    },
    show: {
      summary: 'Show each field that a run changed, before and after',
      load: async () => (await import('./show.ts')).show,
    },
  },
};
