-- +goose Up
-- The stamp of the settings (pools, app clients, resource servers): a random number, another
-- one after each transaction that wrote any of them. Who read a row while the stamp was
-- the same need not read it again.
CREATE TABLE settings_stamp (
	id    BIGINT NOT NULL PRIMARY KEY,
	stamp BIGINT NOT NULL
);
INSERT INTO settings_stamp (id, stamp) VALUES (1, 1);

-- Once a transaction, and at its end: what it locks last it waits for longest, and holds
-- for nobody else.
-- +goose StatementBegin
CREATE FUNCTION stamp_settings() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	UPDATE settings_stamp SET stamp = hashtextextended(gen_random_uuid()::text, 0)
		WHERE id = 1 AND xmin <> pg_current_xact_id()::xid;
	RETURN NULL;
END $$;
-- +goose StatementEnd
CREATE CONSTRAINT TRIGGER userpool_pools_stamp AFTER INSERT OR UPDATE OR DELETE ON userpool_pools
	DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION stamp_settings();
CREATE CONSTRAINT TRIGGER userpool_clients_stamp AFTER INSERT OR UPDATE OR DELETE ON userpool_clients
	DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION stamp_settings();
CREATE CONSTRAINT TRIGGER userpool_resource_servers_stamp AFTER INSERT OR UPDATE OR DELETE ON userpool_resource_servers
	DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION stamp_settings();

-- +goose Down
DROP TRIGGER userpool_pools_stamp ON userpool_pools;
DROP TRIGGER userpool_clients_stamp ON userpool_clients;
DROP TRIGGER userpool_resource_servers_stamp ON userpool_resource_servers;
DROP FUNCTION stamp_settings();
DROP TABLE settings_stamp;
