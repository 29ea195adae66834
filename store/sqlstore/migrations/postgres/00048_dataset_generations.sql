-- +goose Up
-- The lives of the Redis processes that hold datasets. No sync count below the base of
-- one is given in it.
CREATE TABLE dataset_generations (
	id    TEXT NOT NULL PRIMARY KEY,
	base  BIGINT NOT NULL,
	began BIGINT NOT NULL
);

-- +goose Down
DROP TABLE dataset_generations;
