-- +goose Up
CREATE TABLE audit (
	segment    TEXT NOT NULL,
	seq        INTEGER NOT NULL,
	time       INTEGER NOT NULL,
	event_id   TEXT NOT NULL,
	source     TEXT NOT NULL,
	name       TEXT NOT NULL,
	user_name  TEXT NOT NULL,
	access_key TEXT NOT NULL,
	record     TEXT NOT NULL,
	prev       BLOB NOT NULL,
	hash       BLOB NOT NULL,
	PRIMARY KEY (segment, seq)
);
CREATE INDEX audit_time ON audit (time, segment, seq);
CREATE INDEX audit_event_id ON audit (event_id);
CREATE INDEX audit_name ON audit (name, time);
CREATE INDEX audit_user ON audit (user_name, time);

-- +goose Down
DROP TABLE audit;
