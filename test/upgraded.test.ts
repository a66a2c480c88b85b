import assert from 'node:assert/strict';
import { test } from 'node:test';
import { backup, inStep, restarted, type Stash } from './support/inStep.ts';
import { upgrade } from './support/upgrade.ts';

for (const writes of [true, false]) {
  test(`what a server can hold only since it was upgraded goes there then${writes ? '' : ', once that is switched on'}`, async (t) => {
    const { stash, library, sync, assertInStep, assertQuiet } = await inStep(t, {
      version: 'v0.28',
      writes,
    });
    const { stowage } = library;
    for (const words of [
      ['scene', 'main:5', 'date=2018-05'],
      ['studio', 'main:2', 'urls=https://a', 'urls+=https://b'],
    ]) {
      const { exitCode, error } = await stowage('edit', ...words);
      assert.equal(exitCode, 0, error?.message);
    }
    const told = ({ send }: Stash) => send('{findScene(id:5){date} findStudio(id:2){url}}');
    const before = await told(stash);
    await sync();
    if (writes) {
      const after = await told(stash);
      assert.deepEqual(after.findScene, before.findScene, 'v0.28 has no partial dates');
      assert.deepEqual(after.findStudio, { url: 'https://a' });
      await assertQuiet();
    }
    const file = backup(stash);
    upgrade(file);
    const upgraded = await restarted(t, stash, file);
    await sync();
    if (!writes) {
      assert.equal((await stowage('sources', 'set', 'main', 'writes=on')).exitCode, 0);
      await sync();
    }
    assert.deepEqual(await upgraded.send('{findScene(id:5){date} findStudio(id:2){urls}}'), {
      findScene: { date: '2018-05' },
      findStudio: { urls: ['https://a', 'https://b'] },
    });
    await assertInStep();
    await assertQuiet();
    const { events } = await stowage('sources', 'list');
    assert.match(String(events.find(({ event }) => event === 'source')?.version), /^v0\.30/);
  });
}
