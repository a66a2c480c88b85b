import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import type { Command } from 'commander';
import { StowageError } from '../model/errors.ts';
import type { ClientOptions } from '../stash/client.ts';
import { parseAddress, shown } from '../stash/http/address.ts';
import { atLeast, type CommandContext } from './command.ts';
import { promptSecret } from './prompt.ts';

/** What `sourceOptions` adds to a command's options. */
export interface SourceOptions {
  from: string;
  apiKey?: string | undefined;
  apiKeyFile?: string | undefined;
  header?: { [name: string]: string } | undefined;
  ca?: string | undefined;
  cert?: string | undefined;
  certKey?: string | undefined;
  proxy?: string | undefined;
  timeout?: number | undefined;
}

/** Where a library is read from: a server and how to get in, or a database file. */
export type Source = { server: ClientOptions } | { file: string };

/** Options of the commands that read a Stash. */
export const sourceOptions = (command: Command): Command =>
  accessOptions(
    command.requiredOption(
      '--from <address>',
      "a Stash's address, or the path of its database file",
    ),
  );

/** How to get in; `of` is put before the name of each option where there are two servers. */
export const accessOptions = (command: Command, of: '' | 'to-' = ''): Command => {
  const variable = of === '' ? 'STOWAGE_API_KEY' : 'STOWAGE_TO_API_KEY';
  return command
    .option(`--${of}api-key <key>`, `its API key (better: env ${variable}, or --${of}api-key-file)`)
    .option(`--${of}api-key-file <file>`, 'a file that holds the API key')
    .option(`--${of}header <name: value>`, 'sent with every request; may be repeated', header)
    .option(`--${of}ca <file>`, 'certificates to trust besides those of the system (PEM)')
    .option(`--${of}cert <file>`, 'a certificate to show to a gateway (PEM)')
    .option(`--${of}cert-key <file>`, 'its key (PEM)')
    .option(`--${of}proxy <url>`, 'http://, https:// or socks5:// host:port')
    .option(`--${of}timeout <seconds>`, 'how long the server may stay silent', atLeast(1));
};

/** What the options say of the source. Its secrets are known to the redactor afterwards. */
export async function sourceOf(options: SourceOptions, context: CommandContext): Promise<Source> {
  const { settings, redactor } = context;
  const keyFile = await contents(options.apiKeyFile);
  const apiKey = options.apiKey ?? keyFile?.trim() ?? settings.apiKey;
  const { header: headers = {}, proxy, timeout } = options;
  for (const secret of [apiKey, ...Object.values(headers)]) redactor.add(secret);
  if (isFile(options.from)) return { file: options.from };
  const inAddress = parseAddress(options.from);
  redactor.add(inAddress.apiKey);
  redactor.add(inAddress.authorization);

  const cert = await contents(options.cert);
  const key = await contents(options.certKey);
  if ((cert === undefined) !== (key === undefined)) {
    throw new StowageError('usage', 'A client certificate needs both --cert and --cert-key.');
  }
  const ca = await contents(options.ca);
  return {
    server: {
      address: options.from,
      headers,
      ...(apiKey && { apiKey }),
      ...(ca !== undefined && { ca }),
      ...(cert !== undefined && key !== undefined && { certificate: { cert, key } }),
      ...(proxy !== undefined && { proxy }),
      ...(timeout !== undefined && { timeout: timeout * 1000 }),
    },
  };
}

/**
 * Does something with a server; where it asks for a key and none was given, asks the person at the terminal for
 * it and tries once more.
 */
export async function withApiKey<T>(
  server: ClientOptions,
  { redactor, signal }: CommandContext,
  connect: (server: ClientOptions) => Promise<T>,
): Promise<T> {
  try {
    return await connect(server);
  } catch (error) {
    const asks = error instanceof StowageError && error.code === 'source.unauthorized';
    const { base, apiKey: given = server.apiKey } = parseAddress(server.address);
    if (!asks || given !== undefined || !process.stdin.isTTY) throw error;
    const apiKey = await promptSecret(`API key of ${shown(base)}: `, signal);
    redactor.add(apiKey);
    return connect({ ...server, apiKey });
  }
}

/** A path as people write one, or a name that is there; anything else is an address: `stash`, `stash:9999`. */
const isFile = (from: string): boolean =>
  !/^[a-z]+:\/\//i.test(from) &&
  (/^[./~]|^[a-z]:\\|\.(sqlite3?|db)$/i.test(from) || existsSync(from));

function header(text: string, others: { [name: string]: string } = {}): { [name: string]: string } {
  const [, name, value] = /^([\w!#$%&'*+.^`|~-]+):\s*(.*?)\s*$/.exec(text) ?? [];
  if (name !== undefined && value !== undefined) return { ...others, [name]: value };
  // Not with the text: it may well be a token, and nothing else.
  throw new StowageError('usage', 'A --header is not of the form `Name: value`.');
}

async function contents(path: string | undefined): Promise<string | undefined> {
  if (path === undefined) return undefined;
  try {
    return await readFile(path, 'utf8');
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    throw new StowageError('usage', `A file cannot be read: ${code}.`, { item: path, cause });
  }
}
