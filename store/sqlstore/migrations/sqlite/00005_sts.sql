-- +goose Up
-- Each table keeps whole entities as JSON: they are read by name, and changed as one.
CREATE TABLE sts_roles (
	account TEXT NOT NULL,
	name    TEXT NOT NULL, -- lower case
	entity  TEXT NOT NULL,
	PRIMARY KEY (account, name)
);
CREATE TABLE sts_users (
	account TEXT NOT NULL,
	name    TEXT NOT NULL, -- lower case
	entity  TEXT NOT NULL,
	PRIMARY KEY (account, name)
);
CREATE TABLE sts_access_keys (
	account TEXT NOT NULL,
	name    TEXT NOT NULL, -- access key ID
	entity  BLOB NOT NULL, -- sealed
	PRIMARY KEY (account, name)
);
CREATE TABLE sts_policies (
	account TEXT NOT NULL,
	name    TEXT NOT NULL, -- lower case
	entity  TEXT NOT NULL,
	PRIMARY KEY (account, name)
);
CREATE TABLE sts_saml_providers (
	account TEXT NOT NULL,
	name    TEXT NOT NULL, -- lower case
	entity  TEXT NOT NULL,
	PRIMARY KEY (account, name)
);
CREATE TABLE sts_oidc_providers (
	account TEXT NOT NULL,
	name    TEXT NOT NULL, -- URL without scheme
	entity  TEXT NOT NULL,
	PRIMARY KEY (account, name)
);

-- +goose Down
DROP TABLE sts_oidc_providers;
DROP TABLE sts_saml_providers;
DROP TABLE sts_policies;
DROP TABLE sts_access_keys;
DROP TABLE sts_users;
DROP TABLE sts_roles;
