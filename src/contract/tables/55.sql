-- The tables of Stash v0.25 (database schema 55), as far as rows and look-ups go.
-- Written by us; `tables.test.ts` holds them against databases of real servers.

create table schema_migrations (version uint64, dirty bool);
create unique index version_unique on schema_migrations (version);

-- Pictures by the MD5 of their bytes; `blob` is null where the server keeps them on disk.
create table blobs (checksum varchar(255) not null primary key, blob blob);

-- Files. A file's path is its folder's, a separator and its basename.

create table folders (
  id integer not null primary key autoincrement,
  path varchar(255) not null,
  parent_folder_id integer references folders (id) on delete set null,
  mod_time datetime not null,
  created_at datetime not null,
  updated_at datetime not null,
  zip_file_id integer references files (id)
);
create index folders_parent on folders (parent_folder_id);
create unique index folders_path on folders (path);
create index folders_zip on folders (zip_file_id) where zip_file_id is not null;

create table files (
  id integer not null primary key autoincrement,
  basename varchar(255) not null check (basename <> ''),
  zip_file_id integer references files (id),
  parent_folder_id integer not null references folders (id),
  size integer not null,
  mod_time datetime not null,
  created_at datetime not null,
  updated_at datetime not null
);
create unique index files_zip_basename on files (zip_file_id, parent_folder_id, basename)
  where zip_file_id is not null;
create unique index files_folder_basename on files (parent_folder_id, basename);
create index files_basename on files (basename);

-- `fingerprint` is text, but for a phash: a signed 64-bit integer.
create table files_fingerprints (
  file_id integer not null references files (id) on delete cascade,
  type varchar(255) not null,
  fingerprint blob not null,
  primary key (file_id, type, fingerprint)
);
create index fingerprints_value on files_fingerprints (type, fingerprint);

create table video_files (
  file_id integer not null primary key references files (id) on delete cascade,
  duration float not null,
  video_codec varchar(255) not null,
  format varchar(255) not null,
  audio_codec varchar(255) not null,
  width tinyint not null,
  height tinyint not null,
  frame_rate float not null,
  bit_rate integer not null,
  interactive boolean not null default '0',
  interactive_speed int
);

create table video_captions (
  file_id integer not null references video_files (file_id) on delete cascade,
  language_code varchar(255) not null,
  filename varchar(255) not null,
  caption_type varchar(255) not null,
  primary key (file_id, language_code, caption_type)
);

create table image_files (
  file_id integer not null primary key references files (id) on delete cascade,
  format varchar(255) not null,
  width tinyint not null,
  height tinyint not null
);

-- Tags

create table tags (
  id integer not null primary key autoincrement,
  name varchar(255),
  created_at datetime not null,
  updated_at datetime not null,
  ignore_auto_tag boolean not null default '0',
  description text,
  image_blob varchar(255) references blobs (checksum)
);
create index tags_name on tags (name);

create table tag_aliases (
  tag_id integer not null references tags (id) on delete cascade,
  alias varchar(255) not null,
  primary key (tag_id, alias)
);
create unique index tag_aliases_alias on tag_aliases (alias);

create table tags_relations (
  parent_id integer references tags (id) on delete cascade,
  child_id integer references tags (id) on delete cascade,
  primary key (parent_id, child_id)
);

-- Studios

create table studios (
  id integer not null primary key autoincrement,
  name varchar(255) not null,
  url varchar(255),
  parent_id integer default null check (id is not parent_id)
    references studios (id) on delete set null,
  created_at datetime not null,
  updated_at datetime not null,
  details text,
  rating tinyint,
  ignore_auto_tag boolean not null default false,
  image_blob varchar(255) references blobs (checksum)
);
create unique index studios_name on studios (name);

create table studio_aliases (
  studio_id integer not null references studios (id) on delete cascade,
  alias varchar(255) not null,
  primary key (studio_id, alias)
);
create unique index studio_aliases_alias on studio_aliases (alias);

create table studio_stash_ids (
  studio_id integer references studios (id) on delete cascade,
  endpoint varchar(255),
  stash_id varchar(36)
);
create index studio_stash_ids_studio on studio_stash_ids (studio_id);

-- Performers

