-- What both sides of a link go on having differently, and why: { field: why }, '' for the record as a whole.

ALTER TABLE stowage.links ADD COLUMN differs jsonb;
CREATE INDEX links_differs_idx ON stowage.links (source_id, kind) WHERE differs IS NOT NULL;

-- What may differ so far without having been written down (what people changed or merged here, and what was deleted) is
-- looked at by the next sync, as if it had been edited.
UPDATE stowage.links l SET edited = true
 WHERE NOT l.edited AND (
   EXISTS (SELECT FROM stowage.run_changes c JOIN stowage.runs r ON r.id = c.run_id
     WHERE c.library_id = l.library_id AND c.side = 'library' AND (c.action = 'delete' OR r.source_id IS NULL))
   OR EXISTS (SELECT FROM stowage.folds f WHERE f.origin = l.library_id));
