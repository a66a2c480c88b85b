-- What v0.28 (72) has changed since v0.25 (55).

alter table tags add column favorite boolean not null default '0';
alter table tags add column sort_name varchar(255);

alter table studios add column favorite boolean not null default '0';
alter table studio_stash_ids add column updated_at datetime not null default '1970-01-01T00:00:00Z';
create table studios_tags (
  studio_id integer not null references studios (id) on delete cascade,
  tag_id integer not null references tags (id) on delete cascade,
  primary key (studio_id, tag_id)
);
create index studios_tags_tag on studios_tags (tag_id);

alter table performers drop column url;
alter table performers drop column twitter;
alter table performers drop column instagram;
create table performer_urls (
  performer_id integer not null references performers (id) on delete cascade,
  position integer not null,
  url varchar(255) not null,
  primary key (performer_id, position, url)
);
create index performer_urls_url on performer_urls (url);
alter table performer_stash_ids add column updated_at datetime not null default '1970-01-01T00:00:00Z';
create table performer_custom_fields (
  performer_id integer not null references performers (id) on delete cascade,
  field varchar(64) not null,
  value blob not null,
  primary key (performer_id, field)
);
create index performer_custom_fields_value on performer_custom_fields (field, value);

alter table movies rename to groups;
alter table groups drop column url;
alter table groups rename column synopsis to description;
drop index movies_name;
create index groups_name on groups (name);
create table group_urls (
  group_id integer not null references groups (id) on delete cascade,
  position integer not null,
  url varchar(255) not null,
  primary key (group_id, position, url)
);
create index group_urls_url on group_urls (url);
create table groups_tags (
  group_id integer not null references groups (id) on delete cascade,
  tag_id integer not null references tags (id) on delete cascade,
  primary key (group_id, tag_id)
);
create index groups_tags_group on groups_tags (group_id);
create index groups_tags_tag on groups_tags (tag_id);
create table groups_relations (
  containing_id integer not null references groups (id) on delete cascade,
  sub_id integer not null references groups (id) on delete cascade,
  order_index integer not null,
  description varchar(255),
  primary key (containing_id, sub_id),
  check (containing_id <> sub_id)
);
create index groups_relations_sub on groups_relations (sub_id);
create unique index groups_relations_order on groups_relations (containing_id, order_index);
alter table movies_scenes rename to groups_scenes;
alter table groups_scenes rename column movie_id to group_id;

alter table scene_stash_ids add column updated_at datetime not null default '1970-01-01T00:00:00Z';
create index scenes_view_dates_scene on scenes_view_dates (scene_id);
create index scenes_o_dates_scene on scenes_o_dates (scene_id);
alter table scene_markers add column end_seconds float;

drop index images_studio;
create index images_studio on images (studio_id) where studio_id is not null;

alter table galleries_images add column cover boolean not null default 0;
create unique index galleries_images_cover on galleries_images (gallery_id, cover) where cover = 1;
