-- +goose Up
CREATE TABLE userpool_pools (
	id                  TEXT PRIMARY KEY,
	domain              TEXT UNIQUE, -- NULL without one
	case_sensitive      INTEGER NOT NULL,
	alias_attributes    TEXT NOT NULL, -- JSON
	username_attributes TEXT NOT NULL, -- JSON
	doc                 TEXT NOT NULL  -- JSON
);

CREATE TABLE userpool_clients (
	id     TEXT PRIMARY KEY,
	pool   TEXT NOT NULL REFERENCES userpool_pools (id) ON DELETE CASCADE,
	secret BLOB NOT NULL, -- sealed; empty for a public client
	doc    TEXT NOT NULL  -- JSON
);
CREATE UNIQUE INDEX userpool_clients_pool ON userpool_clients (pool, id);

CREATE TABLE userpool_resource_servers (
	pool       TEXT NOT NULL REFERENCES userpool_pools (id) ON DELETE CASCADE,
	identifier TEXT NOT NULL,
	doc        TEXT NOT NULL, -- JSON
	PRIMARY KEY (pool, identifier)
) WITHOUT ROWID;

CREATE TABLE userpool_users (
	seq              INTEGER PRIMARY KEY AUTOINCREMENT, -- the order of lists
	pool             TEXT NOT NULL REFERENCES userpool_pools (id) ON DELETE CASCADE,
	username         TEXT NOT NULL,
	sub              TEXT NOT NULL,
	status           TEXT NOT NULL,
	enabled          INTEGER NOT NULL,
	created          INTEGER NOT NULL,
	modified         INTEGER NOT NULL,
	signed_out       INTEGER NOT NULL,
	attributes       TEXT NOT NULL, -- JSON
	password         TEXT NOT NULL, -- PHC string
	password_changed INTEGER NOT NULL,
	password_history TEXT NOT NULL, -- JSON
	srp_salt         BLOB NOT NULL,
	srp_verifier     BLOB NOT NULL  -- sealed
);
CREATE UNIQUE INDEX userpool_users_pool ON userpool_users (pool, seq);

-- Every string that leads to a user: username, sub, live aliases, in the form
-- in which the pool compares them.
CREATE TABLE userpool_names (
	pool  TEXT NOT NULL,
	value TEXT NOT NULL,
	kind  TEXT NOT NULL,
	owner INTEGER NOT NULL, -- userpool_users.seq
	PRIMARY KEY (pool, value)
) WITHOUT ROWID;

-- What users can be filtered by.
CREATE TABLE userpool_index (
	pool      TEXT NOT NULL,
	attribute TEXT NOT NULL,
	value     TEXT NOT NULL,
	owner     INTEGER NOT NULL, -- userpool_users.seq
	PRIMARY KEY (pool, attribute, value, owner)
) WITHOUT ROWID;

CREATE TABLE userpool_groups (
	pool       TEXT NOT NULL REFERENCES userpool_pools (id) ON DELETE CASCADE,
	name       TEXT NOT NULL,
	precedence INTEGER, -- NULL without one
	doc        TEXT NOT NULL, -- JSON
	PRIMARY KEY (pool, name)
) WITHOUT ROWID;

CREATE TABLE userpool_members (
	pool  TEXT NOT NULL,
	name  TEXT NOT NULL,
	owner INTEGER NOT NULL REFERENCES userpool_users (seq) ON DELETE CASCADE,
	PRIMARY KEY (pool, name, owner),
	FOREIGN KEY (pool, name) REFERENCES userpool_groups (pool, name) ON DELETE CASCADE
) WITHOUT ROWID;
CREATE UNIQUE INDEX userpool_members_owner ON userpool_members (owner, pool, name);

CREATE TABLE userpool_families (
	pool       TEXT NOT NULL REFERENCES userpool_pools (id) ON DELETE CASCADE,
	id         TEXT NOT NULL,
	expires    INTEGER NOT NULL,
	revoked    INTEGER NOT NULL,
	generation INTEGER NOT NULL,
	rotated    INTEGER NOT NULL,
	doc        TEXT NOT NULL, -- JSON
	PRIMARY KEY (pool, id)
) WITHOUT ROWID;
CREATE INDEX userpool_families_expires ON userpool_families (expires);

-- +goose Down
DROP TABLE userpool_families;
DROP TABLE userpool_members;
DROP TABLE userpool_groups;
DROP TABLE userpool_index;
DROP TABLE userpool_names;
DROP TABLE userpool_users;
DROP TABLE userpool_resource_servers;
DROP TABLE userpool_clients;
DROP TABLE userpool_pools;
