-- +goose Up
-- What belongs to one user carries the user's sub, by which it is found, and the
-- row number, which takes it away with the user.
CREATE TABLE userpool_devices (
	pool   TEXT COLLATE "C" NOT NULL,
	key    TEXT COLLATE "C" NOT NULL,
	sub    TEXT COLLATE "C" NOT NULL,
	owner  BIGINT NOT NULL REFERENCES userpool_users (seq) ON DELETE CASCADE,
	secret BYTEA NOT NULL, -- salt and verifier, sealed
	doc    TEXT NOT NULL,  -- JSON
	PRIMARY KEY (pool, key)
);
CREATE INDEX userpool_devices_user ON userpool_devices (pool, sub, key);
CREATE INDEX userpool_devices_owner ON userpool_devices (owner);

CREATE TABLE userpool_passkeys (
	pool  TEXT COLLATE "C" NOT NULL,
	id    TEXT COLLATE "C" NOT NULL, -- base64url
	sub   TEXT COLLATE "C" NOT NULL,
	owner BIGINT NOT NULL REFERENCES userpool_users (seq) ON DELETE CASCADE,
	doc   TEXT NOT NULL, -- JSON
	PRIMARY KEY (pool, id)
);
CREATE INDEX userpool_passkeys_user ON userpool_passkeys (pool, sub, id);
CREATE INDEX userpool_passkeys_owner ON userpool_passkeys (owner);

CREATE TABLE userpool_recovery_codes (
	pool  TEXT COLLATE "C" NOT NULL,
	sub   TEXT COLLATE "C" NOT NULL,
	hash  BYTEA NOT NULL, -- keyed
	owner BIGINT NOT NULL REFERENCES userpool_users (seq) ON DELETE CASCADE,
	PRIMARY KEY (pool, sub, hash)
);
CREATE INDEX userpool_recovery_codes_owner ON userpool_recovery_codes (owner);

-- +goose Down
DROP TABLE userpool_recovery_codes;
DROP TABLE userpool_passkeys;
DROP TABLE userpool_devices;
