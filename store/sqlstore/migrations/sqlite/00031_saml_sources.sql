-- +goose Up
-- Metadata of SAML providers that are named by URL, as it was last good.
CREATE TABLE userpool_saml_sources (
	pool     TEXT NOT NULL,
	provider TEXT NOT NULL,
	url      TEXT NOT NULL,
	document BLOB NOT NULL,
	etag     TEXT NOT NULL,
	fetched  INTEGER NOT NULL,
	next     INTEGER NOT NULL, -- when it is to be fetched again
	failures INTEGER NOT NULL,
	PRIMARY KEY (pool, provider),
	FOREIGN KEY (pool, provider) REFERENCES userpool_providers (pool, name) ON DELETE CASCADE
);
CREATE INDEX userpool_saml_sources_next ON userpool_saml_sources (next);

-- +goose Down
DROP TABLE userpool_saml_sources;
