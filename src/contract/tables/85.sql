-- What newer servers (85) have changed since v0.30 (75): read in their migrations, never met.

alter table folders add column basename varchar(255);

alter table studios add column organized boolean not null default '0';

alter table performers drop column career_length;
alter table performers add column career_start date;
alter table performers add column career_start_precision tinyint;
alter table performers add column career_end date;
alter table performers add column career_end_precision tinyint;

create table scene_custom_fields (
  scene_id integer not null references scenes (id) on delete cascade,
  field varchar(64) not null,
  value blob not null,
  primary key (scene_id, field)
);
create table studio_custom_fields (
  studio_id integer not null references studios (id) on delete cascade,
  field varchar(64) not null,
  value blob not null,
  primary key (studio_id, field)
);
create table tag_custom_fields (
  tag_id integer not null references tags (id) on delete cascade,
  field varchar(64) not null,
  value blob not null,
  primary key (tag_id, field)
);
create table group_custom_fields (
  group_id integer not null references groups (id) on delete cascade,
  field varchar(64) not null,
  value blob not null,
  primary key (group_id, field)
);
create table gallery_custom_fields (
  gallery_id integer not null references galleries (id) on delete cascade,
  field varchar(64) not null,
  value blob not null,
  primary key (gallery_id, field)
);
create table image_custom_fields (
  image_id integer not null references images (id) on delete cascade,
  field varchar(64) not null,
  value blob not null,
  primary key (image_id, field)
);
