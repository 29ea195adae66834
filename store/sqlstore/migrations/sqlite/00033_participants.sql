-- +goose Up
ALTER TABLE idp_participants RENAME TO idp_participants_before;
CREATE TABLE idp_participants (
	pool    TEXT NOT NULL,
	sub     TEXT NOT NULL,
	root    TEXT NOT NULL, -- of the browser's sessions
	kind    TEXT NOT NULL, -- '' or 'saml'
	client  TEXT NOT NULL,
	data    BLOB, -- for those of the kind
	joined  INTEGER NOT NULL,
	expires INTEGER NOT NULL,
	PRIMARY KEY (pool, sub, root, kind, client)
) WITHOUT ROWID;
INSERT INTO idp_participants (pool, sub, root, kind, client, joined, expires)
	SELECT pool, sub, root, '', client, joined, expires FROM idp_participants_before;
DROP TABLE idp_participants_before;
CREATE INDEX idp_participants_expires ON idp_participants (expires);

-- +goose Down
ALTER TABLE idp_participants RENAME TO idp_participants_before;
CREATE TABLE idp_participants (
	pool    TEXT NOT NULL,
	sub     TEXT NOT NULL,
	root    TEXT NOT NULL,
	client  TEXT NOT NULL,
	joined  INTEGER NOT NULL,
	expires INTEGER NOT NULL,
	PRIMARY KEY (pool, sub, root, client)
) WITHOUT ROWID;
INSERT INTO idp_participants (pool, sub, root, client, joined, expires)
	SELECT pool, sub, root, client, joined, expires FROM idp_participants_before WHERE kind = '';
DROP TABLE idp_participants_before;
CREATE INDEX idp_participants_expires ON idp_participants (expires);
