import type { Values } from '../held.ts';
import type { OtherForm } from './otherForm.ts';

/** What stands before a handle, in the order in which Stash's own upgrade adds them to the urls. */
const sites: { readonly [account: string]: string } = {
  twitter: 'https://www.twitter.com/',
  instagram: 'https://www.instagram.com/',
};
const names = Object.keys(sites);

/** A performer's accounts are urls since v0.27: a handle became an address, an address stayed. */
export const accounts: OtherForm = {
  kind: 'performer',
  former: names,
  present: ['urls'],
  isAt: ({ types: { Performer: served = [] } }) =>
    served.includes('urls') && !names.some((account) => served.includes(account)),
  holds: () => true,
  tell(values) {
    const addresses = names.flatMap((account) => addressIn(values, account) ?? []);
    const urls = (values.urls ?? []) as string[];
    const missing = addresses.filter((address) => !urls.includes(address));
    return { urls: [...urls, ...new Set(missing)] };
  },
  /** One whose address is not there is none any more. */
  read(told, known) {
    if (told.urls === undefined) return told;
    const urls = [...(told.urls as string[])];
    const found: Values = {};
    const places: string[] = [];
    for (const account of names.toReversed()) {
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
  },
};

function addressIn(values: Values, account: string): string | undefined {
  const value = values[account];
  if (typeof value !== 'string' || value === '') return undefined;
  return (/^http.*:\/\//is.test(value) ? value : `${sites[account]}${value}`).trim();
}
