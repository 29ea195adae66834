-- +goose Up
CREATE TABLE idp_consents (
	pool     TEXT NOT NULL,
	sub      TEXT NOT NULL,
	client   TEXT NOT NULL REFERENCES userpool_clients (id) ON DELETE CASCADE,
	given    INTEGER NOT NULL,
	modified INTEGER NOT NULL,
	doc      TEXT NOT NULL, -- JSON
	owner    INTEGER NOT NULL REFERENCES userpool_users (seq) ON DELETE CASCADE,
	PRIMARY KEY (pool, sub, client)
) WITHOUT ROWID;
CREATE INDEX idp_consents_client ON idp_consents (client);
CREATE INDEX idp_consents_owner ON idp_consents (owner);

-- +goose Down
DROP TABLE idp_consents;
