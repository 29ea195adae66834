-- +goose Up
CREATE TABLE sync_usage (
	pool     TEXT PRIMARY KEY REFERENCES identity_pool (id) ON DELETE CASCADE,
	sessions INTEGER NOT NULL,
	bytes    INTEGER NOT NULL,
	modified INTEGER NOT NULL -- 0 for never
);

-- +goose Down
DROP TABLE sync_usage;
