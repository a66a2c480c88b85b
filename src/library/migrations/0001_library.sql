-- The library (schema qar) and what ties it to its sources (schema stowage). design.md §4 says why.
-- Table and column names are discreet; src/model/vocabulary.ts and src/library/layout.ts map them.
--
-- No name is unique here: two servers may differ, and Stash folds case for ASCII only.
-- Dates may be partial ('2018', '2018-05'): as text in "C" order they sort by their first day.
-- deleted_at marks a row that is kept for what a person made of it; revision rises with every edit.

CREATE SCHEMA qar;

CREATE TABLE qar.tags (
  id uuid PRIMARY KEY,
  name text NOT NULL DEFAULT '',
  sort_name text NOT NULL DEFAULT '',
  description text NOT NULL DEFAULT '',
  aliases text[] NOT NULL DEFAULT '{}',
  ignore_auto_tag boolean NOT NULL DEFAULT false,
  favorite boolean NOT NULL DEFAULT false,
  custom_fields jsonb NOT NULL DEFAULT '{}',
  image text COLLATE "C",
  created_at timestamptz,
  updated_at timestamptz,
  revision integer NOT NULL DEFAULT 1,
  deleted_at timestamptz
);

CREATE TABLE qar.fleet (
  id uuid PRIMARY KEY,
  name text NOT NULL DEFAULT '',
  urls text[] NOT NULL DEFAULT '{}',
  parent_id uuid,
  aliases text[] NOT NULL DEFAULT '{}',
  ignore_auto_tag boolean NOT NULL DEFAULT false,
  organized boolean NOT NULL DEFAULT false,
  rating bigint,
  favorite boolean NOT NULL DEFAULT false,
  details text NOT NULL DEFAULT '',
  custom_fields jsonb NOT NULL DEFAULT '{}',
  image text COLLATE "C",
  created_at timestamptz,
  updated_at timestamptz,
  revision integer NOT NULL DEFAULT 1,
  deleted_at timestamptz
);

CREATE TABLE qar.crew (
  id uuid PRIMARY KEY,
  name text NOT NULL DEFAULT '',
  disambiguation text NOT NULL DEFAULT '',
  urls text[] NOT NULL DEFAULT '{}',
  twitter text NOT NULL DEFAULT '',
  instagram text NOT NULL DEFAULT '',
  gender text,
  birthdate text COLLATE "C",
  death_date text COLLATE "C",
  ethnicity text NOT NULL DEFAULT '',
  country text NOT NULL DEFAULT '',
  eye_color text NOT NULL DEFAULT '',
  hair_color text NOT NULL DEFAULT '',
  height bigint,
  weight bigint,
  measurements text NOT NULL DEFAULT '',
  fake_tits text NOT NULL DEFAULT '',
  penis_length double precision,
  circumcised text,
  career_length text NOT NULL DEFAULT '',
  career_start text COLLATE "C",
  career_end text COLLATE "C",
  tattoos text NOT NULL DEFAULT '',
  piercings text NOT NULL DEFAULT '',
  aliases text[] NOT NULL DEFAULT '{}',
  favorite boolean NOT NULL DEFAULT false,
  ignore_auto_tag boolean NOT NULL DEFAULT false,
  rating bigint,
  details text NOT NULL DEFAULT '',
  custom_fields jsonb NOT NULL DEFAULT '{}',
  image text COLLATE "C",
  created_at timestamptz,
  updated_at timestamptz,
  revision integer NOT NULL DEFAULT 1,
  deleted_at timestamptz
);

CREATE TABLE qar.groups (
  id uuid PRIMARY KEY,
  name text NOT NULL DEFAULT '',
  aliases text NOT NULL DEFAULT '',
  duration bigint,
  date text COLLATE "C",
  rating bigint,
  fleet_id uuid,
  director text NOT NULL DEFAULT '',
  synopsis text NOT NULL DEFAULT '',
  urls text[] NOT NULL DEFAULT '{}',
  custom_fields jsonb NOT NULL DEFAULT '{}',
  front_image text COLLATE "C",
  back_image text COLLATE "C",
  created_at timestamptz,
  updated_at timestamptz,
  revision integer NOT NULL DEFAULT 1,
  deleted_at timestamptz
);

