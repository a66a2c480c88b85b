-- What v0.30 (75) has changed since v0.28 (72): partial dates (precision 1 a month, 2 a year), more urls and stash ids.

alter table scenes add column date_precision tinyint;
alter table images add column date_precision tinyint;
alter table galleries add column date_precision tinyint;
alter table groups add column date_precision tinyint;
alter table performers add column birthdate_precision tinyint;
alter table performers add column death_date_precision tinyint;

alter table studios drop column url;
create table studio_urls (
  studio_id integer not null references studios (id) on delete cascade,
  position integer not null,
  url varchar(255) not null,
  primary key (studio_id, position, url)
);
create index studio_urls_url on studio_urls (url);

create table tag_stash_ids (
  tag_id integer references tags (id) on delete cascade,
  endpoint varchar(255),
  stash_id varchar(36),
  updated_at datetime not null default '1970-01-01T00:00:00Z'
);
