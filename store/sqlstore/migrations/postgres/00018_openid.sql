-- +goose Up
ALTER TABLE idp_grants ADD COLUMN particulars TEXT NOT NULL DEFAULT '{}'; -- JSON

-- +goose Down
ALTER TABLE idp_grants DROP COLUMN particulars;
