-- +goose Up
CREATE TABLE identity_pool (
	id   TEXT PRIMARY KEY,
	data TEXT NOT NULL -- JSON
);

CREATE TABLE identity (
	id       TEXT PRIMARY KEY,
	pool     TEXT NOT NULL REFERENCES identity_pool (id) ON DELETE CASCADE,
	disabled INTEGER NOT NULL DEFAULT 0,
	created  INTEGER NOT NULL,
	modified INTEGER NOT NULL
);
CREATE UNIQUE INDEX identity_by_pool ON identity (pool, id);
CREATE INDEX identity_modified ON identity (modified);

CREATE TABLE identity_login (
	pool     TEXT NOT NULL,
	provider TEXT NOT NULL,
	subject  TEXT NOT NULL,
	identity TEXT NOT NULL REFERENCES identity (id) ON DELETE CASCADE,
	PRIMARY KEY (pool, provider, subject)
);
CREATE UNIQUE INDEX identity_login_owner ON identity_login (identity, provider);

-- +goose Down
DROP TABLE identity_login;
DROP TABLE identity;
DROP TABLE identity_pool;
