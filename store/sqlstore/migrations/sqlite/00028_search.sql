-- +goose Up
-- By which grams users are found: see userpool.SearchGrams. The row number is
-- userpool_users.seq.
CREATE VIRTUAL TABLE userpool_search USING fts5(grams, content='', contentless_delete=1, detail=none, tokenize='ascii');

-- Users who were there before the table, and are not in it yet.
CREATE TABLE userpool_search_backlog (
	after INTEGER NOT NULL, -- userpool_users.seq: users up to it are done
	until INTEGER NOT NULL  -- users behind it were always in
);
INSERT INTO userpool_search_backlog SELECT 0, max(seq) FROM userpool_users HAVING max(seq) IS NOT NULL;

-- +goose StatementBegin
CREATE TRIGGER userpool_search_users AFTER DELETE ON userpool_users BEGIN
	DELETE FROM userpool_search WHERE rowid = old.seq;
END;
-- +goose StatementEnd

-- +goose Down
DROP TRIGGER userpool_search_users;
DROP TABLE userpool_search_backlog;
DROP TABLE userpool_search;
