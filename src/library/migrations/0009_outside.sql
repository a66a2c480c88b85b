-- What lies outside the database (a mirror of a source's tables, the folder of pictures) names the state of the library
-- that it belongs to by a random token. Where it names another one, or none, it proves nothing.

ALTER TABLE stowage.sources
  -- of the state in which both sides agree about what the source's mirror holds; null: about no mirror
  ADD COLUMN mirror_token uuid;

-- Of the state in which the folder held every picture that is listed. One row, or none.
CREATE TABLE stowage.picture_folder (
  one boolean PRIMARY KEY DEFAULT true CHECK (one),
  token uuid NOT NULL
);
