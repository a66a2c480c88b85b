import type { CommandGroup } from '../command.ts';

/** `stowage library …` */
export const library: CommandGroup = {
  usual: 'move',
  commands: {
    move: {
      summary: 'Bring the library into another PostgreSQL',
      load: async () => (await import('./move.ts')).move,
    },
  },
};
