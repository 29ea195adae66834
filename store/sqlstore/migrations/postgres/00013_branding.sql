-- +goose Up
ALTER TABLE userpool_pools ADD COLUMN custom_domain TEXT COLLATE "C"; -- NULL without one
CREATE UNIQUE INDEX userpool_pools_custom ON userpool_pools (custom_domain);

CREATE TABLE userpool_branding (
	pool   TEXT COLLATE "C" NOT NULL REFERENCES userpool_pools (id) ON DELETE CASCADE,
	id     TEXT COLLATE "C" NOT NULL,
	client TEXT COLLATE "C" NOT NULL UNIQUE REFERENCES userpool_clients (id) ON DELETE CASCADE,
	doc    TEXT NOT NULL, -- JSON, without the images
	PRIMARY KEY (pool, id)
);

-- The classic customization of a client, or of all (client ALL, owner NULL).
CREATE TABLE userpool_ui (
	pool   TEXT COLLATE "C" NOT NULL REFERENCES userpool_pools (id) ON DELETE CASCADE,
	client TEXT COLLATE "C" NOT NULL,
	owner  TEXT COLLATE "C" UNIQUE REFERENCES userpool_clients (id) ON DELETE CASCADE,
	doc    TEXT NOT NULL, -- JSON, without the image
	PRIMARY KEY (pool, client)
);

-- Images, by content. They go when their record is written anew.
CREATE TABLE userpool_images (
	pool   TEXT COLLATE "C" NOT NULL REFERENCES userpool_pools (id) ON DELETE CASCADE,
	hash   TEXT COLLATE "C" NOT NULL, -- of the body
	record TEXT COLLATE "C" NOT NULL, -- branding/{id}, ui/{client} or logo/{client}
	client TEXT COLLATE "C" REFERENCES userpool_clients (id) ON DELETE CASCADE, -- NULL for all
	type   TEXT COLLATE "C" NOT NULL, -- png, svg …
	body   BYTEA NOT NULL,
	PRIMARY KEY (pool, hash, record)
);
CREATE INDEX userpool_images_record ON userpool_images (pool, record);
CREATE INDEX userpool_images_client ON userpool_images (client);

CREATE TABLE userpool_terms (
	pool   TEXT COLLATE "C" NOT NULL REFERENCES userpool_pools (id) ON DELETE CASCADE,
	id     TEXT COLLATE "C" NOT NULL,
	client TEXT COLLATE "C" NOT NULL REFERENCES userpool_clients (id) ON DELETE CASCADE,
	name   TEXT COLLATE "C" NOT NULL,
	doc    TEXT NOT NULL, -- JSON
	PRIMARY KEY (pool, id),
	UNIQUE (client, name)
);

-- +goose Down
DROP TABLE userpool_terms;
DROP TABLE userpool_images;
DROP TABLE userpool_ui;
DROP TABLE userpool_branding;
DROP INDEX userpool_pools_custom;
ALTER TABLE userpool_pools DROP COLUMN custom_domain;
