-- +goose Up
CREATE TABLE saml_applications (
	pool      TEXT NOT NULL REFERENCES userpool_pools (id) ON DELETE CASCADE,
	id        TEXT COLLATE "C" NOT NULL,
	entity_id TEXT NOT NULL,
	doc       TEXT NOT NULL, -- JSON
	created   BIGINT NOT NULL,
	modified  BIGINT NOT NULL,
	PRIMARY KEY (pool, id),
	UNIQUE (pool, entity_id)
);

-- +goose Down
DROP TABLE saml_applications;
