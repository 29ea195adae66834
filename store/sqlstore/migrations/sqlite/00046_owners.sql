-- +goose Up
-- Owners of datasets that were merged into another or deleted: nothing is written any more.
CREATE TABLE dataset_ends (
	pool     TEXT NOT NULL,
	identity TEXT NOT NULL,
	ended    INTEGER NOT NULL,
	PRIMARY KEY (pool, identity)
);
CREATE INDEX dataset_ends_ended ON dataset_ends (ended);

-- Identities that were merged away, and when what is left of their data is to be settled.
CREATE TABLE identity_merges (
	identity TEXT PRIMARY KEY REFERENCES identity (id) ON DELETE CASCADE,
	due      INTEGER NOT NULL
);
CREATE INDEX identity_merges_due ON identity_merges (due);

-- A deleted pool stays, out of sight, until all of its identities are deleted.
ALTER TABLE identity_pool ADD COLUMN deleted INTEGER NOT NULL DEFAULT 0;

-- +goose Down
DELETE FROM identity_pool WHERE deleted <> 0;
ALTER TABLE identity_pool DROP COLUMN deleted;
DROP TABLE identity_merges;
DROP TABLE dataset_ends;
