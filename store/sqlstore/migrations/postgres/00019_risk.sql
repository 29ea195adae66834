-- +goose Up
-- What is done about risks: of a client, or of the whole pool where client is empty.
CREATE TABLE userpool_risks (
	pool   TEXT COLLATE "C" NOT NULL REFERENCES userpool_pools (id) ON DELETE CASCADE,
	client TEXT COLLATE "C" NOT NULL,
	owner  TEXT COLLATE "C" REFERENCES userpool_clients (id) ON DELETE CASCADE, -- the client, if it is one
	doc    TEXT NOT NULL, -- JSON
	PRIMARY KEY (pool, client)
);
CREATE INDEX userpool_risks_owner ON userpool_risks (owner);

-- Where users sign in from.
CREATE TABLE userpool_habits (
	pool  TEXT COLLATE "C" NOT NULL,
	sub   TEXT COLLATE "C" NOT NULL,
	owner BIGINT NOT NULL REFERENCES userpool_users (seq) ON DELETE CASCADE,
	doc   TEXT NOT NULL, -- JSON
	PRIMARY KEY (pool, sub)
);
CREATE INDEX userpool_habits_owner ON userpool_habits (owner);

-- +goose Down
DROP TABLE userpool_habits;
DROP TABLE userpool_risks;
