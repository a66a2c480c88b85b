import type { Values } from './held.ts';
import type { Kind } from './kinds.ts';
import type { SourceProfile } from './reading.ts';

/*
 * What was a field of a performer once is one of its urls since v0.27: a handle became an address, an address stayed. The
 * library keeps handle and address as they came. A source that has only urls is told them there, and what it tells of them
 * there is read as these fields, so that both forms agree, before and after an upgrade of Stash.
 */

/** What stands before a handle, in the order in which Stash's own upgrade adds them to the urls. */
const sites = {
  twitter: 'https://www.twitter.com/',
  instagram: 'https://www.instagram.com/',
} as const;

type Account = keyof typeof sites;
const accounts = Object.keys(sites) as Account[];
export const isAccount = (field: string): field is Account => Object.hasOwn(sites, field);

/** The fields that such a source has in one. */
const inUrls: readonly string[] = ['urls', ...accounts];
export const concernsUrls = (kind: Kind, fields: readonly string[]): boolean =>
  kind === 'performer' && fields.some((field) => inUrls.includes(field));

/** Whether a source has a performer's accounts among its urls. */
export const accountsAreUrls = ({ types: { Performer: served = [] } }: SourceProfile): boolean =>
  served.includes('urls') && !accounts.some((account) => served.includes(account));

/** Whether a source has a field in another form. */
export const isUrlThere = (profile: SourceProfile, kind: Kind, field: string): boolean =>
  kind === 'performer' && isAccount(field) && accountsAreUrls(profile);

/** The fields that are written together with some: an account and the urls that it is among. */
export const writtenWith = (kind: Kind, fields: readonly string[]): readonly string[] =>
  concernsUrls(kind, fields) ? [...new Set([...fields, ...inUrls])] : fields;

function addressIn(values: Values, account: Account): string | undefined {
  const value = values[account];
  if (typeof value !== 'string' || value === '') return undefined;
  return (/^http.*:\/\//is.test(value) ? value : `${sites[account]}${value}`).trim();
}

/** A performer's values as a source has them that has its accounts among its urls. */
export function withAccountUrls(values: Values): Values {
  const { twitter: _, instagram: __, ...others } = values;
  const addresses = accounts.flatMap((account) => addressIn(values, account) ?? []);
  if (addresses.length === 0) return others;
  const urls = (values.urls ?? []) as string[];
  const missing = addresses.filter((address) => !urls.includes(address));
  return { ...others, urls: [...urls, ...new Set(missing)] };
}

/**
 * The other way: what such a source tells, with the accounts that `known` says of the performer (what both sides agreed to,
 * what the library has) taken out of its urls. One whose address is not there is none any more; of one that nobody knows
 * nothing is said, and its address is one of the urls.
 */
export function withAccounts(told: Values, ...known: readonly Values[]): Values {
  if (told.urls === undefined) return told;
  const urls = [...(told.urls as string[])];
  const found: Values = {};
  const places: string[] = [];
  for (const account of accounts.toReversed()) {
    const those = known.flatMap((values) => {
      const address = addressIn(values, account);
      return address === undefined ? [] : [{ value: values[account], address }];
    });
    if (those.length === 0) continue;
    const there = those.find(({ address }) => urls.some((url) => url.trim() === address));
    found[account] = there?.value ?? '';
    if (there) places.push(there.address);
  }
  for (const address of places) {
    // It may be one of the performer's own urls too: there it stands once then, or twice.
    const count = (list: unknown) =>
      ((list ?? []) as string[]).filter((url) => url.trim() === address).length;
    const own = Math.max(...known.map((values) => count(values.urls)));
    if (count(urls) > own)
      urls.splice(
        urls.findLastIndex((url) => url.trim() === address),
        1,
      );
  }
  return { ...told, urls, ...found };
}
