-- +goose Up
-- The stamp of the settings (pools, app clients, resource servers): a random number, another
-- one after each transaction that wrote any of them. Who read a row while the stamp was
-- the same need not read it again.
CREATE TABLE settings_stamp (
	id    INTEGER NOT NULL PRIMARY KEY,
	stamp INTEGER NOT NULL
);
INSERT INTO settings_stamp (id, stamp) VALUES (1, 1);

-- +goose StatementBegin
CREATE TRIGGER userpool_pools_stamp_insert AFTER INSERT ON userpool_pools BEGIN
	UPDATE settings_stamp SET stamp = random() WHERE id = 1;
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER userpool_pools_stamp_update AFTER UPDATE ON userpool_pools BEGIN
	UPDATE settings_stamp SET stamp = random() WHERE id = 1;
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER userpool_pools_stamp_delete AFTER DELETE ON userpool_pools BEGIN
	UPDATE settings_stamp SET stamp = random() WHERE id = 1;
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER userpool_clients_stamp_insert AFTER INSERT ON userpool_clients BEGIN
	UPDATE settings_stamp SET stamp = random() WHERE id = 1;
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER userpool_clients_stamp_update AFTER UPDATE ON userpool_clients BEGIN
	UPDATE settings_stamp SET stamp = random() WHERE id = 1;
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER userpool_clients_stamp_delete AFTER DELETE ON userpool_clients BEGIN
	UPDATE settings_stamp SET stamp = random() WHERE id = 1;
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER userpool_resource_servers_stamp_insert AFTER INSERT ON userpool_resource_servers BEGIN
	UPDATE settings_stamp SET stamp = random() WHERE id = 1;
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER userpool_resource_servers_stamp_update AFTER UPDATE ON userpool_resource_servers BEGIN
	UPDATE settings_stamp SET stamp = random() WHERE id = 1;
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER userpool_resource_servers_stamp_delete AFTER DELETE ON userpool_resource_servers BEGIN
	UPDATE settings_stamp SET stamp = random() WHERE id = 1;
END;
-- +goose StatementEnd

-- +goose Down
DROP TRIGGER userpool_pools_stamp_insert;
DROP TRIGGER userpool_pools_stamp_update;
DROP TRIGGER userpool_pools_stamp_delete;
DROP TRIGGER userpool_clients_stamp_insert;
DROP TRIGGER userpool_clients_stamp_update;
DROP TRIGGER userpool_clients_stamp_delete;
DROP TRIGGER userpool_resource_servers_stamp_insert;
DROP TRIGGER userpool_resource_servers_stamp_update;
DROP TRIGGER userpool_resource_servers_stamp_delete;
DROP TABLE settings_stamp;
