-- +goose Up
ALTER TABLE identity ADD COLUMN merged_into TEXT NOT NULL DEFAULT ''; -- the identity that has its logins now
CREATE INDEX identity_merged ON identity (merged_into) WHERE merged_into <> '';

ALTER TABLE identity_login ADD COLUMN developer BIGINT NOT NULL DEFAULT 0; -- 1: the app's own backend vouches for it
ALTER TABLE identity_login DROP CONSTRAINT identity_login_pkey;
ALTER TABLE identity_login ADD PRIMARY KEY (pool, developer, provider, subject);
DROP INDEX identity_login_owner;
-- One user of a public provider, any number of the app's own.
CREATE UNIQUE INDEX identity_login_owner ON identity_login (identity, provider, developer, (CASE developer WHEN 1 THEN subject ELSE '' END));

-- +goose Down
DELETE FROM identity_login WHERE developer = 1;
DROP INDEX identity_login_owner;
ALTER TABLE identity_login DROP CONSTRAINT identity_login_pkey;
ALTER TABLE identity_login DROP COLUMN developer;
ALTER TABLE identity_login ADD PRIMARY KEY (pool, provider, subject);
CREATE UNIQUE INDEX identity_login_owner ON identity_login (identity, provider);
DROP INDEX identity_merged;
ALTER TABLE identity DROP COLUMN merged_into;
