import { lastRun } from '../library/runs.ts';
import { listSources } from '../library/sources.ts';
import { waitingOf } from '../library/waiting.ts';
import { type CommandDefinition, libraryOptions } from './command.ts';
import { differingLines } from './differingLines.ts';
import { lookingAtLibrary } from './library.ts';
import { goneFromFolder, missingOf, tellMissing } from './missing.ts';
import { nextStep, type Standing } from './nextStep.ts';
import { standingWords } from './sources/list.ts';
import { tellLeftOut, tellRefused } from './tellRefused.ts';
import { ago } from './when.ts';

/** `stowage status`: how things stand with each source, and what is best done next. */
export const status: CommandDefinition<object> = {
  configure: libraryOptions,
  run: (context) =>
    lookingAtLibrary(context, async (client) => {
      const { output } = context;
      const standings: Standing[] = [];
      const gone = await goneFromFolder(context, client);
      for (const source of await listSources(client)) {
        const run = await lastRun(client, source.id);
        const waiting = await waitingOf(client, source);
        const missing = await missingOf(client, source);
        standings.push({ ...waiting, missing: missing + gone, source, lastRun: run });
        const { name, address, writes, standing } = source;
        output.event('source', {
          name,
          address,
          writes,
          standing,
          lastRun: run ?? null,
          ...waiting,
          missing,
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
        ] as const;
        for (const [count, what] of waits) {
          if (count > 0) output.line(`  ${inColumn(count)} ${what}`);
        }
        for (const line of differingLines(waiting.differing, source)) output.line(`  ${line}`);
        if (refused > 0) {
          const again = refused === 1 ? 'once it is edited' : 'once they are edited';
          output.line(
            `  ${inColumn(refused)} made here, and refused by ${name}; sent again ${again}:`,
          );
        }
        await tellRefused(output, client, source);
        if (leftOut > 0) {
          const parts = leftOut === 1 ? 'part of a record' : 'parts of records';
          output.line(
            `  ${inColumn(leftOut)} ${parts} that ${name} does not take; kept in the library:`,
          );
        }
        await tellLeftOut(output, client, source);
        if (missing > 0) {
          const what = missing === 1 ? 'picture is missing' : 'pictures are missing';
          const asks = `each sync asks ${name} for ${missing === 1 ? 'it' : 'them'}`;
          output.line(`  ${inColumn(missing)} ${what}; ${asks}:`);
          await tellMissing(context, client, source);
        }
      }
      if (gone > 0) {
        output.line(`  ${inColumn(gone)} pictures are not in their folder, or are damaged there`);
      }
      const next = nextStep(standings);
      output.line(next);
      return { complete: true, summary: { sources: standings.length, gone, next } };
    }),
};

const inColumn = (count: number) => count.toLocaleString('en').padStart(7);
