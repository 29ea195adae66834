-- +goose Up
CREATE TABLE userpool_events (
	pool    TEXT COLLATE "C" NOT NULL,
	sub     TEXT COLLATE "C" NOT NULL,
	place   TEXT COLLATE "C" NOT NULL, -- the newest first: see eventPlace
	id      TEXT COLLATE "C" NOT NULL,
	owner   BIGINT NOT NULL REFERENCES userpool_users (seq) ON DELETE CASCADE,
	created BIGINT NOT NULL, -- microseconds
	doc     TEXT NOT NULL, -- JSON
	PRIMARY KEY (pool, sub, place)
);
CREATE UNIQUE INDEX userpool_events_id ON userpool_events (pool, sub, id);
CREATE INDEX userpool_events_owner ON userpool_events (owner);
CREATE INDEX userpool_events_created ON userpool_events (created);

-- +goose Down
DROP TABLE userpool_events;
