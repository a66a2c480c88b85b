import { StowageError } from '../../model/errors.ts';

/** Where a Stash is, and what the address that a person gave said about how to get in. */
export interface Address {
  /** The base address, without credentials, ending in `/`: `http://stash:9999/`, `https://home.example/stash/`. */
  base: URL;
  /** From `http://user:password@…`: for a gateway that asks for them. */
  authorization?: string;
  /** From `…?apikey=…`. */
  apiKey?: string;
}

/** Where Stash listens unless told otherwise. */
export const defaultPort = '9999';

/** Takes what people paste: a bare host, the web app's address, the address of `/graphql`, with or without a slash. */
export function parseAddress(text: string): Address {
  const trimmed = text.trim();
  const url = URL.parse(/^[a-z][a-z0-9+.-]*:\/\//i.test(trimmed) ? trimmed : `http://${trimmed}`);
  if (/^[./]/.test(trimmed) || !url || !/^https?:$/.test(url.protocol)) {
    throw new StowageError('usage', 'That is not the address of a Stash server.', {
      remedy: 'Give it as http://HOST:9999, or https://HOST/PATH.',
    });
  }
  const base = new URL(url.origin);
  base.pathname = `${url.pathname.replace(/\/+(graphql|playground)?\/*$/, '')}/`;
  const address: Address = { base };
  if (url.username || url.password) {
    const pair = `${decodeURIComponent(url.username)}:${decodeURIComponent(url.password)}`;
    address.authorization = `Basic ${Buffer.from(pair).toString('base64')}`;
  }
  const key = url.searchParams.get('apikey');
  if (key) address.apiKey = key;
  return address;
}

/** Other addresses that are worth a try when nothing answers at this one. */
export function otherAddresses(base: URL): string[] {
  const others: URL[] = [];
  if (!base.port) others.push(Object.assign(new URL(base), { port: defaultPort }));
  if (base.protocol === 'http:' && base.port !== defaultPort) {
    others.push(Object.assign(new URL(base), { protocol: 'https:' }));
  }
  if (base.protocol === 'https:') others.push(Object.assign(new URL(base), { protocol: 'http:' }));
  return others.map(shown);
}

/** An address as a person would write it. */
export const shown = (url: URL): string => url.href.replace(/\/$/, '');

/**
 * A path that the server gave, on the base that was configured. Stash puts the host of the request into its
 * addresses (behind a proxy often the wrong one), and the key where there is one: only the path is taken.
 */
export function onBase(base: URL, pathOrAddress: string): URL {
  const given = new URL(pathOrAddress, 'http://stash.invalid/');
  given.searchParams.delete('apikey');
  const path = given.pathname.startsWith(base.pathname)
    ? given.pathname.slice(base.pathname.length)
    : given.pathname.slice(1);
  return new URL(`${base.origin}${base.pathname}${path}${given.search}`);
}
