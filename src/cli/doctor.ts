import { examineLibrary } from '../library/open.ts';
import { StowageError } from '../model/errors.ts';
import { examine, type Finding } from '../stash/doctor.ts';
import { examineFile } from '../stash/doctorFile.ts';
import { type CommandDefinition, libraryOptions } from './command.ts';
import { type ReadingOptions, viaOption } from './reading.ts';
import { type SourceOptions, sourceOf, sourceOptions } from './source.ts';

interface Options extends SourceOptions, Pick<ReadingOptions, 'via'> {
  map?: { [there: string]: string };
}

/** `stowage doctor --from URL|FILE`: looks at everything before anything is begun, and changes nothing. */
export const doctor: CommandDefinition<Options> = {
  configure: (command) =>
    sourceOptions(libraryOptions(command))
      .addOption(viaOption())
      .option(
        '--map <there=here>',
        'where a folder of the server is found here; may be repeated',
        mapped,
      ),
  async run(context, options) {
    const { output, settings, signal } = context;
    const source = await sourceOf(options, context);
    const findings: Finding[] = [];
    const tell = (finding: Finding) => {
      findings.push(finding);
      output.line(`${marks[finding.state]} ${finding.name.padEnd(9)} ${finding.message}`);
      if (finding.state !== 'ok' && finding.remedy)
        output.line(`  ${' '.repeat(9)} ${finding.remedy}`);
    };
    const looking = {
      dataDirectory: settings.dataDirectory,
      pathHere: pathHere(options.map),
      via: options.via,
      signal,
    };
    const looks =
      'file' in source ? examineFile(source.file, looking) : examine(source.server, looking);
    for await (const finding of looks) tell(finding);
    tell(await database(settings, signal));
    const failed = findings.filter(({ state }) => state === 'fail').length;
    output.line(
      failed > 0
        ? 'Not ready yet: see what is marked with ✗.'
        : 'Ready: `stowage migrate --from …`.',
    );
    return { complete: failed === 0, summary: { findings } };
  },
};

const marks = { ok: '✓', warn: '!', fail: '✗' } as const;

async function database(
  { databaseUrl, dataDirectory }: { databaseUrl: string | undefined; dataDirectory: string },
  signal: AbortSignal,
): Promise<Finding> {
  try {
    const message = await examineLibrary({ databaseUrl, dataDir: dataDirectory, signal });
    return { name: 'database', state: 'ok', message };
  } catch (error) {
    if (!(error instanceof StowageError)) throw error;
    const { message, remedy } = error;
    return { name: 'database', state: 'fail', message, remedy };
  }
}

function mapped(
  text: string,
  others: { [there: string]: string } = {},
): { [there: string]: string } {
  const at = text.indexOf('=');
  if (at > 0 && at < text.length - 1) return { ...others, [text.slice(0, at)]: text.slice(at + 1) };
  throw new StowageError('usage', 'A --map is not of the form THERE=HERE.', {
    remedy: String.raw`For example: --map 'D:\media=/media'`,
  });
}

/** Where a path of the server's is found here: by the longest folder that is mapped. */
const pathHere =
  (map: { [there: string]: string } = {}) =>
  (path: string): string => {
    const [there] = Object.keys(map)
      .filter(
        (folder) =>
          path === folder || path.startsWith(folder.replace(/[\\/]?$/, separator(folder))),
      )
      .sort((a, b) => b.length - a.length);
    if (there === undefined) return path;
    return `${map[there]}${path.slice(there.length).replaceAll('\\', '/')}`;
  };

const separator = (path: string): string => (path.includes('\\') ? '\\' : '/');
