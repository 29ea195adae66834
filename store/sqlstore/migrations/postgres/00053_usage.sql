-- +goose Up
CREATE TABLE sync_usage (
	pool     TEXT PRIMARY KEY REFERENCES identity_pool (id) ON DELETE CASCADE,
	sessions BIGINT NOT NULL,
	bytes    BIGINT NOT NULL,
	modified BIGINT NOT NULL -- 0 for never
);

-- +goose Down
DROP TABLE sync_usage;
