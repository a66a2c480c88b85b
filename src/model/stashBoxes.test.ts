import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { Boxes, parseBoxMove, plainBoxes } from './stashBoxes.ts';

const ids = (...some: string[]) => some.map((stashId) => ({ stashId }));

describe('a stash-box', () => {
  const box = 'https://box.example/graphql';
  const cases: [what: string, one: string, other: string, isSame: boolean][] = [
    ['in other letters', box, 'HTTPS://Box.Example/graphql', true],
    ['with a slash at its end', box, `${box}/`, true],
    ['with the usual port', box, 'https://box.example:443/graphql', true],
    ['at another port', box, 'https://box.example:9998/graphql', false],
    ['at another path, in other letters', box, 'https://box.example/GraphQL', false],
    ['of another host', box, 'https://other.example/graphql', false],
    ['that asks for another part', box, `${box}?type=other`, false],
    [
      'whose host is known to have moved',
      'https://metadataapi.net/graphql',
      'https://theporndb.net/graphql/',
      true,
    ],
    ['that is no address', 'box', 'Box', false],
  ];
  for (const [what, one, other, isSame] of cases) {
    test(`${isSame ? 'is the same' : 'is another'} ${what}`, () => {
      assert.equal(plainBoxes.isSame(one, other), isSame);
    });
  }

  test('that moved is where it was said to be, over several moves, also in a ring', () => {
    const at = (name: string) => `https://${name}.example/graphql`;
    const boxes = new Boxes([
      { from: at('a'), to: at('b') },
      { from: `${at('B')}/`, to: at('c') },
      { from: at('x'), to: at('y') },
      { from: at('y'), to: at('x') },
    ]);
    assert.ok(boxes.isSame(at('a'), at('C')));
    assert.ok(!boxes.isSame(at('a'), at('x')));
  });

  test('has its ids once, and gives each way of writing it its own back', () => {
    const written = { [box]: ids('1'), [`${box}/`]: ids('1', '2') };
    assert.deepEqual(plainBoxes.gathered(written), { [box]: ids('1', '2') });
    const back = plainBoxes.respelled({ [box]: ids('1', '2', '3') }, written, (way) => way);
    assert.deepEqual(back, { [box]: ids('1', '3'), [`${box}/`]: ids('1', '2') });
    const boxes = new Boxes([], [`${box}/`]);
    assert.deepEqual(
      boxes.respelled({ 'https://BOX.example/graphql': ids('1') }, {}, (way) => boxes.spell(way)),
      { [`${box}/`]: ids('1') },
    );
  });

  test('whose move is given as an option may have any address', () => {
    const move = { from: 'https://a.example/graphql?type=x', to: 'http://b.example:9998/q=1' };
    assert.deepEqual(parseBoxMove(`${move.from}=${move.to}`), move);
    for (const text of ['https://a.example', 'a=b', '=https://a.example', 'https://a.example=']) {
      assert.equal(parseBoxMove(text), undefined);
    }
  });
});
