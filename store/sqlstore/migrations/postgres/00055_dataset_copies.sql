-- +goose Up
-- Counts that a dataset left out, since Redis may have lost what took them.
ALTER TABLE datasets ADD COLUMN gaps TEXT NOT NULL DEFAULT '';

-- Whose datasets are copies of what is in Redis, and of which generation: nothing of an
-- earlier one is written any more.
CREATE TABLE dataset_fences (
	pool       TEXT NOT NULL,
	identity   TEXT NOT NULL,
	generation BIGINT NOT NULL,
	PRIMARY KEY (pool, identity)
);

-- +goose Down
DROP TABLE dataset_fences;
ALTER TABLE datasets DROP COLUMN gaps;
