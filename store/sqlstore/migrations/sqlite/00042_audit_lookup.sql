-- +goose Up
-- What LookupEvents selects by: each key has an index that is in the order of time.
ALTER TABLE audit ADD COLUMN read_only TEXT NOT NULL DEFAULT '';
CREATE INDEX audit_source ON audit (source, time);
CREATE INDEX audit_access_key ON audit (access_key, time) WHERE access_key <> '';
CREATE INDEX audit_read_only ON audit (read_only, time);

-- An event has any number of resources: a term is the name or the type of one.
CREATE TABLE audit_terms (
	term    TEXT NOT NULL,
	time    INTEGER NOT NULL,
	segment TEXT NOT NULL,
	seq     INTEGER NOT NULL,
	PRIMARY KEY (term, time, segment, seq)
) WITHOUT ROWID;

-- +goose Down
DROP TABLE audit_terms;
DROP INDEX audit_read_only;
DROP INDEX audit_access_key;
DROP INDEX audit_source;
ALTER TABLE audit DROP COLUMN read_only;
