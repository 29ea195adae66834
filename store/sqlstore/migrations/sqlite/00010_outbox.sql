-- +goose Up
CREATE TABLE outbox (
	id      TEXT PRIMARY KEY,
	pool    TEXT NOT NULL,
	medium  TEXT NOT NULL,
	kind    TEXT NOT NULL,
	sealed  BLOB NOT NULL,
	created INTEGER NOT NULL,
	due     INTEGER NOT NULL,
	tries   INTEGER NOT NULL,
	closed  INTEGER NOT NULL,
	reason  TEXT NOT NULL
);
CREATE INDEX outbox_due ON outbox (closed, due);

-- +goose Down
DROP TABLE outbox;
