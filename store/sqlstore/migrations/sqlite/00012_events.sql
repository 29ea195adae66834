-- +goose Up
CREATE TABLE userpool_events (
	pool    TEXT NOT NULL,
	sub     TEXT NOT NULL,
	place   TEXT NOT NULL, -- the newest first: see eventPlace
	id      TEXT NOT NULL,
	owner   INTEGER NOT NULL REFERENCES userpool_users (seq) ON DELETE CASCADE,
	created INTEGER NOT NULL, -- microseconds
	doc     TEXT NOT NULL, -- JSON
	PRIMARY KEY (pool, sub, place)
) WITHOUT ROWID;
CREATE UNIQUE INDEX userpool_events_id ON userpool_events (pool, sub, id);
CREATE INDEX userpool_events_owner ON userpool_events (owner);
CREATE INDEX userpool_events_created ON userpool_events (created);

-- +goose Down
DROP TABLE userpool_events;
