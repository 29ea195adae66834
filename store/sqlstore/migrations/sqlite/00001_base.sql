-- +goose Up
CREATE TABLE keys (
	id         TEXT PRIMARY KEY,
	scope      TEXT NOT NULL,
	algorithm  TEXT NOT NULL,
	state      TEXT NOT NULL,
	material   BLOB NOT NULL, -- sealed
	created    INTEGER NOT NULL,
	not_after  INTEGER NOT NULL
);
CREATE INDEX keys_scope ON keys (scope);
CREATE UNIQUE INDEX keys_one ON keys (scope, state) WHERE state <> 'retired';

CREATE TABLE ephemeral (
	namespace TEXT NOT NULL,
	key       BLOB NOT NULL, -- SHA-256
	value     BLOB NOT NULL,
	count     INTEGER NOT NULL DEFAULT 0,
	expires   INTEGER NOT NULL,
	PRIMARY KEY (namespace, key)
);
CREATE INDEX ephemeral_expires ON ephemeral (expires);

-- +goose Down
DROP TABLE ephemeral;
DROP TABLE keys;
