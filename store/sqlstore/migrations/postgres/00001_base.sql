-- +goose Up
CREATE TABLE keys (
	id         TEXT PRIMARY KEY,
	scope      TEXT NOT NULL,
	algorithm  TEXT NOT NULL,
	state      TEXT NOT NULL,
	material   BYTEA NOT NULL, -- sealed
	created    BIGINT NOT NULL,
	not_after  BIGINT NOT NULL
);
CREATE INDEX keys_scope ON keys (scope);
CREATE UNIQUE INDEX keys_one ON keys (scope, state) WHERE state <> 'retired';

CREATE TABLE ephemeral (
	namespace TEXT NOT NULL,
	key       BYTEA NOT NULL, -- SHA-256
	value     BYTEA NOT NULL,
	count     BIGINT NOT NULL DEFAULT 0,
	expires   BIGINT NOT NULL,
	PRIMARY KEY (namespace, key)
);
CREATE INDEX ephemeral_expires ON ephemeral (expires);

-- +goose Down
DROP TABLE ephemeral;
DROP TABLE keys;
