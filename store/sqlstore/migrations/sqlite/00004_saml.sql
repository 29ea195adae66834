-- +goose Up
CREATE TABLE saml_applications (
	pool      TEXT NOT NULL REFERENCES userpool_pools (id) ON DELETE CASCADE,
	id        TEXT NOT NULL,
	entity_id TEXT NOT NULL,
	doc       TEXT NOT NULL, -- JSON
	created   INTEGER NOT NULL,
	modified  INTEGER NOT NULL,
	PRIMARY KEY (pool, id),
	UNIQUE (pool, entity_id)
);

-- +goose Down
DROP TABLE saml_applications;
