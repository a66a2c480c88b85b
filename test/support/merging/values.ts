import fc from 'fast-check';
import type { Field } from '../../../src/model/fields.ts';
import { microseconds } from '../../../src/model/instants.ts';

/*
 * Values of every kind of field, out of so few that two sides often choose the same. Canonical, as in
 * docs/architecture.md.
 */

const texts = fc.constantFrom('', 'a', 'A', 'b');
const names = ['a', 'A', 'b', 'ä', 'Ä', 'c d'];
const instants = ['2021-02-02T03:04:05Z', '2021-02-02T03:04:05.5Z', '2022-01-01T00:00:00Z'];
const json = fc.constantFrom<unknown>(null, '', 0, 1, true, 2n ** 60n, 'x', ['x'], { y: 1 });

const byMoment = (a: string, b: string) => microseconds(a) - microseconds(b);

/** Values of a field; the records that it may name are given. */
export function valuesOf(field: Field, ids: readonly string[]): fc.Arbitrary<unknown> {
  const some = fc.subarray([...ids].sort());
  const entries = <T>(keys: readonly string[], value: fc.Arbitrary<T>) =>
    fc
      .tuple(...keys.map((key) => fc.option(fc.tuple(fc.constant(key), value), { freq: 1 })))
      .map((all) => Object.fromEntries(all.filter((entry) => entry !== null)));
  switch (field.shape) {
    case 'text':
    case 'choice':
      return texts;
    case 'integer':
      return field.merge === 'counter' ? fc.nat(5) : fc.constantFrom(null, 0, 1, 2);
    case 'real':
      return field.merge === 'counter'
        ? fc.constantFrom(0, 0.1, 0.2, 0.3, 1.7, 12)
        : fc.constantFrom(null, 0, 0.5, 12);
    case 'flag':
      return fc.boolean();
    case 'date':
      return fc.constantFrom(null, '2018', '2018-05', '2018-05-06');
    case 'ref':
      return fc.constantFrom(null, ...ids);
    case 'refs':
      return some;
    case 'names':
      return fc.subarray(names).map((chosen) => chosen.sort());
    case 'urls':
      return fc.array(fc.constantFrom('u', 'v', '0 w', 'x'), { maxLength: 5 });
    case 'instants':
      return fc
        .array(fc.constantFrom(...instants), { maxLength: 4 })
        .map((chosen) => chosen.sort(byMoment));
    case 'stashIds':
      return entries(['e', 'f'], fc.subarray(['1', '2'], { minLength: 1 })).chain((ids) =>
        fc
          .constantFrom(undefined, '2024-01-01T00:00:00Z', '2024-01-01T00:00:00.5Z')
          .map((updatedAt) =>
            Object.fromEntries(
              Object.entries(ids).map(([endpoint, some]) => [
                endpoint,
                some.map((stashId) => (updatedAt ? { stashId, updatedAt } : { stashId })),
              ]),
            ),
          ),
      );
    case 'groups':
      return entries(ids, fc.constantFrom(null, 0, 1));
    case 'subGroups':
      return fc
        .tuple(fc.shuffledSubarray([...ids]), fc.array(texts, { minLength: ids.length }))
        .map(([order, described]) =>
          Object.fromEntries(
            order.map((id, position) => [id, { position, description: described[position] ?? '' }]),
          ),
        );
    case 'customFields':
      return entries(['a', 'b', '__proto__'], json);
    case 'picture':
      return fc.constantFrom(
        null,
        'd41d8cd98f00b204e9800998ecf8427e',
        '0cc175b9c0f1b6a831c399e269772661',
      );
    case 'document':
      return json;
    default:
      throw new Error(`no values of ${field.shape}`);
  }
}
