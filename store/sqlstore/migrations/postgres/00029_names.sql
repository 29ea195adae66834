-- +goose Up
-- An address that is not verified is no name where another one of its user is.
DELETE FROM userpool_names n USING userpool_users u, userpool_pools p
WHERE n.kind IN ('email', 'phone_number') AND u.seq = n.owner AND p.id = u.pool
	AND p.username_attributes LIKE '%"email"%' AND p.username_attributes LIKE '%"phone_number"%'
	AND coalesce(u.attributes::json ->> (n.kind || '_verified'), '') <> 'true'
	AND (u.attributes::json ->> 'email_verified' = 'true' OR u.attributes::json ->> 'phone_number_verified' = 'true');

-- +goose Down
SELECT 1;
