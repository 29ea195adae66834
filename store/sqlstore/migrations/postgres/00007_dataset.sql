-- +goose Up
CREATE TABLE datasets (
	pool        TEXT NOT NULL,
	identity    TEXT NOT NULL,
	name        TEXT NOT NULL,
	sync_count  BIGINT NOT NULL,
	created     BIGINT NOT NULL,
	modified    BIGINT NOT NULL,
	modified_by BYTEA NOT NULL, -- a device's own text, may hold any byte
	bytes       BIGINT NOT NULL,
	records     BIGINT NOT NULL,
	keys        BIGINT NOT NULL,
	epoch       TEXT NOT NULL,
	deleted     BOOLEAN NOT NULL,
	deleted_at  BIGINT NOT NULL, -- a sync count
	PRIMARY KEY (pool, identity, name)
);

CREATE TABLE dataset_records (
	pool            TEXT NOT NULL,
	identity        TEXT NOT NULL,
	dataset         TEXT NOT NULL,
	key             BYTEA NOT NULL,
	value           BYTEA NOT NULL,
	removed         BOOLEAN NOT NULL,
	position        BIGINT NOT NULL, -- sync count * 2^14 + place in the batch
	modified        BIGINT NOT NULL,
	device_modified BIGINT NOT NULL,
	modified_by     BYTEA NOT NULL,
	fingerprint     BYTEA NOT NULL, -- of the batch
	PRIMARY KEY (pool, identity, dataset, key)
);
CREATE UNIQUE INDEX dataset_records_position ON dataset_records (pool, identity, dataset, position);

-- +goose Down
DROP TABLE dataset_records;
DROP TABLE datasets;
