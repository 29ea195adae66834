-- +goose Up
ALTER TABLE userpool_users ADD COLUMN mfa TEXT NOT NULL DEFAULT '{}'; -- JSON
ALTER TABLE userpool_users ADD COLUMN mfa_secrets BLOB NOT NULL DEFAULT x''; -- sealed

-- +goose Down
ALTER TABLE userpool_users DROP COLUMN mfa_secrets;
ALTER TABLE userpool_users DROP COLUMN mfa;
