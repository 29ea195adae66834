-- +goose Up
-- The session at an identity provider that one here came of, as JSON; empty for none.
ALTER TABLE idp_sessions ADD COLUMN upstream TEXT NOT NULL DEFAULT '';

-- +goose Down
ALTER TABLE idp_sessions DROP COLUMN upstream;
