-- +goose Up
CREATE TABLE sts_settings (
	account TEXT NOT NULL,
	name    TEXT COLLATE "C" NOT NULL, -- always the same: one row an account
	entity  TEXT NOT NULL,
	PRIMARY KEY (account, name)
);
CREATE TABLE sts_mfa_devices (
	account TEXT NOT NULL,
	name    TEXT COLLATE "C" NOT NULL,
	entity  BYTEA NOT NULL, -- sealed
	PRIMARY KEY (account, name)
);

-- +goose Down
DROP TABLE sts_mfa_devices;
DROP TABLE sts_settings;