create table performers (
  id integer not null primary key autoincrement,
  name varchar(255) not null,
  disambiguation varchar(255),
  gender varchar(20),
  url varchar(255),
  twitter varchar(255),
  instagram varchar(255),
  birthdate date,
  ethnicity varchar(255),
  country varchar(255),
  eye_color varchar(255),
  height int,
  measurements varchar(255),
  fake_tits varchar(255),
  career_length varchar(255),
  tattoos varchar(255),
  piercings varchar(255),
  favorite boolean not null default '0',
  created_at datetime not null,
  updated_at datetime not null,
  details text,
  death_date date,
  hair_color varchar(255),
  weight integer,
  rating tinyint,
  ignore_auto_tag boolean not null default '0',
  image_blob varchar(255) references blobs (checksum),
  penis_length float,
  circumcised varchar[10]
);
create unique index performers_name_disambiguation on performers (name, disambiguation)
  where disambiguation is not null;
create unique index performers_name on performers (name) where disambiguation is null;

create table performer_aliases (
  performer_id integer not null references performers (id) on delete cascade,
  alias varchar(255) not null,
  primary key (performer_id, alias)
);
create index performer_aliases_alias on performer_aliases (alias);

create table performer_stash_ids (
  performer_id integer references performers (id) on delete cascade,
  endpoint varchar(255),
  stash_id varchar(36)
);
create index performer_stash_ids_performer on performer_stash_ids (performer_id);

create table performers_tags (
  performer_id integer not null references performers (id) on delete cascade,
  tag_id integer not null references tags (id) on delete cascade,
  primary key (performer_id, tag_id)
);
create index performers_tags_tag on performers_tags (tag_id);

-- Movies: groups, from v0.28 on

create table movies (
  id integer not null primary key autoincrement,
  name varchar(255) not null,
  aliases varchar(255),
  duration integer,
  date date,
  rating tinyint,
  studio_id integer references studios (id) on delete set null,
  director varchar(255),
  synopsis text,
  url varchar(255),
  created_at datetime not null,
  updated_at datetime not null,
  front_image_blob varchar(255) references blobs (checksum),
  back_image_blob varchar(255) references blobs (checksum)
);
create unique index movies_name on movies (name);
create index movies_studio on movies (studio_id);

-- Scenes

create table scenes (
  id integer not null primary key autoincrement,
  title varchar(255),
  details text,
  date date,
  rating tinyint,
  studio_id integer references studios (id) on delete set null,
  organized boolean not null default '0',
  created_at datetime not null,
  updated_at datetime not null,
  code text,
  director text,
  resume_time float not null default 0,
  play_duration float not null default 0,
  cover_blob varchar(255) references blobs (checksum)
);
create index scenes_studio on scenes (studio_id);

create table scene_urls (
  scene_id integer not null references scenes (id) on delete cascade,
  position integer not null,
  url varchar(255) not null,
  primary key (scene_id, position, url)
);
create index scene_urls_url on scene_urls (url);

create table scene_stash_ids (
  scene_id integer not null references scenes (id) on delete cascade,
  endpoint varchar(255) not null,
  stash_id varchar(36) not null,
  primary key (scene_id, endpoint)
);

-- No key: the same instant twice counts twice.
create table scenes_view_dates (
  scene_id integer not null references scenes (id) on delete cascade,
  view_date datetime not null
);
create table scenes_o_dates (
  scene_id integer not null references scenes (id) on delete cascade,
  o_date datetime not null
);

create table scenes_files (
  scene_id integer not null references scenes (id) on delete cascade,
  file_id integer not null references files (id) on delete cascade,
  "primary" boolean not null,
  primary key (scene_id, file_id)
);
create index scenes_files_file on scenes_files (file_id);
create unique index unique_index_scenes_files_on_primary on scenes_files (scene_id) where "primary" = 1;

create table scenes_tags (
  scene_id integer references scenes (id) on delete cascade,
  tag_id integer references tags (id) on delete cascade,
  primary key (scene_id, tag_id)
);
create index scenes_tags_tag on scenes_tags (tag_id);

create table performers_scenes (
  performer_id integer references performers (id) on delete cascade,
  scene_id integer references scenes (id) on delete cascade,
  primary key (scene_id, performer_id)
);
create index performers_scenes_performer on performers_scenes (performer_id);

-- No index leads with the scene.
create table movies_scenes (
  movie_id integer references movies (id) on delete cascade,
  scene_id integer references scenes (id) on delete cascade,
  scene_index tinyint,
  primary key (movie_id, scene_id)
);
create index movies_scenes_movie on movies_scenes (movie_id);

create table scene_markers (
  id integer not null primary key autoincrement,
  title varchar(255) not null,
  seconds float not null,
  primary_tag_id integer not null references tags (id),
  scene_id integer not null references scenes (id),
  created_at datetime not null,
  updated_at datetime not null
);
create index scene_markers_primary_tag on scene_markers (primary_tag_id);
create index scene_markers_scene on scene_markers (scene_id);

