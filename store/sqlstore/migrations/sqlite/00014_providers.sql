-- +goose Up
CREATE TABLE userpool_providers (
	pool    TEXT NOT NULL REFERENCES userpool_pools (id) ON DELETE CASCADE,
	name    TEXT NOT NULL,
	details BLOB NOT NULL, -- sealed: client secrets are among them
	doc     TEXT NOT NULL, -- JSON, without the details
	PRIMARY KEY (pool, name)
) WITHOUT ROWID;

-- Other names of providers.
CREATE TABLE userpool_provider_identifiers (
	pool       TEXT NOT NULL,
	identifier TEXT NOT NULL,
	provider   TEXT NOT NULL,
	PRIMARY KEY (pool, identifier),
	FOREIGN KEY (pool, provider) REFERENCES userpool_providers (pool, name) ON DELETE CASCADE
) WITHOUT ROWID;
CREATE INDEX userpool_provider_identifiers_provider ON userpool_provider_identifiers (pool, provider);

-- Whom somebody at a provider signs in as.
CREATE TABLE userpool_identities (
	pool      TEXT NOT NULL,
	provider  TEXT NOT NULL,
	attribute TEXT NOT NULL, -- Cognito_Subject, or a claim
	value     TEXT NOT NULL,
	owner     INTEGER NOT NULL REFERENCES userpool_users (seq) ON DELETE CASCADE,
	doc       TEXT NOT NULL, -- JSON
	PRIMARY KEY (pool, provider, attribute, value),
	FOREIGN KEY (pool, provider) REFERENCES userpool_providers (pool, name) ON DELETE CASCADE
) WITHOUT ROWID;
CREATE INDEX userpool_identities_owner ON userpool_identities (owner);

-- +goose Down
DROP TABLE userpool_identities;
DROP TABLE userpool_provider_identifiers;
DROP TABLE userpool_providers;