CREATE TABLE qar.galleries (
  id uuid PRIMARY KEY,
  title text NOT NULL DEFAULT '',
  code text NOT NULL DEFAULT '',
  urls text[] NOT NULL DEFAULT '{}',
  date text COLLATE "C",
  details text NOT NULL DEFAULT '',
  photographer text NOT NULL DEFAULT '',
  rating bigint,
  organized boolean NOT NULL DEFAULT false,
  fleet_id uuid,
  cover_image_id uuid,
  custom_fields jsonb NOT NULL DEFAULT '{}',
  folder jsonb,
  created_at timestamptz,
  updated_at timestamptz,
  revision integer NOT NULL DEFAULT 1,
  deleted_at timestamptz
);

CREATE TABLE qar.images (
  id uuid PRIMARY KEY,
  title text NOT NULL DEFAULT '',
  code text NOT NULL DEFAULT '',
  rating bigint,
  urls text[] NOT NULL DEFAULT '{}',
  date text COLLATE "C",
  details text NOT NULL DEFAULT '',
  photographer text NOT NULL DEFAULT '',
  o_counter bigint NOT NULL DEFAULT 0,
  organized boolean NOT NULL DEFAULT false,
  fleet_id uuid,
  custom_fields jsonb NOT NULL DEFAULT '{}',
  created_at timestamptz,
  updated_at timestamptz,
  revision integer NOT NULL DEFAULT 1,
  deleted_at timestamptz
);

CREATE TABLE qar.cargo (
  id uuid PRIMARY KEY,
  title text NOT NULL DEFAULT '',
  code text NOT NULL DEFAULT '',
  details text NOT NULL DEFAULT '',
  director text NOT NULL DEFAULT '',
  urls text[] NOT NULL DEFAULT '{}',
  date text COLLATE "C",
  rating bigint,
  organized boolean NOT NULL DEFAULT false,
  fleet_id uuid,
  custom_fields jsonb NOT NULL DEFAULT '{}',
  cover text COLLATE "C",
  resume_time double precision,
  play_duration double precision NOT NULL DEFAULT 0,
  created_at timestamptz,
  updated_at timestamptz,
  revision integer NOT NULL DEFAULT 1,
  deleted_at timestamptz
);

CREATE TABLE qar.markers (
  id uuid PRIMARY KEY,
  title text NOT NULL DEFAULT '',
  seconds double precision,
  end_seconds double precision,
  primary_tag_id uuid,
  cargo_id uuid,
  created_at timestamptz,
  updated_at timestamptz,
  revision integer NOT NULL DEFAULT 1,
  deleted_at timestamptz
);

CREATE TABLE qar.chapters (
  id uuid PRIMARY KEY,
  gallery_id uuid,
  title text NOT NULL DEFAULT '',
  image_index bigint,
  created_at timestamptz,
  updated_at timestamptz,
  revision integer NOT NULL DEFAULT 1,
  deleted_at timestamptz
);

-- What the first source said of a file; each source's own facts are in stowage.links.
CREATE TABLE qar.files (
  id uuid PRIMARY KEY,
  path text NOT NULL DEFAULT '',
  type text NOT NULL DEFAULT '',
  size bigint,
  mod_time timestamptz,
  zip_file_id uuid,
  format text NOT NULL DEFAULT '',
  width bigint,
  height bigint,
  duration double precision,
  video_codec text NOT NULL DEFAULT '',
  audio_codec text NOT NULL DEFAULT '',
  frame_rate double precision,
  bit_rate bigint,
  interactive boolean NOT NULL DEFAULT false,
  interactive_speed bigint,
  captions jsonb NOT NULL DEFAULT '[]',
  created_at timestamptz,
  updated_at timestamptz,
  revision integer NOT NULL DEFAULT 1,
  deleted_at timestamptz
);

