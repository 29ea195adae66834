-- +goose Up
-- Under which names users carry attributes that are called otherwise now: see
-- attributeKeys. Empty where none was renamed or removed.
ALTER TABLE userpool_pools ADD COLUMN attribute_keys TEXT NOT NULL DEFAULT ''; -- JSON

-- Removed attributes whose values are still being deleted from users.
CREATE TABLE userpool_erasures (
	pool  TEXT COLLATE "C" NOT NULL REFERENCES userpool_pools (id) ON DELETE CASCADE,
	key   TEXT COLLATE "C" NOT NULL,
	after BIGINT NOT NULL, -- userpool_users.seq: users up to it are done
	PRIMARY KEY (pool, key)
);

-- +goose Down
DROP TABLE userpool_erasures;
ALTER TABLE userpool_pools DROP COLUMN attribute_keys;
