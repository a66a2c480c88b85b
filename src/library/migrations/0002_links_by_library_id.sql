-- Who asks for links by the library's id wants the source's: with it in the index, whole relations are translated
-- without reading base and facts, in the order of library ids too.
DROP INDEX stowage.links_library_id_idx;
CREATE INDEX links_library_id_idx ON stowage.links (library_id) INCLUDE (source_id, kind, remote_id);
