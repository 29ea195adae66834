package sqlstore

// UserpoolQueries are the statements whose plans are tested.
var UserpoolQueries = map[string]string{
	"user":             `SELECT ` + userColumns + byName,
	"user by sub":      `SELECT ` + userColumns + byName + ` AND u.sub = $2`,
	"user by username": `SELECT ` + userColumns + byName + ` AND n.kind = 'username'`,
	"user in any case": `SELECT ` + userColumns + byFoldedName + exactFirst,
	"pool":             `SELECT doc FROM userpool_pools WHERE id = $1`,
	"pool by domain":   `SELECT doc FROM userpool_pools WHERE domain = $1`,
	"client":           `SELECT secret, doc FROM userpool_clients WHERE id = $1`,
	"list all":         listAll,
	"list equal":       listEqual,
	"list prefix":      listPrefix,
	"list members":     listMembers,
	"count":            `SELECT count(*) FROM userpool_users WHERE pool = $1`,
	"groups of a user": groupsOf(byName, "") + ` -- LIMIT 1 user's groups`,
	"in any case":      groupsOf(byFoldedName, exactFirst) + ` -- LIMIT 1 user's groups`,
	"expired families": `SELECT pool, id FROM userpool_families WHERE expires <= $1 ORDER BY expires LIMIT $2`,
	"device":           selectDevice,
	"devices":          listDevices,
	"passkeys":         listPasskeys,
	"recovery code":    hasRecoveryCode,
	"recovery codes":   countRecoveryCodes,
}
