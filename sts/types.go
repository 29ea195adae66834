package sts

import "time"

// A Tag is a key and a value. Keys differ by more than case.
type Tag struct{ Key, Value string }

// A Role is what temporary credentials are issued for.
type Role struct {
	Account     string
	ID          string // AROA…, never used again: a session belongs to this, not to the name
	Path        string // "/" or "/team/"
	Name        string // unique in the account ignoring case
	Description string
	Trust       string // trust policy document, as it was written
	// TrustIDs are the stable IDs of the users and roles that Trust names, by the ARN
	// it names them by: trust in an entity goes neither to a later one of its name
	// nor away with a new name.
	TrustIDs    map[string]string
	MaxSession  time.Duration // 1 to 12 hours
	Permissions Permissions
	Tags        []Tag
	Created     time.Time
	// RevokedBefore kills sessions that were issued before it; zero kills none.
	RevokedBefore time.Time
	// Upstream is the role of another system that this one stands for; nil for none.
	Upstream *Upstream `json:",omitempty"`
}

// Permissions are the identity policies of a role or a user.
type Permissions struct {
	Inline   map[string]string // policy name to document
	Attached []string          // ARNs of managed policies, in order of attachment
	Boundary string            // ARN of a managed policy, or empty
}

// A User is a long-lived identity with access keys.
type User struct {
	Account     string
	ID          string // AIDA…
	Path        string
	Name        string
	Permissions Permissions
	Tags        []Tag
	Created     time.Time
	AccessKeys  []string // IDs; a key that is not among them is dead
	MFADevices  []string // names; a device that is not among them is dead
}

// An AccessKey is a long-term key of a user.
type AccessKey struct {
	Account string
	ID      string // AKIA…
	User    string // name when the key was made; the user's own name counts
	UserID  string
	Secret  string // sealed at rest
	Active  bool
	Created time.Time
}

// A ManagedPolicy is a policy that several roles and users can share.
type ManagedPolicy struct {
	Account     string
	ID          string // ANPA…
	Path        string
	Name        string
	Description string
	Versions    []PolicyVersion // at most 5, oldest first
	Default     string          // ID of the version that counts
	LastVersion int             // number of the newest version ever made
	Tags        []Tag
	Created     time.Time
	Updated     time.Time
	// Deleting keeps the policy from being attached while it is looked whether
	// anybody uses it.
	Deleting bool `json:",omitempty"`
}

// A PolicyVersion is one text of a managed policy.
type PolicyVersion struct {
	ID       string // v1, v2 …
	Document string
	Created  time.Time
}

// A SAMLProvider is an identity provider whose assertions are exchanged for
// credentials.
type SAMLProvider struct {
	Account      string
	ID           string
	Name         string
	Metadata     string
	EntityID     string
	Certificates [][]byte // DER
	Tags         []Tag
	Created      time.Time
	ValidUntil   time.Time // zero where the metadata does not say
	Encryption   Encryption
	Keys         []SAMLKeyRef // at most 2: an older one opens what was made with it during a change
}

// Encryption is whether a provider's assertions are encrypted.
type Encryption string

// The modes. With none, an encrypted assertion has no key that opens it.
const (
	EncryptionNone     Encryption = ""
	EncryptionAllowed  Encryption = "Allowed"
	EncryptionRequired Encryption = "Required"
)

// A SAMLKeyRef names a private key of a provider. A key that no provider lists
// opens nothing.
type SAMLKeyRef struct {
	ID      string // 22 or more of A to Z and 0 to 9
	Created time.Time
}

// A SAMLKey is the key itself.
type SAMLKey struct {
	Account  string
	ID       string
	Provider string // stable ID
	PKCS8    []byte // RSA, sealed at rest
}

// An OIDCProvider is an identity provider whose ID tokens are exchanged for
// credentials.
type OIDCProvider struct {
	Account     string
	URL         string // issuer without its scheme
	Issuer      string // as registered, with the scheme
	ClientIDs   []string
	Thumbprints []string // kept for AWS's API; TLS is verified against the system's roots
	Tags        []Tag
	Created     time.Time
}

// Credentials are what a client signs requests with.
type Credentials struct {
	AccessKeyID     string
	SecretAccessKey string
	SessionToken    string
	Expiration      time.Time
}

// Key returns what identifies the role in its collection.
func (r *Role) Key() (account, name string) { return r.Account, r.Name }

// Key returns what identifies the user in its collection.
func (u *User) Key() (account, name string) { return u.Account, u.Name }

// Key returns what identifies the access key in its collection.
func (k *AccessKey) Key() (account, name string) { return k.Account, k.ID }

// Key returns what identifies the key in its collection.
func (k *SAMLKey) Key() (account, name string) { return k.Account, k.ID }

// Key returns what identifies the policy in its collection.
func (p *ManagedPolicy) Key() (account, name string) { return p.Account, p.Name }

// Key returns what identifies the provider in its collection.
func (p *SAMLProvider) Key() (account, name string) { return p.Account, p.Name }

// Key returns what identifies the provider in its collection.
func (p *OIDCProvider) Key() (account, name string) { return p.Account, p.URL }
