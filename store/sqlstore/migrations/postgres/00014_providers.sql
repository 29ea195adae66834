-- +goose Up
CREATE TABLE userpool_providers (
	pool    TEXT COLLATE "C" NOT NULL REFERENCES userpool_pools (id) ON DELETE CASCADE,
	name    TEXT COLLATE "C" NOT NULL,
	details BYTEA NOT NULL, -- sealed: client secrets are among them
	doc     TEXT NOT NULL, -- JSON, without the details
	PRIMARY KEY (pool, name)
);

-- Other names of providers.
CREATE TABLE userpool_provider_identifiers (
	pool       TEXT COLLATE "C" NOT NULL,
	identifier TEXT COLLATE "C" NOT NULL,
	provider   TEXT COLLATE "C" NOT NULL,
	PRIMARY KEY (pool, identifier),
	FOREIGN KEY (pool, provider) REFERENCES userpool_providers (pool, name) ON DELETE CASCADE
);
CREATE INDEX userpool_provider_identifiers_provider ON userpool_provider_identifiers (pool, provider);

-- Whom somebody at a provider signs in as.
CREATE TABLE userpool_identities (
	pool      TEXT COLLATE "C" NOT NULL,
	provider  TEXT COLLATE "C" NOT NULL,
	attribute TEXT COLLATE "C" NOT NULL, -- Cognito_Subject, or a claim
	value     TEXT COLLATE "C" NOT NULL,
	owner     BIGINT NOT NULL REFERENCES userpool_users (seq) ON DELETE CASCADE,
	doc       TEXT NOT NULL, -- JSON
	PRIMARY KEY (pool, provider, attribute, value),
	FOREIGN KEY (pool, provider) REFERENCES userpool_providers (pool, name) ON DELETE CASCADE
);
CREATE INDEX userpool_identities_owner ON userpool_identities (owner);

-- +goose Down
DROP TABLE userpool_identities;
DROP TABLE userpool_provider_identifiers;
DROP TABLE userpool_providers;
