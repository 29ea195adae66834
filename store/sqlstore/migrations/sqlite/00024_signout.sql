-- +goose Up
ALTER TABLE idp_sessions ADD COLUMN root TEXT NOT NULL DEFAULT '';
UPDATE idp_sessions SET root = id;

CREATE TABLE idp_participants (
	pool    TEXT NOT NULL,
	sub     TEXT NOT NULL,
	root    TEXT NOT NULL, -- of the browser's sessions
	client  TEXT NOT NULL,
	joined  INTEGER NOT NULL,
	expires INTEGER NOT NULL,
	PRIMARY KEY (pool, sub, root, client)
) WITHOUT ROWID;
CREATE INDEX idp_participants_expires ON idp_participants (expires);

CREATE TABLE idp_farewells ( -- an outbox as the messages' is
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
CREATE INDEX idp_farewells_due ON idp_farewells (closed, due);
CREATE INDEX idp_farewells_log ON idp_farewells (pool, created, id);

-- +goose Down
DROP TABLE idp_farewells;
DROP TABLE idp_participants;
ALTER TABLE idp_sessions DROP COLUMN root;
