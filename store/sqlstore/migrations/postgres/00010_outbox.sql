-- +goose Up
CREATE TABLE outbox (
	id      TEXT PRIMARY KEY,
	pool    TEXT NOT NULL,
	medium  TEXT NOT NULL,
	kind    TEXT NOT NULL,
	sealed  BYTEA NOT NULL,
	created BIGINT NOT NULL,
	due     BIGINT NOT NULL,
	tries   BIGINT NOT NULL,
	closed  BIGINT NOT NULL,
	reason  TEXT NOT NULL
);
CREATE INDEX outbox_due ON outbox (closed, due);

-- +goose Down
DROP TABLE outbox;
