import { readFileSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';

/** Each step of a database's tables, with what Stash's own migrations bring along. */
const steps = [
  {
    to: 72,
    // An account joins the urls as an address (62); a handle becomes one.
    before: `create temp table people as select id, url, twitter, instagram from performers;
      create temp table movies_kept as select id, url from movies where url != ''`,
    after: `insert into performer_urls select id, 0, url from people where url != '';
      ${['twitter', 'instagram']
        .map(
          (site) => `insert into performer_urls select id,
            (select count(*) from performer_urls where performer_id = people.id) + 1,
            case when ${site} like 'http%://%' then ${site} else 'https://www.${site}.com/' || ${site} end
          from people where ${site} != ''`,
        )
        .join(';')};
      insert into group_urls select id, 0, url from movies_kept`,
  },
  {
    to: 75,
    // The one address that a studio had becomes the first of several.
    before: 'create temp table studios_kept as select id, url from studios where url is not null',
    after: 'insert into studio_urls select id, 0, url from studios_kept',
  },
];

/** Upgrades the database of a Stash to v0.30. */
export function upgrade(database: string): void {
  using db = new DatabaseSync(database, { enableForeignKeyConstraints: false });
  const schema = Number(db.prepare('select version from schema_migrations').get()?.version);
  for (const { to, before, after } of steps.filter(({ to }) => to > schema)) {
    const tables = new URL(`../../src/contract/tables/${to}.sql`, import.meta.url);
    db.exec(before);
    db.exec(readFileSync(tables, 'utf8'));
    db.exec(`${after}; update schema_migrations set version = ${to}`);
  }
}