create table scene_markers_tags (
  scene_marker_id integer references scene_markers (id) on delete cascade,
  tag_id integer references tags (id) on delete cascade,
  primary key (scene_marker_id, tag_id)
);
create index scene_markers_tags_tag on scene_markers_tags (tag_id);

-- Images

create table images (
  id integer not null primary key autoincrement,
  title varchar(255),
  rating tinyint,
  studio_id integer references studios (id) on delete set null,
  o_counter tinyint not null default 0,
  organized boolean not null default '0',
  created_at datetime not null,
  updated_at datetime not null,
  date date,
  code text,
  photographer text,
  details text
);
create index images_studio on images (studio_id);

create table image_urls (
  image_id integer not null references images (id) on delete cascade,
  position integer not null,
  url varchar(255) not null,
  primary key (image_id, position, url)
);
create index image_urls_url on image_urls (url);

create table images_files (
  image_id integer not null references images (id) on delete cascade,
  file_id integer not null references files (id) on delete cascade,
  "primary" boolean not null,
  primary key (image_id, file_id)
);
create index images_files_file on images_files (file_id);
create unique index unique_index_images_files_on_primary on images_files (image_id) where "primary" = 1;

create table images_tags (
  image_id integer references images (id) on delete cascade,
  tag_id integer references tags (id) on delete cascade,
  primary key (image_id, tag_id)
);
create index images_tags_tag on images_tags (tag_id);

create table performers_images (
  performer_id integer references performers (id) on delete cascade,
  image_id integer references images (id) on delete cascade,
  primary key (image_id, performer_id)
);
create index performers_images_performer on performers_images (performer_id);

-- Galleries

create table galleries (
  id integer not null primary key autoincrement,
  folder_id integer references folders (id) on delete set null,
  title varchar(255),
  date date,
  details text,
  studio_id integer references studios (id) on delete set null,
  rating tinyint,
  organized boolean not null default '0',
  created_at datetime not null,
  updated_at datetime not null,
  code text,
  photographer text
);
create index galleries_studio on galleries (studio_id);
create unique index galleries_folder on galleries (folder_id);

create table gallery_urls (
  gallery_id integer not null references galleries (id) on delete cascade,
  position integer not null,
  url varchar(255) not null,
  primary key (gallery_id, position, url)
);
create index gallery_urls_url on gallery_urls (url);

create table galleries_files (
  gallery_id integer not null references galleries (id) on delete cascade,
  file_id integer not null references files (id) on delete cascade,
  "primary" boolean not null,
  primary key (gallery_id, file_id)
);
create index galleries_files_file on galleries_files (file_id);
create unique index unique_index_galleries_files_on_primary on galleries_files (gallery_id) where "primary" = 1;

create table galleries_images (
  gallery_id integer not null references galleries (id) on delete cascade,
  image_id integer not null references images (id) on delete cascade,
  primary key (gallery_id, image_id)
);
create index galleries_images_image on galleries_images (image_id);

create table galleries_tags (
  gallery_id integer not null references galleries (id) on delete cascade,
  tag_id integer not null references tags (id) on delete cascade,
  primary key (gallery_id, tag_id)
);
create index galleries_tags_tag on galleries_tags (tag_id);

create table performers_galleries (
  performer_id integer not null references performers (id) on delete cascade,
  gallery_id integer not null references galleries (id) on delete cascade,
  primary key (gallery_id, performer_id)
);
create index performers_galleries_performer on performers_galleries (performer_id);

create table scenes_galleries (
  scene_id integer not null references scenes (id) on delete cascade,
  gallery_id integer not null references galleries (id) on delete cascade,
  primary key (scene_id, gallery_id)
);
create index scenes_galleries_gallery on scenes_galleries (gallery_id);

create table galleries_chapters (
  id integer not null primary key autoincrement,
  title varchar(255) not null,
  image_index integer not null,
  gallery_id integer not null references galleries (id) on delete cascade,
  created_at datetime not null,
  updated_at datetime not null
);
create index galleries_chapters_gallery on galleries_chapters (gallery_id);

-- Saved filters: JSON, in blobs

create table saved_filters (
  id integer not null primary key autoincrement,
  name varchar(510) not null,
  mode varchar(255) not null,
  find_filter blob,
  object_filter blob,
  ui_options blob
);
create unique index saved_filters_mode_name on saved_filters (mode, name);
