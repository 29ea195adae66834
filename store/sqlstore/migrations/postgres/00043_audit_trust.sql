-- +goose Up
-- An administrator's write leaves an intent in its own transaction; the event that
-- tells of its outcome takes the intent's place.
CREATE TABLE audit_intents (
	id     TEXT NOT NULL PRIMARY KEY,
	time   BIGINT NOT NULL,
	record TEXT NOT NULL
);
CREATE INDEX audit_intents_time ON audit_intents (time);

-- Where each chain ends, how far checkpoints have it, and until when its process is
-- believed alive.
CREATE TABLE audit_segments (
	segment TEXT NOT NULL PRIMARY KEY,
	seq     BIGINT NOT NULL,
	hash    BYTEA NOT NULL,
	marked  BIGINT NOT NULL DEFAULT 0,
	alive   BIGINT NOT NULL DEFAULT 0
);
INSERT INTO audit_segments (segment, seq, hash)
	SELECT a.segment, a.seq, a.hash FROM audit a
	JOIN (SELECT segment, MAX(seq) AS seq FROM audit GROUP BY segment) last ON last.segment = a.segment AND last.seq = a.seq;

-- Signed statements of where the chains ended, a chain themselves.
CREATE TABLE audit_checkpoints (
	number BIGINT NOT NULL PRIMARY KEY,
	jws    TEXT NOT NULL
);

-- How far each sink has got with each chain.
CREATE TABLE audit_cursors (
	sink    TEXT NOT NULL,
	segment TEXT NOT NULL,
	seq     BIGINT NOT NULL,
	PRIMARY KEY (sink, segment)
);

-- +goose Down
DROP TABLE audit_cursors;
DROP TABLE audit_checkpoints;
DROP TABLE audit_segments;
DROP TABLE audit_intents;
