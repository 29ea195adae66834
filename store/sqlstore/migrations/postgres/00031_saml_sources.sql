-- +goose Up
-- Metadata of SAML providers that are named by URL, as it was last good.
CREATE TABLE userpool_saml_sources (
	pool     TEXT COLLATE "C" NOT NULL,
	provider TEXT COLLATE "C" NOT NULL,
	url      TEXT NOT NULL,
	document BYTEA NOT NULL,
	etag     TEXT NOT NULL,
	fetched  BIGINT NOT NULL,
	next     BIGINT NOT NULL, -- when it is to be fetched again
	failures BIGINT NOT NULL,
	PRIMARY KEY (pool, provider),
	FOREIGN KEY (pool, provider) REFERENCES userpool_providers (pool, name) ON DELETE CASCADE
);
CREATE INDEX userpool_saml_sources_next ON userpool_saml_sources (next);

-- +goose Down
DROP TABLE userpool_saml_sources;
