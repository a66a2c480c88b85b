-- Parts of records that a source did not take: an alias that is another's name, a custom field without a name. What was
-- sent is noted in links.sent, so that it is not sent again; this says which part of it stayed here, and why.
CREATE TABLE stowage.refusals (
  source_id smallint NOT NULL REFERENCES stowage.sources (id) ON DELETE CASCADE,
  kind smallint NOT NULL,
  library_id uuid NOT NULL,
  -- '' where the source refused to make the record itself.
  field text NOT NULL,
  key text NOT NULL,
  why text NOT NULL,
  -- The number there of the record that had the name when it was refused. Once that has it no more, it is tried again.
  holder bigint
);
CREATE INDEX ON stowage.refusals (source_id, kind, library_id);
