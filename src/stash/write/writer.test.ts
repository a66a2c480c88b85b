import assert from 'node:assert/strict';
import { test } from 'node:test';
import { writing } from '../../../test/support/writing.ts';
import { serverVersions } from '../../contract/schema.ts';
import type { SourceChange } from '../../model/writing.ts';

for (const version of serverVersions) {
  test(`${version}: what was stored is told, and no more is sent and asked than is written`, async (t) => {
    const { write, simulator } = await writing(t, version);
    const change: SourceChange = {
      kind: 'scene',
      action: 'update',
      remoteId: 1,
      before: { title: 'a', tags: [1] },
      after: { title: ' a title ', tags: [2, 3] },
    };
    const [result] = await write([change]);
    const { updatedAt, ...record } = (result as unknown as { record: { updatedAt: string } })
      .record;
    assert.match(updatedAt, /^20/);
    const title = version === 'v0.25' || version === 'v0.28' ? ' a title ' : 'a title';
    assert.deepEqual(
      { ...result, record },
      { change, remoteId: 1, record: { title, tags: [2, 3] } },
    );
    const { query, variables } = simulator.requests.at(-1) ?? {};
    assert.match(query ?? '', /\{ id updated_at title tags \{ id \} \}/);
    assert.deepEqual(variables, { input0: [{ id: '1', title: ' a title ', tag_ids: ['2', '3'] }] });
  });
}
