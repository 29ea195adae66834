-- +goose Up
CREATE TABLE userpool_imports (
	pool   TEXT NOT NULL REFERENCES userpool_pools (id) ON DELETE CASCADE,
	id     TEXT NOT NULL,
	status TEXT NOT NULL,
	held   BIGINT NOT NULL, -- by the node that runs it, until then
	doc    TEXT NOT NULL, -- JSON
	PRIMARY KEY (pool, id)
);
CREATE INDEX userpool_imports_due ON userpool_imports (status, held);

CREATE TABLE userpool_import_chunks (
	pool  TEXT NOT NULL,
	id    TEXT NOT NULL,
	n     INTEGER NOT NULL,
	data  BYTEA NOT NULL,
	PRIMARY KEY (pool, id, n),
	FOREIGN KEY (pool, id) REFERENCES userpool_imports (pool, id) ON DELETE CASCADE
);

CREATE TABLE userpool_import_failures (
	pool     TEXT NOT NULL,
	id       TEXT NOT NULL,
	line     INTEGER NOT NULL,
	username TEXT NOT NULL,
	reason   TEXT NOT NULL,
	PRIMARY KEY (pool, id, line),
	FOREIGN KEY (pool, id) REFERENCES userpool_imports (pool, id) ON DELETE CASCADE
);

-- +goose Down
DROP TABLE userpool_import_failures;
DROP TABLE userpool_import_chunks;
DROP TABLE userpool_imports;
