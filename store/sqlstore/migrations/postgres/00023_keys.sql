-- +goose Up
-- When a key that is published already begins to sign; 0 where nobody has said so.
ALTER TABLE keys ADD COLUMN sign_from BIGINT NOT NULL DEFAULT 0;

-- +goose Down
ALTER TABLE keys DROP COLUMN sign_from;
