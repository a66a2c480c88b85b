-- Paths that are the same once their letters are composed: macOS stores an é in two characters, other systems in one.
-- Composing is slow, and of what is ASCII nothing is composed: only the others are in these indexes.
CREATE INDEX files_composed_path_idx ON qar.files USING hash (normalize(path, NFC))
  WHERE octet_length(path) <> length(path);
CREATE INDEX galleries_composed_folder_path_idx ON qar.galleries USING hash (normalize(folder ->> 'path', NFC))
  WHERE folder IS NOT NULL AND octet_length(folder ->> 'path') <> length(folder ->> 'path');