-- The ids inside object_filter are the library's.
CREATE TABLE qar.saved_filters (
  id uuid PRIMARY KEY,
  mode text NOT NULL DEFAULT '',
  name text NOT NULL DEFAULT '',
  find_filter jsonb,
  object_filter jsonb,
  ui_options jsonb,
  revision integer NOT NULL DEFAULT 1,
  deleted_at timestamptz
);

-- Relations. A relation has one owner, named first; position 0 is the primary file.

CREATE TABLE qar.tag_parents (
  tag_id uuid NOT NULL,
  parent_id uuid NOT NULL,
  PRIMARY KEY (tag_id, parent_id)
);
CREATE TABLE qar.fleet_tags (
  fleet_id uuid NOT NULL,
  tag_id uuid NOT NULL,
  PRIMARY KEY (fleet_id, tag_id)
);
CREATE TABLE qar.crew_tags (
  crew_id uuid NOT NULL,
  tag_id uuid NOT NULL,
  PRIMARY KEY (crew_id, tag_id)
);
CREATE TABLE qar.group_tags (
  group_id uuid NOT NULL,
  tag_id uuid NOT NULL,
  PRIMARY KEY (group_id, tag_id)
);
CREATE TABLE qar.group_sub_groups (
  group_id uuid NOT NULL,
  sub_group_id uuid NOT NULL,
  position integer NOT NULL,
  description text NOT NULL DEFAULT '',
  PRIMARY KEY (group_id, sub_group_id)
);
CREATE TABLE qar.gallery_tags (
  gallery_id uuid NOT NULL,
  tag_id uuid NOT NULL,
  PRIMARY KEY (gallery_id, tag_id)
);
CREATE TABLE qar.gallery_crew (
  gallery_id uuid NOT NULL,
  crew_id uuid NOT NULL,
  PRIMARY KEY (gallery_id, crew_id)
);
CREATE TABLE qar.gallery_images (
  gallery_id uuid NOT NULL,
  image_id uuid NOT NULL,
  PRIMARY KEY (gallery_id, image_id)
);
CREATE TABLE qar.gallery_files (
  gallery_id uuid NOT NULL,
  file_id uuid NOT NULL,
  position integer NOT NULL,
  PRIMARY KEY (gallery_id, file_id)
);
CREATE TABLE qar.image_tags (
  image_id uuid NOT NULL,
  tag_id uuid NOT NULL,
  PRIMARY KEY (image_id, tag_id)
);
CREATE TABLE qar.image_crew (
  image_id uuid NOT NULL,
  crew_id uuid NOT NULL,
  PRIMARY KEY (image_id, crew_id)
);
CREATE TABLE qar.image_files (
  image_id uuid NOT NULL,
  file_id uuid NOT NULL,
  position integer NOT NULL,
  PRIMARY KEY (image_id, file_id)
);
CREATE TABLE qar.cargo_tags (
  cargo_id uuid NOT NULL,
  tag_id uuid NOT NULL,
  PRIMARY KEY (cargo_id, tag_id)
);
CREATE TABLE qar.cargo_crew (
  cargo_id uuid NOT NULL,
  crew_id uuid NOT NULL,
  PRIMARY KEY (cargo_id, crew_id)
);
CREATE TABLE qar.cargo_groups (
  cargo_id uuid NOT NULL,
  group_id uuid NOT NULL,
  scene_index bigint,
  PRIMARY KEY (cargo_id, group_id)
);
CREATE TABLE qar.cargo_galleries (
  cargo_id uuid NOT NULL,
  gallery_id uuid NOT NULL,
  PRIMARY KEY (cargo_id, gallery_id)
);
CREATE TABLE qar.cargo_files (
  cargo_id uuid NOT NULL,
  file_id uuid NOT NULL,
  position integer NOT NULL,
  PRIMARY KEY (cargo_id, file_id)
);
CREATE TABLE qar.marker_tags (
  marker_id uuid NOT NULL,
  tag_id uuid NOT NULL,
  PRIMARY KEY (marker_id, tag_id)
);

