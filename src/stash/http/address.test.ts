import assert from 'node:assert/strict';
import { test } from 'node:test';
import { otherAddresses, parseAddress } from './address.ts';

test('an address may be given as people have it at hand', () => {
  const cases = {
    stash: 'http://stash/',
    'stash:9999': 'http://stash:9999/',
    ' 192.168.1.5:9999/ ': 'http://192.168.1.5:9999/',
    '[::1]:9999': 'http://[::1]:9999/',
    'https://home.example': 'https://home.example/',
    'https://home.example/stash': 'https://home.example/stash/',
    'https://home.example/stash/graphql/': 'https://home.example/stash/',
    'http://stash:9999/graphql': 'http://stash:9999/',
    'http://stash:9999/playground': 'http://stash:9999/',
    'http://stash:9999/?x=1#scenes': 'http://stash:9999/',
  };
  for (const [given, base] of Object.entries(cases)) {
    assert.equal(parseAddress(given).base.href, base, given);
  }
});

test('what an address says about how to get in is taken out of it', () => {
  assert.deepEqual(parseAddress('https://me:p%40ss@home.example/graphql?apikey=abc'), {
    base: new URL('https://home.example/'),
    authorization: `Basic ${btoa('me:p@ss')}`,
    apiKey: 'abc',
  });
});

test('what is no address is refused', () => {
  for (const given of ['', 'ftp://stash', 'http://', '/some/file', 'a b']) {
    assert.throws(() => parseAddress(given), { code: 'usage' }, given);
  }
});

test('another port and scheme are suggested where they may be what was meant', () => {
  const others = (given: string) => otherAddresses(parseAddress(given).base);
  assert.deepEqual(others('stash'), ['http://stash:9999', 'https://stash']);
  assert.deepEqual(others('https://home.example/stash'), [
    'https://home.example:9999/stash',
    'http://home.example/stash',
  ]);
  assert.deepEqual(others('stash:9999'), []);
});
