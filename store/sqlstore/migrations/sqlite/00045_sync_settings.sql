-- +goose Up
CREATE TABLE sync_settings (
	pool       TEXT NOT NULL PRIMARY KEY REFERENCES identity_pool (id) ON DELETE CASCADE,
	doc        TEXT NOT NULL,    -- JSON
	publishing BOOLEAN NOT NULL, -- all data of the pool, to its stream
	held       INTEGER NOT NULL   -- by the node that does it, until then
);
CREATE INDEX sync_settings_due ON sync_settings (publishing, held);

CREATE TABLE sync_stream_outbox ( -- an outbox as the messages' is
	id          TEXT PRIMARY KEY,
	pool        TEXT NOT NULL,
	medium      TEXT NOT NULL,
	kind        TEXT NOT NULL,
	destination TEXT NOT NULL,
	sealed      BLOB NOT NULL,
	created     INTEGER NOT NULL,
	due         INTEGER NOT NULL,
	tries       INTEGER NOT NULL,
	closed      INTEGER NOT NULL,
	reason      TEXT NOT NULL
);
CREATE INDEX sync_stream_outbox_due ON sync_stream_outbox (closed, due);
CREATE INDEX sync_stream_outbox_log ON sync_stream_outbox (pool, created, id);

-- +goose Down
DROP TABLE sync_stream_outbox;
DROP TABLE sync_settings;
