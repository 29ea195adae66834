-- +goose Up
ALTER TABLE idp_participants RENAME TO idp_participants_before;
CREATE TABLE idp_participants (
	pool    TEXT COLLATE "C" NOT NULL,
	sub     TEXT COLLATE "C" NOT NULL,
	root    TEXT COLLATE "C" NOT NULL, -- of the browser's sessions
	kind    TEXT COLLATE "C" NOT NULL, -- '' or 'saml'
	client  TEXT COLLATE "C" NOT NULL,
	data    BYTEA, -- for those of the kind
	joined  BIGINT NOT NULL,
	expires BIGINT NOT NULL,
	PRIMARY KEY (pool, sub, root, kind, client)
);
INSERT INTO idp_participants (pool, sub, root, kind, client, joined, expires)
	SELECT pool, sub, root, '', client, joined, expires FROM idp_participants_before;
DROP TABLE idp_participants_before;
CREATE INDEX idp_participants_expires ON idp_participants (expires);

-- +goose Down
ALTER TABLE idp_participants RENAME TO idp_participants_before;
CREATE TABLE idp_participants (
	pool    TEXT COLLATE "C" NOT NULL,
	sub     TEXT COLLATE "C" NOT NULL,
	root    TEXT COLLATE "C" NOT NULL,
	client  TEXT COLLATE "C" NOT NULL,
	joined  BIGINT NOT NULL,
	expires BIGINT NOT NULL,
	PRIMARY KEY (pool, sub, root, client)
);
INSERT INTO idp_participants (pool, sub, root, client, joined, expires)
	SELECT pool, sub, root, client, joined, expires FROM idp_participants_before WHERE kind = '';
DROP TABLE idp_participants_before;
CREATE INDEX idp_participants_expires ON idp_participants (expires);
