import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { career } from './career.ts';
import { inForms, outOfForms } from './otherForm.ts';

const none = { careerStart: null, careerEnd: null };

describe('a performer’s career, as two dates', () => {
  for (const [length, careerStart, careerEnd] of [
    ['2001 - 2010', '2001', '2010'],
    ['2001-2010', '2001', '2010'],
    ['2001 – present', '2001', null],
    ['2001 -', '2001', null],
    ['2001', '2001', null],
    ['- 2010', null, '2010'],
  ] as const) {
    test(`${length} is read as years, and stays as it was written`, () => {
      const held = { careerLength: length, ...none };
      const told = inForms([career], held);
      assert.deepEqual(told, { careerStart, careerEnd });
      assert.deepEqual(outOfForms([career], told, [held]), held);
      assert.ok(career.holds(length));
    });
  }

  for (const length of ['many years', '2001 - 2003, 2007', 'present', '01 - 10']) {
    test(`${length} is not`, () => {
      assert.ok(!career.holds(length));
      const held = { careerLength: length, ...none };
      assert.deepEqual(inForms([career], held), none);
      assert.deepEqual(outOfForms([career], none, [held]), none);
    });
  }

  const held = { careerLength: '2001-2010', ...none };
  for (const [what, told, read] of [
    ['another year', { careerStart: '2001', careerEnd: '2012' }, '2001 - 2012'],
    ['no end any more', { careerStart: '2001', careerEnd: null }, '2001 -'],
    ['nothing any more', none, ''],
  ] as const) {
    test(`${what} there is another text here`, () => {
      assert.deepEqual(outOfForms([career], told, [held]), { careerLength: read, ...none });
    });
  }

  test('a month has no place in the text, and stays a date', () => {
    const told = { careerStart: '2001-05', careerEnd: null };
    assert.deepEqual(outOfForms([career], told, [held]), { ...told, careerLength: '' });
  });

  test('what nobody has as a text, or as dates already, is as it is told', () => {
    const told = { careerStart: '2001', careerEnd: null };
    assert.deepEqual(outOfForms([career], told, [{ careerLength: '', ...none }]), told);
    assert.deepEqual(outOfForms([career], told, [{ ...held, careerStart: '2001' }]), told);
    assert.deepEqual(inForms([career], { ...held, careerStart: '1999' }), {
      careerStart: '1999',
      careerEnd: null,
    });
  });
});
