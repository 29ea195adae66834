-- +goose Up
-- Private keys of SAML providers, which open encrypted assertions.
CREATE TABLE sts_saml_keys (
	account TEXT COLLATE "C" NOT NULL,
	name    TEXT COLLATE "C" NOT NULL, -- key ID
	entity  BYTEA NOT NULL, -- sealed
	PRIMARY KEY (account, name)
);
-- When access keys and roles were last used. A table of its own: what is written
-- every minute must not take turns with changes to the entity.
CREATE TABLE sts_last_used (
	account TEXT COLLATE "C" NOT NULL,
	id      TEXT COLLATE "C" NOT NULL, -- AKIA… of a key, AROA… of a role
	used    BIGINT NOT NULL, -- microseconds since 1970
	service TEXT NOT NULL,
	region  TEXT NOT NULL,
	PRIMARY KEY (account, id)
);
-- Users and roles are found by their stable ID whatever they are called now.
CREATE INDEX sts_users_id ON sts_users (account, ((entity::jsonb)->>'ID'));
CREATE INDEX sts_roles_id ON sts_roles (account, ((entity::jsonb)->>'ID'));

-- +goose Down
DROP INDEX sts_roles_id;
DROP INDEX sts_users_id;
DROP TABLE sts_last_used;
DROP TABLE sts_saml_keys;
