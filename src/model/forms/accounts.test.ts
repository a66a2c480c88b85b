import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import type { Values } from '../held.ts';
import { accounts } from './accounts.ts';
import { inForms, outOfForms, writtenWith } from './otherForm.ts';

const empty = { twitter: '', instagram: '' };
const own = 'https://performer.example';
const twitter = 'https://www.twitter.com/bird';
const instagram = 'https://www.instagram.com/bird';

const withAccountUrls = (values: Values) => inForms([accounts], values);
const withAccounts = (told: Values, ...known: Values[]) => outOfForms([accounts], told, known);
const accountsAreUrls = accounts.isAt;

describe('a performer’s accounts, as urls', () => {
  for (const [what, values, urls] of [
    ['a handle becomes an address', { twitter: 'bird' }, [own, twitter]],
    ['an address stays', { twitter: 'http://x.example/bird' }, [own, 'http://x.example/bird']],
    ['in any letters', { twitter: 'HTTPS://x.example' }, [own, 'HTTPS://x.example']],
    ['twitter comes first', { instagram: 'bird', twitter: 'bird' }, [own, twitter, instagram]],
    ['what is empty is none', { instagram: '', twitter: '' }, [own]],
    ['no address comes twice', { urls: [twitter, own], twitter: 'bird' }, [twitter, own]],
  ] as const) {
    test(`${what}, and back`, () => {
      const held: Values = { urls: [own], ...empty, name: 'Bird', ...values };
      const told = withAccountUrls(held);
      assert.deepEqual(told, { urls, name: 'Bird' });
      assert.deepEqual({ ...empty, ...withAccounts(told, held) }, held);
    });
  }

  test('whatever they are, both forms are the same', () => {
    const text = fc.constantFrom('', 'bird', '@b c', twitter, instagram, own);
    const urls = fc.uniqueArray(fc.constantFrom(own, twitter, instagram));
    const performers = fc.record(
      { urls, twitter: text, instagram: text },
      { noNullPrototype: true },
    );
    fc.assert(
      fc.property(performers, (held) => {
        const told = withAccounts(withAccountUrls(held), held);
        assert.deepEqual({ ...empty, ...told }, held);
      }),
    );
  });

  test('what Stash’s upgrade adds, though it was there, is one account', () => {
    const held = { urls: [twitter], twitter: 'bird', instagram: '' };
    assert.deepEqual(withAccounts({ urls: [twitter, twitter] }, held), {
      urls: [twitter],
      twitter: 'bird',
    });
  });

  test('an address that was taken away there is no account any more', () => {
    assert.deepEqual(withAccounts({ urls: [own] }, { urls: [own], twitter: 'bird' }), {
      urls: [own],
      twitter: '',
    });
  });

  test('what was agreed to is read before what was edited here since', () => {
    const [base, edited] = [
      { urls: [own], twitter: 'bird' },
      { urls: [own], twitter: 'heron' },
    ];
    assert.equal(withAccounts({ urls: [own, twitter] }, base, edited).twitter, 'bird');
    const sent = { urls: [own, 'https://www.twitter.com/heron'] };
    assert.equal(withAccounts(sent, base, edited).twitter, 'heron');
  });

  test('an address that nobody knows for an account is one of the urls', () => {
    assert.deepEqual(withAccounts({ urls: [own, twitter] }, { urls: [], twitter: '' }), {
      urls: [own, twitter],
    });
    assert.deepEqual(withAccounts({ name: 'Bird' }, { twitter: 'bird' }), { name: 'Bird' });
  });

  test('they are written with the urls; only a source without them has them there', () => {
    assert.deepEqual(writtenWith('performer', ['twitter']), ['twitter', 'instagram', 'urls']);
    assert.deepEqual(writtenWith('performer', ['name']), ['name']);
    assert.deepEqual(writtenWith('scene', ['urls']), ['urls']);
    const profile = (...served: string[]) => ({
      ...{ version: null, schema: 75, types: { Performer: served } },
    });
    assert.ok(accountsAreUrls(profile('urls')));
    assert.ok(!accountsAreUrls(profile('url', 'twitter', 'instagram')));
    assert.ok(!accountsAreUrls(profile('url')));
  });
});
