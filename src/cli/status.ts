import { lastRun } from '../library/runs.ts';
import { listSources } from '../library/sources.ts';
import { waitingOf } from '../library/waiting.ts';
import { type CommandDefinition, libraryOptions } from './command.ts';
import { differingLines } from './differingLines.ts';
import { withLibrary } from './library.ts';
import { nextStep, type Standing } from './nextStep.ts';
import { standingWords } from './sources/list.ts';
import { tellLeftOut, tellRefused } from './tellRefused.ts';
import { ago } from './when.ts';

/** `stowage status`: how things stand with each source, and what is best done next. */
export const status: CommandDefinition<object> = {
  configure: libraryOptions,
  run: (context) =>
    withLibrary(context, async (client) => {
      const { output } = context;
      const standings: Standing[] = [];
      for (const source of await listSources(client)) {
        const run = await lastRun(client, source.id);
        const waiting = await waitingOf(client, source);
        standings.push({ ...waiting, source, lastRun: run });
        const { name, address, writes, standing } = source;
        output.event('source', {
          name,
          address,
          writes,
          standing,
          lastRun: run ?? null,
          ...waiting,
        });
        const last = run
          ? `${run.command} ${ago(run.startedAt)}${run.finishedAt === null ? ', not finished' : ''}`
          : 'never read';
        output.line(`${name}: ${last}`);
        if (standing !== 'ok') output.line(`  ${standingWords(source)}`);
        const { conflicts, suggestions, absent, unsent, refused, leftOut } = waiting;
        const waits = [
          [conflicts, 'changed on both sides: `stowage conflicts`'],
          [suggestions, 'may be records that are here already: `stowage matches`'],
          [absent, `gone from ${name}, and kept here`],
          [unsent, writes ? 'edited here since' : `edited here; nothing is written to ${name}`],
          [refused, `made here, and refused by ${name}; sent again once they are edited:`],
          [leftOut, `parts of records that ${name} does not take; they stay here:`],
        ] as const;
        for (const [count, what] of waits) {
          if (count > 0) output.line(`  ${count.toLocaleString('en').padStart(7)} ${what}`);
        }
        for (const line of differingLines(waiting.differing, source)) output.line(`  ${line}`);
        await tellRefused(output, client, source);
        await tellLeftOut(output, client, source);
      }
      const next = nextStep(standings);
      output.line(next);
      return { complete: true, summary: { sources: standings.length, next } };
    }),
};
