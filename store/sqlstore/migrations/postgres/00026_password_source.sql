-- +goose Up
-- The secret of a pool's password source. A source that was set before has to be set again.
ALTER TABLE userpool_pools ADD COLUMN source_secret BYTEA NOT NULL DEFAULT ''; -- sealed

-- +goose Down
ALTER TABLE userpool_pools DROP COLUMN source_secret;
