-- +goose Up
-- Ceilings that differ from the defaults, for all pools.
CREATE TABLE userpool_limits (
	category   TEXT PRIMARY KEY,
	per_second INTEGER NOT NULL
);

-- +goose Down
DROP TABLE userpool_limits;
