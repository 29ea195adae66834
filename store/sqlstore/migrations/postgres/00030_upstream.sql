-- +goose Up
-- The session at an identity provider that one here came of, as JSON; empty for none.
ALTER TABLE idp_sessions ADD COLUMN upstream TEXT NOT NULL DEFAULT '';
-- The identity provider whose word a membership is; empty where somebody here gave it.
ALTER TABLE userpool_members ADD COLUMN source TEXT NOT NULL DEFAULT '';

-- +goose Down
ALTER TABLE userpool_members DROP COLUMN source;
ALTER TABLE idp_sessions DROP COLUMN upstream;
