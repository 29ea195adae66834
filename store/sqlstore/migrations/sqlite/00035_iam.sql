-- +goose Up
-- Private keys of SAML providers, which open encrypted assertions.
CREATE TABLE sts_saml_keys (
	account TEXT NOT NULL,
	name    TEXT NOT NULL, -- key ID
	entity  BLOB NOT NULL, -- sealed
	PRIMARY KEY (account, name)
);
-- When access keys and roles were last used. A table of its own: what is written
-- every minute must not take turns with changes to the entity.
CREATE TABLE sts_last_used (
	account TEXT NOT NULL,
	id      TEXT NOT NULL, -- AKIA… of a key, AROA… of a role
	used    INTEGER NOT NULL, -- microseconds since 1970
	service TEXT NOT NULL,
	region  TEXT NOT NULL,
	PRIMARY KEY (account, id)
);
-- Users and roles are found by their stable ID whatever they are called now.
CREATE INDEX sts_users_id ON sts_users (account, json_extract(entity, '$.ID'));
CREATE INDEX sts_roles_id ON sts_roles (account, json_extract(entity, '$.ID'));

-- +goose Down
DROP INDEX sts_roles_id;
DROP INDEX sts_users_id;
DROP TABLE sts_last_used;
DROP TABLE sts_saml_keys;