-- Identities on stash-box servers. updated_at is text: nanoseconds, as the source serves them.

CREATE TABLE qar.tag_stash_ids (
  tag_id uuid NOT NULL,
  endpoint text NOT NULL,
  stash_id text NOT NULL,
  updated_at text
);
CREATE TABLE qar.fleet_stash_ids (
  fleet_id uuid NOT NULL,
  endpoint text NOT NULL,
  stash_id text NOT NULL,
  updated_at text
);
CREATE TABLE qar.crew_stash_ids (
  crew_id uuid NOT NULL,
  endpoint text NOT NULL,
  stash_id text NOT NULL,
  updated_at text
);
CREATE TABLE qar.cargo_stash_ids (
  cargo_id uuid NOT NULL,
  endpoint text NOT NULL,
  stash_id text NOT NULL,
  updated_at text
);

CREATE TABLE qar.file_fingerprints (
  file_id uuid NOT NULL,
  type text NOT NULL,
  value text COLLATE "C" NOT NULL
);

-- One row a play or an O. user_id: whose it is; null until accounts exist.
CREATE TABLE qar.voyage_log (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  cargo_id uuid NOT NULL,
  what text NOT NULL CHECK (what IN ('play', 'o')),
  at timestamptz NOT NULL,
  user_id uuid
);

-- Pictures in the store, by the MD5 of their bytes: Stash's own name for them, and their ETag.
CREATE TABLE qar.pictures (
  md5 text COLLATE "C" PRIMARY KEY,
  size bigint NOT NULL,
  held_at timestamptz NOT NULL DEFAULT now()
);

-- Foreign keys.

