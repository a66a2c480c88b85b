import { countLinked } from '../../library/parting.ts';
import { lastRun } from '../../library/runs.ts';
import { listSources, type Source } from '../../library/sources.ts';
import { counted } from '../../model/counted.ts';
import { type CommandDefinition, libraryOptions } from '../command.ts';
import { lookingAtLibrary } from '../library.ts';
import { ago } from '../when.ts';
import { printedSettings } from './settings.ts';

/** `stowage sources`: where the library's records come from, and how each source is treated. */
export const list: CommandDefinition<object> = {
  configure: libraryOptions,
  run: (context) =>
    lookingAtLibrary(context, async (client) => {
      const { output } = context;
      const sources = await listSources(client);
      for (const source of sources) {
        const counts = await countLinked(client, source);
        const run = await lastRun(client, source.id);
        const { name, address, profile, writes, policy, deletions, pathMap, standing } = source;
        const { endpoints, successors } = source;
        output.event('source', {
          ...{ name, address, version: profile.version, schema: profile.schema },
          ...{ writes, policy, deletions, pathMap, standing, pictures: source.pictures },
          ...{ endpoints, successors },
          ...{ comparedInFullAt: source.comparedInFullAt, lastRun: run ?? null, counts },
        });
        const version = profile.version ?? `a database of schema ${profile.schema}`;
        output.line(`${name}  ${address ?? 'address not known'}  ${version}`);
        output.line(`  ${printedSettings(source).join('  ')}`);
        if (standing !== 'ok') output.line(`  ${standingWords(source)}`);
        const last =
          run && `${run.command} ${ago(run.startedAt)}, ${run.outcome ?? 'not finished'}`;
        output.line(`  ${last ? `run ${run.id}: ${last}` : 'never read'}`);
        output.line(`  ${counted(counts)}`);
      }
      if (sources.length === 0) output.line('The library has no source yet.');
      return { complete: true, summary: { sources: sources.length } };
    }),
};

/** What a source waits for, or what was decided. */
export const standingWords = ({ name, standing }: Pick<Source, 'name' | 'standing'>): string =>
  ({
    ok: '',
    rewound: `It was put back to an earlier state, or exchanged: \`stowage sources resolve ${name} …\`.`,
    renumbered: `Its records have new numbers: \`stowage sources resolve ${name} …\`.`,
    accept: 'The next sync accepts its state.',
    push: 'The next sync puts the library back into it.',
  })[standing];
