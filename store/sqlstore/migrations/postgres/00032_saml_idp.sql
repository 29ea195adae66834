-- +goose Up
CREATE TABLE saml_pools (
	pool TEXT COLLATE "C" PRIMARY KEY REFERENCES userpool_pools (id) ON DELETE CASCADE,
	doc  TEXT NOT NULL -- JSON
);

CREATE TABLE saml_names ( -- who is known to an app by a persistent name
	pool  TEXT COLLATE "C" NOT NULL,
	app   TEXT COLLATE "C" NOT NULL,
	sub   TEXT COLLATE "C" NOT NULL,
	owner BIGINT NOT NULL REFERENCES userpool_users (seq) ON DELETE CASCADE,
	PRIMARY KEY (pool, app, sub),
	FOREIGN KEY (pool, app) REFERENCES saml_applications (pool, id) ON DELETE CASCADE
);
CREATE INDEX saml_names_owner ON saml_names (owner);

ALTER TABLE saml_applications ADD COLUMN due BIGINT NOT NULL DEFAULT 0; -- when its metadata is fetched; 0 for never
CREATE INDEX saml_applications_due ON saml_applications (due);
UPDATE saml_applications SET due = 1 WHERE doc::json ->> 'MetadataURL' <> '';

-- +goose Down
DROP INDEX saml_applications_due;
ALTER TABLE saml_applications DROP COLUMN due;
DROP TABLE saml_names;
DROP TABLE saml_pools;