ALTER TABLE qar.tag_parents ADD FOREIGN KEY (tag_id) REFERENCES qar.tags ON DELETE CASCADE;
ALTER TABLE qar.tag_parents ADD FOREIGN KEY (parent_id) REFERENCES qar.tags ON DELETE CASCADE;
ALTER TABLE qar.fleet_tags ADD FOREIGN KEY (fleet_id) REFERENCES qar.fleet ON DELETE CASCADE;
ALTER TABLE qar.fleet_tags ADD FOREIGN KEY (tag_id) REFERENCES qar.tags ON DELETE CASCADE;
ALTER TABLE qar.crew_tags ADD FOREIGN KEY (crew_id) REFERENCES qar.crew ON DELETE CASCADE;
ALTER TABLE qar.crew_tags ADD FOREIGN KEY (tag_id) REFERENCES qar.tags ON DELETE CASCADE;
ALTER TABLE qar.group_tags ADD FOREIGN KEY (group_id) REFERENCES qar.groups ON DELETE CASCADE;
ALTER TABLE qar.group_tags ADD FOREIGN KEY (tag_id) REFERENCES qar.tags ON DELETE CASCADE;
ALTER TABLE qar.group_sub_groups ADD FOREIGN KEY (group_id) REFERENCES qar.groups ON DELETE CASCADE;
ALTER TABLE qar.group_sub_groups ADD FOREIGN KEY (sub_group_id) REFERENCES qar.groups ON DELETE CASCADE;
ALTER TABLE qar.gallery_tags ADD FOREIGN KEY (gallery_id) REFERENCES qar.galleries ON DELETE CASCADE;
ALTER TABLE qar.gallery_tags ADD FOREIGN KEY (tag_id) REFERENCES qar.tags ON DELETE CASCADE;
ALTER TABLE qar.gallery_crew ADD FOREIGN KEY (gallery_id) REFERENCES qar.galleries ON DELETE CASCADE;
ALTER TABLE qar.gallery_crew ADD FOREIGN KEY (crew_id) REFERENCES qar.crew ON DELETE CASCADE;
ALTER TABLE qar.gallery_images ADD FOREIGN KEY (gallery_id) REFERENCES qar.galleries ON DELETE CASCADE;
ALTER TABLE qar.gallery_images ADD FOREIGN KEY (image_id) REFERENCES qar.images ON DELETE CASCADE;
ALTER TABLE qar.gallery_files ADD FOREIGN KEY (gallery_id) REFERENCES qar.galleries ON DELETE CASCADE;
ALTER TABLE qar.gallery_files ADD FOREIGN KEY (file_id) REFERENCES qar.files ON DELETE CASCADE;
ALTER TABLE qar.image_tags ADD FOREIGN KEY (image_id) REFERENCES qar.images ON DELETE CASCADE;
ALTER TABLE qar.image_tags ADD FOREIGN KEY (tag_id) REFERENCES qar.tags ON DELETE CASCADE;
ALTER TABLE qar.image_crew ADD FOREIGN KEY (image_id) REFERENCES qar.images ON DELETE CASCADE;
ALTER TABLE qar.image_crew ADD FOREIGN KEY (crew_id) REFERENCES qar.crew ON DELETE CASCADE;
ALTER TABLE qar.image_files ADD FOREIGN KEY (image_id) REFERENCES qar.images ON DELETE CASCADE;
ALTER TABLE qar.image_files ADD FOREIGN KEY (file_id) REFERENCES qar.files ON DELETE CASCADE;
ALTER TABLE qar.cargo_tags ADD FOREIGN KEY (cargo_id) REFERENCES qar.cargo ON DELETE CASCADE;
ALTER TABLE qar.cargo_tags ADD FOREIGN KEY (tag_id) REFERENCES qar.tags ON DELETE CASCADE;
ALTER TABLE qar.cargo_crew ADD FOREIGN KEY (cargo_id) REFERENCES qar.cargo ON DELETE CASCADE;
ALTER TABLE qar.cargo_crew ADD FOREIGN KEY (crew_id) REFERENCES qar.crew ON DELETE CASCADE;
ALTER TABLE qar.cargo_groups ADD FOREIGN KEY (cargo_id) REFERENCES qar.cargo ON DELETE CASCADE;
ALTER TABLE qar.cargo_groups ADD FOREIGN KEY (group_id) REFERENCES qar.groups ON DELETE CASCADE;
ALTER TABLE qar.cargo_galleries ADD FOREIGN KEY (cargo_id) REFERENCES qar.cargo ON DELETE CASCADE;
ALTER TABLE qar.cargo_galleries ADD FOREIGN KEY (gallery_id) REFERENCES qar.galleries ON DELETE CASCADE;
ALTER TABLE qar.cargo_files ADD FOREIGN KEY (cargo_id) REFERENCES qar.cargo ON DELETE CASCADE;
ALTER TABLE qar.cargo_files ADD FOREIGN KEY (file_id) REFERENCES qar.files ON DELETE CASCADE;
ALTER TABLE qar.marker_tags ADD FOREIGN KEY (marker_id) REFERENCES qar.markers ON DELETE CASCADE;
ALTER TABLE qar.marker_tags ADD FOREIGN KEY (tag_id) REFERENCES qar.tags ON DELETE CASCADE;
ALTER TABLE qar.tag_stash_ids ADD FOREIGN KEY (tag_id) REFERENCES qar.tags ON DELETE CASCADE;
ALTER TABLE qar.fleet_stash_ids ADD FOREIGN KEY (fleet_id) REFERENCES qar.fleet ON DELETE CASCADE;
ALTER TABLE qar.crew_stash_ids ADD FOREIGN KEY (crew_id) REFERENCES qar.crew ON DELETE CASCADE;
ALTER TABLE qar.cargo_stash_ids ADD FOREIGN KEY (cargo_id) REFERENCES qar.cargo ON DELETE CASCADE;
ALTER TABLE qar.file_fingerprints ADD FOREIGN KEY (file_id) REFERENCES qar.files ON DELETE CASCADE;
ALTER TABLE qar.voyage_log ADD FOREIGN KEY (cargo_id) REFERENCES qar.cargo ON DELETE CASCADE;
ALTER TABLE qar.fleet ADD FOREIGN KEY (parent_id) REFERENCES qar.fleet ON DELETE SET NULL;
ALTER TABLE qar.groups ADD FOREIGN KEY (fleet_id) REFERENCES qar.fleet ON DELETE SET NULL;
ALTER TABLE qar.galleries ADD FOREIGN KEY (fleet_id) REFERENCES qar.fleet ON DELETE SET NULL;
ALTER TABLE qar.galleries ADD FOREIGN KEY (cover_image_id) REFERENCES qar.images ON DELETE SET NULL;
ALTER TABLE qar.images ADD FOREIGN KEY (fleet_id) REFERENCES qar.fleet ON DELETE SET NULL;
ALTER TABLE qar.cargo ADD FOREIGN KEY (fleet_id) REFERENCES qar.fleet ON DELETE SET NULL;
ALTER TABLE qar.markers ADD FOREIGN KEY (primary_tag_id) REFERENCES qar.tags ON DELETE SET NULL;
ALTER TABLE qar.markers ADD FOREIGN KEY (cargo_id) REFERENCES qar.cargo ON DELETE CASCADE;
ALTER TABLE qar.chapters ADD FOREIGN KEY (gallery_id) REFERENCES qar.galleries ON DELETE CASCADE;
ALTER TABLE qar.files ADD FOREIGN KEY (zip_file_id) REFERENCES qar.files ON DELETE SET NULL;

