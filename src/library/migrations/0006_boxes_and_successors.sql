ALTER TABLE stowage.sources
  -- [{ from: 'https://old.example/graphql', to: 'https://new.example/graphql' }]: stash-boxes that are called otherwise
  ADD COLUMN endpoints jsonb NOT NULL DEFAULT '[]',
  -- what becomes of a scene that is gone, where another one has its stash id: 'accept' hands all that it had to that one
  ADD COLUMN successors text NOT NULL DEFAULT 'ask' CHECK (successors IN ('ask', 'accept'));
