-- Records that a person, or a Stash, said are one: the origin is kept, marked as deleted, and is the destination now.
-- A source that has two of them keeps both its links; by the origin's it is known, so it is not taken for new, and
-- whatever there names it means the destination.
CREATE TABLE stowage.folds (
  origin uuid PRIMARY KEY,
  kind smallint NOT NULL,
  destination uuid NOT NULL
);
CREATE INDEX ON stowage.folds (destination);

-- Where each origin is now: its destination may have been folded into another since.
CREATE VIEW stowage.folded AS
  WITH RECURSIVE now_at (origin, destination) AS (
    SELECT origin, destination FROM stowage.folds
    UNION
    SELECT a.origin, f.destination FROM now_at a JOIN stowage.folds f ON f.origin = a.destination
  )
  SELECT origin, destination FROM now_at a
   WHERE NOT EXISTS (SELECT FROM stowage.folds f WHERE f.origin = a.destination);

-- A gallery is matched by its folder; a path may be longer than a b-tree's entry.
CREATE INDEX galleries_folder_path_idx ON qar.galleries USING hash ((folder ->> 'path')) WHERE folder IS NOT NULL;

-- Similar names are for a person to look at; where PostgreSQL lets us not have pg_trgm, they are not looked for.
DO $$
DECLARE
  place text;
  named text;
BEGIN
  BEGIN
    CREATE EXTENSION IF NOT EXISTS pg_trgm;
  EXCEPTION WHEN insufficient_privilege OR undefined_file OR feature_not_supported OR undefined_object THEN
    RETURN;
  END;
  SELECT extnamespace::regnamespace::text INTO place FROM pg_extension WHERE extname = 'pg_trgm';
  FOREACH named IN ARRAY ARRAY['fleet', 'crew'] LOOP
    EXECUTE format('CREATE INDEX %I ON qar.%I USING gin (lower(name) %s.gin_trgm_ops)',
      named || '_name_trigrams_idx', named, place);
  END LOOP;
END $$;
