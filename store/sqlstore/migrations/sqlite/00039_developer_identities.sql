-- +goose Up
ALTER TABLE identity ADD COLUMN merged_into TEXT NOT NULL DEFAULT ''; -- the identity that has its logins now
CREATE INDEX identity_merged ON identity (merged_into) WHERE merged_into <> '';

ALTER TABLE identity_login RENAME TO identity_login_before;
DROP INDEX identity_login_owner;
CREATE TABLE identity_login (
	pool      TEXT NOT NULL,
	developer INTEGER NOT NULL DEFAULT 0, -- 1: the app's own backend vouches for it
	provider  TEXT NOT NULL,
	subject   TEXT NOT NULL,
	identity  TEXT NOT NULL REFERENCES identity (id) ON DELETE CASCADE,
	PRIMARY KEY (pool, developer, provider, subject)
);
INSERT INTO identity_login (pool, developer, provider, subject, identity)
	SELECT pool, 0, provider, subject, identity FROM identity_login_before;
DROP TABLE identity_login_before;
-- One user of a public provider, any number of the app's own.
CREATE UNIQUE INDEX identity_login_owner ON identity_login (identity, provider, developer, (CASE developer WHEN 1 THEN subject ELSE '' END));

-- +goose Down
DELETE FROM identity_login WHERE developer = 1;
ALTER TABLE identity_login RENAME TO identity_login_after;
DROP INDEX identity_login_owner;
CREATE TABLE identity_login (
	pool     TEXT NOT NULL,
	provider TEXT NOT NULL,
	subject  TEXT NOT NULL,
	identity TEXT NOT NULL REFERENCES identity (id) ON DELETE CASCADE,
	PRIMARY KEY (pool, provider, subject)
);
INSERT INTO identity_login (pool, provider, subject, identity)
	SELECT pool, provider, subject, identity FROM identity_login_after;
DROP TABLE identity_login_after;
CREATE UNIQUE INDEX identity_login_owner ON identity_login (identity, provider);
DROP INDEX identity_merged;
ALTER TABLE identity DROP COLUMN merged_into;
