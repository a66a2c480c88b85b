import assert from 'node:assert/strict';
import { test } from 'node:test';
import { writeEveryField } from '../../../test/support/everyField.ts';
import { temporaryFolder } from '../../../test/support/pictures.ts';
import { writing } from '../../../test/support/writing.ts';
import { serverVersions } from '../../contract/schema.ts';

for (const version of serverVersions) {
  test(`${version}: every field of every kind is written, and told as it is stored`, async (t) => {
    const { server } = await writing(t, version);
    const { wrong, otherwise, unheld } = await writeEveryField(
      server,
      'tables',
      await temporaryFolder(t),
    );
    console.log(otherwise, unheld);
    assert.deepEqual(wrong, []);
  });
}
