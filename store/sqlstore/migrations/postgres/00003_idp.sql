-- +goose Up
CREATE TABLE idp_sessions (
	pool       TEXT NOT NULL,
	id         TEXT NOT NULL, -- SHA-256 of the cookie
	sub        TEXT NOT NULL,
	auth_time  BIGINT NOT NULL,
	methods    TEXT NOT NULL,
	created    BIGINT NOT NULL,
	last_seen  BIGINT NOT NULL,
	expires    BIGINT NOT NULL,
	life_limit BIGINT NOT NULL,
	address    TEXT NOT NULL,
	user_agent TEXT NOT NULL,
	PRIMARY KEY (pool, id)
);
CREATE INDEX idp_sessions_sub ON idp_sessions (pool, sub);
CREATE INDEX idp_sessions_expires ON idp_sessions (expires);

CREATE TABLE idp_grants (
	pool         TEXT NOT NULL,
	code         TEXT NOT NULL, -- SHA-256
	client       TEXT NOT NULL,
	sub          TEXT NOT NULL,
	session      TEXT NOT NULL,
	scopes       TEXT NOT NULL,
	nonce        TEXT NOT NULL,
	auth_time    BIGINT NOT NULL,
	challenge    TEXT NOT NULL,
	redirect_uri TEXT NOT NULL,
	resource     TEXT NOT NULL,
	created      BIGINT NOT NULL,
	expires      BIGINT NOT NULL,
	redeemed_by  TEXT NOT NULL,
	redeemed     BIGINT NOT NULL,
	replayed     BIGINT NOT NULL,
	family       TEXT NOT NULL,
	PRIMARY KEY (pool, code)
);
CREATE INDEX idp_grants_expires ON idp_grants (expires);

-- +goose Down
DROP TABLE idp_grants;
DROP TABLE idp_sessions;
