-- +goose Up
-- An address that is not verified is no name where another one of its user is.
DELETE FROM userpool_names WHERE kind IN ('email', 'phone_number') AND EXISTS (
	SELECT 1 FROM userpool_users u JOIN userpool_pools p ON p.id = u.pool
	WHERE u.seq = userpool_names.owner AND p.username_attributes LIKE '%"email"%' AND p.username_attributes LIKE '%"phone_number"%'
		AND coalesce(json_extract(u.attributes, '$.' || kind || '_verified'), '') <> 'true'
		AND (json_extract(u.attributes, '$.email_verified') = 'true' OR json_extract(u.attributes, '$.phone_number_verified') = 'true'));

-- +goose Down
SELECT 1;