-- Look-ups: the other way of each relation, matching (fingerprint, stash id, path, name), lists by date.
-- A b-tree holds at most 2,704 bytes an entry, and names and paths may be longer: hash, or the first letters.

CREATE INDEX ON qar.tag_parents (parent_id);
CREATE INDEX ON qar.fleet_tags (tag_id);
CREATE INDEX ON qar.crew_tags (tag_id);
CREATE INDEX ON qar.group_tags (tag_id);
CREATE INDEX ON qar.group_sub_groups (sub_group_id);
CREATE INDEX ON qar.gallery_tags (tag_id);
CREATE INDEX ON qar.gallery_crew (crew_id);
CREATE INDEX ON qar.gallery_images (image_id);
CREATE INDEX ON qar.gallery_files (file_id);
CREATE INDEX ON qar.image_tags (tag_id);
CREATE INDEX ON qar.image_crew (crew_id);
CREATE INDEX ON qar.image_files (file_id);
CREATE INDEX ON qar.cargo_tags (tag_id);
CREATE INDEX ON qar.cargo_crew (crew_id);
CREATE INDEX ON qar.cargo_groups (group_id);
CREATE INDEX ON qar.cargo_galleries (gallery_id);
CREATE INDEX ON qar.cargo_files (file_id);
CREATE INDEX ON qar.marker_tags (tag_id);
CREATE INDEX ON qar.tag_stash_ids (tag_id);
CREATE INDEX ON qar.tag_stash_ids USING hash (stash_id);
CREATE INDEX ON qar.fleet_stash_ids (fleet_id);
CREATE INDEX ON qar.fleet_stash_ids USING hash (stash_id);
CREATE INDEX ON qar.crew_stash_ids (crew_id);
CREATE INDEX ON qar.crew_stash_ids USING hash (stash_id);
CREATE INDEX ON qar.cargo_stash_ids (cargo_id);
CREATE INDEX ON qar.cargo_stash_ids USING hash (stash_id);
CREATE INDEX ON qar.file_fingerprints (file_id);
CREATE INDEX ON qar.file_fingerprints USING hash (value);
CREATE INDEX ON qar.voyage_log (cargo_id, what, at);
CREATE INDEX ON qar.fleet (parent_id) WHERE parent_id IS NOT NULL;
CREATE INDEX ON qar.groups (fleet_id) WHERE fleet_id IS NOT NULL;
CREATE INDEX ON qar.galleries (fleet_id) WHERE fleet_id IS NOT NULL;
CREATE INDEX ON qar.galleries (cover_image_id) WHERE cover_image_id IS NOT NULL;
CREATE INDEX ON qar.images (fleet_id) WHERE fleet_id IS NOT NULL;
CREATE INDEX ON qar.cargo (fleet_id) WHERE fleet_id IS NOT NULL;
CREATE INDEX ON qar.markers (primary_tag_id);
CREATE INDEX ON qar.markers (cargo_id);
CREATE INDEX ON qar.chapters (gallery_id);
CREATE INDEX ON qar.files (zip_file_id) WHERE zip_file_id IS NOT NULL;
CREATE INDEX ON qar.files USING hash (path);
CREATE INDEX ON qar.tags (left(lower(name), 64));
CREATE INDEX ON qar.fleet (left(lower(name), 64));
CREATE INDEX ON qar.crew (left(lower(name), 64));
CREATE INDEX ON qar.groups (left(lower(name), 64));
CREATE INDEX ON qar.cargo (date);

