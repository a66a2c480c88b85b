import { type Command, Option } from 'commander';

/** By which road a source is read, and where what the road cannot carry lies. */
export interface ReadingOptions {
  via: 'auto' | 'snapshot' | 'tables' | 'graphql';
  blobs?: string;
}

/** Options of the commands that read a whole library. */
export const readingOptions = (command: Command): Command =>
  command
    .addOption(viaOption())
    .option('--blobs <dir>', 'with a database file: where the server kept its pictures');

export const viaOption = (): Option =>
  new Option('--via <road>', 'how to read it')
    .choices(['auto', 'snapshot', 'tables', 'graphql'])
    .default('auto');
