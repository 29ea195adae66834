-- +goose Up
-- By which grams users are found: see userpool.SearchGrams.
CREATE TABLE userpool_search (
	owner BIGINT PRIMARY KEY REFERENCES userpool_users (seq) ON DELETE CASCADE,
	grams INTEGER[] NOT NULL
);
-- Grams that wait to be sorted in are read whole by each search: few of them.
CREATE INDEX userpool_search_grams ON userpool_search USING gin (grams) WITH (fastupdate = on, gin_pending_list_limit = 256);

-- Users who were there before the table, and are not in it yet.
CREATE TABLE userpool_search_backlog (
	after BIGINT NOT NULL, -- userpool_users.seq: users up to it are done
	until BIGINT NOT NULL  -- users behind it were always in
);
INSERT INTO userpool_search_backlog SELECT 0, max(seq) FROM userpool_users HAVING max(seq) IS NOT NULL;

-- +goose Down
DROP TABLE userpool_search_backlog;
DROP TABLE userpool_search;
