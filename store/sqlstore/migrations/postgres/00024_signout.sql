-- +goose Up
ALTER TABLE idp_sessions ADD COLUMN root TEXT NOT NULL DEFAULT '';
UPDATE idp_sessions SET root = id;

CREATE TABLE idp_participants (
	pool    TEXT COLLATE "C" NOT NULL,
	sub     TEXT COLLATE "C" NOT NULL,
	root    TEXT COLLATE "C" NOT NULL, -- of the browser's sessions
	client  TEXT COLLATE "C" NOT NULL,
	joined  BIGINT NOT NULL,
	expires BIGINT NOT NULL,
	PRIMARY KEY (pool, sub, root, client)
);
CREATE INDEX idp_participants_expires ON idp_participants (expires);

CREATE TABLE idp_farewells ( -- an outbox as the messages' is
	id          TEXT PRIMARY KEY,
	pool        TEXT NOT NULL,
	medium      TEXT NOT NULL,
	kind        TEXT NOT NULL,
	destination TEXT NOT NULL,
	sealed      BYTEA NOT NULL,
	created     BIGINT NOT NULL,
	due         BIGINT NOT NULL,
	tries       BIGINT NOT NULL,
	closed      BIGINT NOT NULL,
	reason      TEXT NOT NULL
);
CREATE INDEX idp_farewells_due ON idp_farewells (closed, due);
CREATE INDEX idp_farewells_log ON idp_farewells (pool, created, id);

-- +goose Down
DROP TABLE idp_farewells;
DROP TABLE idp_participants;
ALTER TABLE idp_sessions DROP COLUMN root;
