package userpool

import "context"

// The trigger sources of a migration.
const (
	MigrateSignIn         = "UserMigration_Authentication"
	MigrateForgotPassword = "UserMigration_ForgotPassword"
)

// A Migration is a user whom a function found in another directory.
type Migration struct {
	Attributes    map[string]string
	Status        Status   // Confirmed, or ResetRequired
	MessageAction string   // empty to invite, or SUPPRESS
	Mediums       []string // EMAIL, SMS
	ForceAlias    bool     // take verified aliases from their owners
	SMSMFA        bool
}

// Migrate asks for the user of a name that nobody has. The password is what was
// typed; empty for a forgotten one. It returns nil where the pool has no such
// trigger. Where nobody is found it is an ErrUserNotFound that says so, or nil for
// a client that hides who exists: the caller then goes on as for an unknown user.
func (t *Triggers) Migrate(ctx context.Context, p *Pool, c *Client, source, typed, password string) (*Migration, error) {
	request := struct {
		Password   string            `json:"password,omitempty"`
		Validation map[string]string `json:"validationData,omitempty"`
		metadata
	}{password, validationDataOf(ctx), metadataOf(ctx)}
	var out struct {
		Attributes    map[string]string `json:"userAttributes"`
		Status        *string           `json:"finalUserStatus"`
		MessageAction *string           `json:"messageAction"`
		Mediums       []string          `json:"desiredDeliveryMediums"`
		ForceAlias    *bool             `json:"forceAliasCreation"`
		SMSMFA        *bool             `json:"enableSMSMFA"`
	}
	ran, err := t.run(ctx, p, triggerMigration, newEvent(source, c.ID, typed, request), &out)
	if !ran || ctx.Err() != nil {
		return nil, err
	}
	if err != nil || len(out.Attributes) == 0 {
		return nil, notMigrated(c)
	}
	m := &Migration{Attributes: out.Attributes, Status: ResetRequired, MessageAction: deref(out.MessageAction),
		Mediums: out.Mediums, ForceAlias: deref(out.ForceAlias), SMSMFA: deref(out.SMSMFA)}
	if deref(out.Status) == string(Confirmed) {
		m.Status = Confirmed
	}
	return m, nil
}

// notMigrated says that a user could not be migrated, to clients that may know.
func notMigrated(c *Client) error {
	if c.HideUserExistence {
		return nil
	}
	return Fail(ErrUserNotFound, "Exception migrating user in app client "+string(c.ID))
}
