import { DatabaseSync } from 'node:sqlite';

// Another process, as a server is, for `snapshot.test.ts`: a tag and an alias of it in one transaction, in bursts
// that grow the log past its checkpoint every so often.
const [, , file = ''] = process.argv;
const db = new DatabaseSync(file);
db.exec('pragma synchronous = off; pragma wal_autocheckpoint = 200');
let last = 1;
function burst(): void {
  for (let i = 0; i < 2; i++) {
    last++;
    db.exec(`begin;
      insert into tags (id, name, description, created_at, updated_at)
        values (${last}, 'tag ${last}', printf('%02000d', ${last}), '2020-01-02T03:04:05Z', '2020-01-02T03:04:05Z');
      insert into tag_aliases values (${last}, 'alias ${last}');
      commit`);
  }
  setTimeout(burst, 40);
}
burst();
process.send?.('writing');
