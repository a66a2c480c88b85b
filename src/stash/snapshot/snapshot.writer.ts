import { DatabaseSync } from 'node:sqlite';

// Another process, as a server is, for `snapshot.test.ts`. Each transaction writes its number into three scenes far
// apart in the file, in turn all over it, and the log is moved into the file every few. It stops after a second.
const [, , file = ''] = process.argv;
const db = new DatabaseSync(file);
db.exec('pragma synchronous = off; pragma wal_autocheckpoint = 20');
const write = db.prepare('update scenes set rating = ? where id in (?, ? + 1000, ? + 2000)');
const end = performance.now() + 1000;
let last = 0;
function busy(): void {
  for (let i = 0; i < 20; i++) {
    const id = (++last % 1000) + 1;
    write.run(last, id, id, id);
  }
  if (performance.now() < end) setImmediate(busy);
}
busy();
process.send?.('writing');
