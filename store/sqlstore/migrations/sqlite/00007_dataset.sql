-- +goose Up
CREATE TABLE datasets (
	pool        TEXT NOT NULL,
	identity    TEXT NOT NULL,
	name        TEXT NOT NULL,
	sync_count  INTEGER NOT NULL,
	created     INTEGER NOT NULL,
	modified    INTEGER NOT NULL,
	modified_by BLOB NOT NULL, -- a device's own text, may hold any byte
	bytes       INTEGER NOT NULL,
	records     INTEGER NOT NULL,
	keys        INTEGER NOT NULL,
	epoch       TEXT NOT NULL,
	deleted     BOOLEAN NOT NULL,
	deleted_at  INTEGER NOT NULL, -- a sync count
	PRIMARY KEY (pool, identity, name)
);

CREATE TABLE dataset_records (
	pool            TEXT NOT NULL,
	identity        TEXT NOT NULL,
	dataset         TEXT NOT NULL,
	key             BLOB NOT NULL,
	value           BLOB NOT NULL,
	removed         BOOLEAN NOT NULL,
	position        INTEGER NOT NULL, -- sync count * 2^14 + place in the batch
	modified        INTEGER NOT NULL,
	device_modified INTEGER NOT NULL,
	modified_by     BLOB NOT NULL,
	fingerprint     BLOB NOT NULL, -- of the batch
	PRIMARY KEY (pool, identity, dataset, key)
);
CREATE UNIQUE INDEX dataset_records_position ON dataset_records (pool, identity, dataset, position);

-- +goose Down
DROP TABLE dataset_records;
DROP TABLE datasets;
