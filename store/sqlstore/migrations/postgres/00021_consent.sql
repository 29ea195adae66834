-- +goose Up
CREATE TABLE idp_consents (
	pool     TEXT COLLATE "C" NOT NULL,
	sub      TEXT COLLATE "C" NOT NULL,
	client   TEXT COLLATE "C" NOT NULL REFERENCES userpool_clients (id) ON DELETE CASCADE,
	given    BIGINT NOT NULL,
	modified BIGINT NOT NULL,
	doc      TEXT NOT NULL, -- JSON
	owner    BIGINT NOT NULL REFERENCES userpool_users (seq) ON DELETE CASCADE,
	PRIMARY KEY (pool, sub, client)
);
CREATE INDEX idp_consents_client ON idp_consents (client);
CREATE INDEX idp_consents_owner ON idp_consents (owner);

-- +goose Down
DROP TABLE idp_consents;
