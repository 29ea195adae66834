-- +goose Up
CREATE TABLE dataset_log (
	pool       TEXT NOT NULL,
	identity   TEXT NOT NULL,
	seq        BIGINT NOT NULL, -- of the owner, without gaps
	at         BIGINT NOT NULL,
	dataset    TEXT NOT NULL,
	sync_count BIGINT NOT NULL,
	device     BYTEA NOT NULL, -- a device's own text, may hold any byte
	deleted    BOOLEAN NOT NULL,
	PRIMARY KEY (pool, identity, seq)
);

-- +goose Down
DROP TABLE dataset_log;
