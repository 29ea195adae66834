-- +goose Up
CREATE TABLE sync_devices (
	pool       TEXT NOT NULL,
	identity   TEXT NOT NULL,
	id         TEXT NOT NULL,
	platform   TEXT NOT NULL,
	token_hash TEXT NOT NULL, -- of platform and token
	token      BLOB NOT NULL, -- sealed
	endpoint   TEXT NOT NULL,
	registered INTEGER NOT NULL,
	PRIMARY KEY (pool, identity, id)
);
CREATE UNIQUE INDEX sync_devices_token ON sync_devices (pool, identity, token_hash);

CREATE TABLE sync_subscriptions (
	pool     TEXT NOT NULL,
	identity TEXT NOT NULL,
	dataset  TEXT NOT NULL,
	id       TEXT NOT NULL, -- of the device
	PRIMARY KEY (pool, identity, dataset, id),
	FOREIGN KEY (pool, identity, id) REFERENCES sync_devices (pool, identity, id) ON DELETE CASCADE
);
CREATE INDEX sync_subscriptions_device ON sync_subscriptions (pool, identity, id);

CREATE TABLE sync_pushes ( -- an outbox as the messages' is
	id          TEXT PRIMARY KEY,
	pool        TEXT NOT NULL,
	medium      TEXT NOT NULL,
	kind        TEXT NOT NULL,
	destination TEXT NOT NULL,
	sealed      BLOB NOT NULL,
	created     INTEGER NOT NULL,
	due         INTEGER NOT NULL,
	tries       INTEGER NOT NULL,
	closed      INTEGER NOT NULL,
	reason      TEXT NOT NULL
);
CREATE INDEX sync_pushes_due ON sync_pushes (closed, due);
CREATE INDEX sync_pushes_log ON sync_pushes (pool, created, id);

-- +goose Down
DROP TABLE sync_pushes;
DROP TABLE sync_subscriptions;
DROP TABLE sync_devices;