CREATE SCHEMA IF NOT EXISTS stowage;

-- A Stash server or database that the library is fed from. `profile` is what it serves (model/reading.ts).
CREATE TABLE stowage.sources (
  id smallint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  name text NOT NULL UNIQUE,
  profile jsonb NOT NULL,
  -- 'all': pictures are in the store; 'none': only what the source said of them
  pictures text NOT NULL CHECK (pictures IN ('all', 'none')),
  -- the fields that the road of the last reading could tell, by kind: hashes compare only under the same
  known jsonb NOT NULL,
  added_at timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE stowage.runs (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  source_id smallint NOT NULL REFERENCES stowage.sources ON DELETE CASCADE,
  command text NOT NULL,
  road text NOT NULL,
  started_at timestamptz NOT NULL,
  finished_at timestamptz,
  outcome text,
  counts jsonb NOT NULL DEFAULT '{}'
);

-- What a source calls a record, and what the library does. kind is numbered in src/library/layout.ts.
CREATE TABLE stowage.links (
  source_id smallint NOT NULL,
  kind smallint NOT NULL,
  remote_id bigint NOT NULL,
  library_id uuid NOT NULL,
  -- the record's fields as both sides last agreed to them, in the source's ids
  base jsonb NOT NULL,
  -- the source's own facts: created and updated times, files, a file's size, fingerprints, captions, …
  facts jsonb NOT NULL,
  -- what was last seen at the source: SHA-256 of the whole record, first 16 bytes
  seen bytea NOT NULL,
  -- the revision of the library's row that was last seen
  seen_revision integer NOT NULL DEFAULT 1,
  run_id bigint NOT NULL,
  -- with the id, so that translating a whole relation reads the index only, never base and facts
  PRIMARY KEY (source_id, kind, remote_id) INCLUDE (library_id)
);
ALTER TABLE stowage.links ADD FOREIGN KEY (source_id) REFERENCES stowage.sources ON DELETE CASCADE;
CREATE INDEX ON stowage.links (library_id);
-- Nobody plans a query by what these hold, and sampling them would take half of an ANALYZE.
ALTER TABLE stowage.links ALTER base SET STATISTICS 0, ALTER facts SET STATISTICS 0, ALTER seen SET STATISTICS 0;

-- What could not be brought, until a later run brings it.
CREATE TABLE stowage.troubles (
  run_id bigint NOT NULL REFERENCES stowage.runs ON DELETE CASCADE,
  kind smallint NOT NULL,
  remote_id bigint NOT NULL,
  field text,
  why text NOT NULL
);
CREATE INDEX ON stowage.troubles (run_id);
