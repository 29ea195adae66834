-- +goose Up
ALTER TABLE outbox ADD COLUMN destination TEXT NOT NULL DEFAULT '';
CREATE INDEX outbox_log ON outbox (pool, created, id);

-- +goose Down
DROP INDEX outbox_log;
ALTER TABLE outbox DROP COLUMN destination;
