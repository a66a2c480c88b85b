-- What keeping in step needs: what was edited here, what every run changed, questions, and how each source is treated.

-- Whoever writes to the library, with Stowage or with SQL, raises the revision of the record, and marks its links as
-- edited: what the next sync of each source looks at. `stowage.applying` names the source whose own changes are being
-- written, which are no news to it. `stowage.raising` is off where whoever writes relations raises the owners' revision
-- too, once and not with each relation.

ALTER TABLE stowage.links DROP COLUMN seen_revision;
ALTER TABLE stowage.links
  ADD COLUMN edited boolean NOT NULL DEFAULT false,
  -- values that were sent there and came back otherwise (trimmed, say): { field: what was sent, in the source's ids }
  ADD COLUMN sent jsonb NOT NULL DEFAULT '{}',
  -- since when the source has not had it any more
  ADD COLUMN absent_since timestamptz;
CREATE INDEX links_edited_idx ON stowage.links (source_id, kind) WHERE edited;
CREATE INDEX links_absent_idx ON stowage.links (source_id, kind) WHERE absent_since IS NOT NULL;

CREATE FUNCTION stowage.raise_revision() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF NEW.revision = OLD.revision AND NEW IS DISTINCT FROM OLD THEN
    NEW.revision := OLD.revision + 1;
  END IF;
  RETURN NEW;
END $$;

CREATE FUNCTION stowage.mark_edited() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  UPDATE stowage.links l SET edited = true
    FROM changed c
   WHERE l.library_id = c.id AND NOT l.edited
     AND l.source_id <> coalesce(nullif(current_setting('stowage.applying', true), ''), '0')::smallint;
  RETURN NULL;
END $$;

-- The record that owns the rows of a relation: its table and the column that names it are the arguments.
CREATE FUNCTION stowage.raise_owner() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  -- rows that were given to another owner concern both
  owners text := format('SELECT %I AS id FROM changed', TG_ARGV[1]);
BEGIN
  IF current_setting('stowage.raising', true) = 'off' THEN
    RETURN NULL;
  END IF;
  IF TG_OP = 'UPDATE' THEN
    owners := owners || format(' UNION ALL SELECT %I FROM former', TG_ARGV[1]);
  END IF;
  EXECUTE format(
    'UPDATE qar.%I r SET revision = r.revision + 1 FROM (SELECT DISTINCT id FROM (%s) rows) c WHERE r.id = c.id',
    TG_ARGV[0], owners);
  RETURN NULL;
END $$;

DO $$
DECLARE
  kind text;
  relation record;
BEGIN
  FOREACH kind IN ARRAY ARRAY['tags', 'fleet', 'crew', 'groups', 'galleries', 'images', 'cargo', 'markers', 'chapters',
    'saved_filters'] LOOP
    EXECUTE format('CREATE TRIGGER raise_revision BEFORE UPDATE ON qar.%I FOR EACH ROW
      EXECUTE FUNCTION stowage.raise_revision()', kind);
    EXECUTE format('CREATE TRIGGER mark_edited AFTER UPDATE ON qar.%I REFERENCING NEW TABLE AS changed
      FOR EACH STATEMENT EXECUTE FUNCTION stowage.mark_edited()', kind);
    EXECUTE format('CREATE TRIGGER mark_removed AFTER DELETE ON qar.%I REFERENCING OLD TABLE AS changed
      FOR EACH STATEMENT EXECUTE FUNCTION stowage.mark_edited()', kind);
  END LOOP;
  FOR relation IN
    SELECT * FROM (VALUES
      ('tag_parents', 'tags', 'tag_id'), ('tag_stash_ids', 'tags', 'tag_id'),
      ('fleet_tags', 'fleet', 'fleet_id'), ('fleet_stash_ids', 'fleet', 'fleet_id'),
      ('crew_tags', 'crew', 'crew_id'), ('crew_stash_ids', 'crew', 'crew_id'),
      ('group_tags', 'groups', 'group_id'), ('group_sub_groups', 'groups', 'group_id'),
      ('gallery_tags', 'galleries', 'gallery_id'), ('gallery_crew', 'galleries', 'gallery_id'),
      ('gallery_images', 'galleries', 'gallery_id'),
      ('image_tags', 'images', 'image_id'), ('image_crew', 'images', 'image_id'),
      ('cargo_tags', 'cargo', 'cargo_id'), ('cargo_crew', 'cargo', 'cargo_id'),
      ('cargo_groups', 'cargo', 'cargo_id'), ('cargo_galleries', 'cargo', 'cargo_id'),
      ('cargo_stash_ids', 'cargo', 'cargo_id'), ('voyage_log', 'cargo', 'cargo_id'),
      ('marker_tags', 'markers', 'marker_id')
    ) AS all_relations (name, owner, owner_column)
  LOOP
    EXECUTE format('CREATE TRIGGER raise_owner_insert AFTER INSERT ON qar.%I REFERENCING NEW TABLE AS changed
      FOR EACH STATEMENT EXECUTE FUNCTION stowage.raise_owner(%L, %L)', relation.name, relation.owner, relation.owner_column);
    EXECUTE format('CREATE TRIGGER raise_owner_update AFTER UPDATE ON qar.%I REFERENCING OLD TABLE AS former NEW TABLE AS changed
      FOR EACH STATEMENT EXECUTE FUNCTION stowage.raise_owner(%L, %L)', relation.name, relation.owner, relation.owner_column);
    EXECUTE format('CREATE TRIGGER raise_owner_delete AFTER DELETE ON qar.%I REFERENCING OLD TABLE AS changed
      FOR EACH STATEMENT EXECUTE FUNCTION stowage.raise_owner(%L, %L)', relation.name, relation.owner, relation.owner_column);
  END LOOP;
END $$;

-- How a source is treated.

ALTER TABLE stowage.sources
  -- where it was last reached; a key only sealed (src/secrets.ts)
  ADD COLUMN address text,
  ADD COLUMN sealed_key text,
  -- whether anything is ever written to it
  ADD COLUMN writes boolean NOT NULL DEFAULT false,
  -- who is right where both sides changed a field: { default: 'library', 'scene.title': 'ask', tag: 'stash' }
  ADD COLUMN policy jsonb NOT NULL DEFAULT '{"default": "library"}',
  ADD COLUMN deletions text NOT NULL DEFAULT 'library' CHECK (deletions IN ('library', 'stash', 'both', 'none')),
  -- [{ from: 'D:\media', to: '/media' }]: where the source's folders are found in the library's own terms
  ADD COLUMN path_map jsonb NOT NULL DEFAULT '[]',
  -- 'ok', or why nothing is done with it until a person decides ('rewound', 'renumbered'), or what was decided for the
  -- next sync: 'accept' its state, 'push' the library back into it
  ADD COLUMN standing text NOT NULL DEFAULT 'ok' CHECK (standing IN ('ok', 'rewound', 'renumbered', 'accept', 'push')),
  -- the highest number that it had given to a record of each kind, when it was last read
  ADD COLUMN highest jsonb NOT NULL DEFAULT '{}',
  ADD COLUMN compared_in_full_at timestamptz;

-- Runs: an edit by hand is one too, of no source.
ALTER TABLE stowage.runs
  ALTER COLUMN source_id DROP NOT NULL,
  ALTER COLUMN road DROP NOT NULL,
  -- the run that this one takes back
  ADD COLUMN undoes bigint REFERENCES stowage.runs ON DELETE SET NULL;

-- Every field that a run changed, on either side, in library ids. A first import writes none: its run says it all.
CREATE TABLE stowage.run_changes (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  run_id bigint NOT NULL REFERENCES stowage.runs ON DELETE CASCADE,
  side text NOT NULL CHECK (side IN ('library', 'source')),
  -- on the side of which source
  source_id smallint REFERENCES stowage.sources ON DELETE CASCADE,
  kind smallint NOT NULL,
  library_id uuid NOT NULL,
  remote_id bigint,
  action text NOT NULL CHECK (action IN ('create', 'update', 'delete', 'restore', 'link', 'unlink', 'fold')),
  -- null where the action concerns the whole record
  field text,
  before jsonb,
  after jsonb,
  at timestamptz NOT NULL DEFAULT clock_timestamp(),
  -- 'sent': on its way to the source when the run stopped, so it may have arrived; 'failed': refused
  state text NOT NULL DEFAULT 'done' CHECK (state IN ('done', 'sent', 'failed')),
  why text
);
CREATE INDEX ON stowage.run_changes (run_id);
CREATE INDEX ON stowage.run_changes (library_id, field, id);
CREATE INDEX ON stowage.run_changes (source_id, kind) WHERE state = 'sent';
CREATE INDEX ON stowage.run_changes (source_id, library_id) WHERE state = 'failed';

-- Where each field's value came from: the newest change of it, the value before, who or which run, when.
CREATE VIEW stowage.provenance AS
  SELECT DISTINCT ON (c.library_id, c.field) c.kind, c.library_id, c.field, c.before, c.after, c.run_id, r.command,
    r.source_id, c.at
  FROM stowage.run_changes c JOIN stowage.runs r ON r.id = c.run_id
  WHERE c.side = 'library' AND c.field IS NOT NULL AND c.state = 'done'
  ORDER BY c.library_id, c.field, c.id DESC;

-- A field that nothing but a person changes.
CREATE TABLE stowage.locks (
  kind smallint NOT NULL,
  library_id uuid NOT NULL,
  field text NOT NULL,
  locked_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (library_id, field)
);

-- A question: both sides changed a field differently. Until it is settled the field stays as it is on both. Values
-- are in library ids; `field` is '' where one side deleted the record and the other changed it, `key` names an entry
-- of a keyed field.
CREATE TABLE stowage.conflicts (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  source_id smallint NOT NULL REFERENCES stowage.sources ON DELETE CASCADE,
  kind smallint NOT NULL,
  library_id uuid NOT NULL,
  remote_id bigint NOT NULL,
  field text NOT NULL DEFAULT '',
  key text NOT NULL DEFAULT '',
  base jsonb,
  library jsonb,
  source jsonb,
  run_id bigint REFERENCES stowage.runs ON DELETE SET NULL,
  found_at timestamptz NOT NULL DEFAULT now(),
  settled_at timestamptz,
  settled text CHECK (settled IN ('library', 'stash', 'value', 'agreed'))
);
CREATE UNIQUE INDEX conflicts_open_idx ON stowage.conflicts (source_id, kind, remote_id, field, key)
  WHERE settled_at IS NULL;

-- Two records that may be one: for a person to say.
CREATE TABLE stowage.matches (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  source_id smallint NOT NULL REFERENCES stowage.sources ON DELETE CASCADE,
  kind smallint NOT NULL,
  remote_id bigint NOT NULL,
  -- the record that the source's own is linked to, and the one that it may be
  library_id uuid NOT NULL,
  other_id uuid NOT NULL,
  why text NOT NULL,
  score real NOT NULL,
  found_at timestamptz NOT NULL DEFAULT now(),
  answered_at timestamptz,
  answer text CHECK (answer IN ('accepted', 'rejected')),
  UNIQUE (source_id, kind, remote_id, other_id)
);
