-- +goose Up
-- Under which names users carry attributes that are called otherwise now: see
-- attributeKeys. Empty where none was renamed or removed.
ALTER TABLE userpool_pools ADD COLUMN attribute_keys TEXT NOT NULL DEFAULT ''; -- JSON

-- Removed attributes whose values are still being deleted from users.
CREATE TABLE userpool_erasures (
	pool  TEXT NOT NULL REFERENCES userpool_pools (id) ON DELETE CASCADE,
	key   TEXT NOT NULL,
	after INTEGER NOT NULL, -- userpool_users.seq: users up to it are done
	PRIMARY KEY (pool, key)
) WITHOUT ROWID;

-- +goose Down
DROP TABLE userpool_erasures;
ALTER TABLE userpool_pools DROP COLUMN attribute_keys;
