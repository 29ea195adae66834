// Package userpool is the domain of user pools: pools, app clients, users,
// groups, credentials, sign-in flows and the tokens they end in. It knows
// neither HTTP nor SQL.
package userpool

import (
	"encoding/json"
	"time"
)

// PoolID names a user pool, for instance "us-east-1_Ab12Cd34E".
type PoolID string

// ClientID names an app client: 26 characters of [a-z0-9]. It is unique over
// all pools.
type ClientID string

// A Pool is a user pool. Stores may keep its JSON form, as they may of the other
// types here: renaming a field needs a migration.
type Pool struct {
	ID     PoolID
	Name   string
	Domain string // prefix, or empty
	// CustomDomain is a host name of the operator's, or empty.
	CustomDomain string
	// What the two domains are set to.
	PrefixSettings, CustomSettings DomainSettings
	Tier                           string // LITE, ESSENTIALS, PLUS; empty acts as ESSENTIALS
	Created                        time.Time
	Modified                       time.Time

	PasswordPolicy        PasswordPolicy
	MFA                   string // OFF, ON, OPTIONAL
	SMSMFA                bool   // second factors that sign-in may ask for, unless MFA is OFF
	TOTPMFA               bool
	EmailMFA              bool
	FirstFactors          []string // AllowedFirstAuthFactors; empty acts as PASSWORD alone
	Devices               DeviceRules
	Passkeys              PasskeyRules
	MFASMS                string   // text of a code by SMS
	MFAEmail              Message  // and by e-mail
	AliasAttributes       []string // email, phone_number, preferred_username
	UsernameAttributes    []string // email, phone_number
	AutoVerified          []string
	CaseSensitive         bool
	AllowAdminCreateOnly  bool
	DeletionProtection    bool
	Schema                []SchemaAttribute
	RemovedKeys           []string `json:",omitempty"` // of attributes that are no more
	Tags                  map[string]string
	Replicas              []Replica
	Strict                bool // OAuth 2.1 rules instead of Cognito's; ours
	OpenID                OpenIDPool
	TemporaryPasswordDays int // 7 by default
	VerificationEmail     Message
	VerificationSMS       string
	InviteEmail           Message
	InviteSMS             string
	Recovery              []string            // verified_email …, by priority; empty acts as verified phone, then e-mail
	Texts                 []LocalText         // of messages, by language; ours
	VerifyByLink          bool                // the mail of sign-up has a link in place of a code
	LinkEmail             Message             // its text
	VerifyBeforeUpdate    []string            // attributes whose new value waits for its code
	ThreatProtection      string              // OFF, AUDIT, ENFORCED; empty acts as OFF
	CustomThreats         string              // of custom sign-ins: AUDIT, ENFORCED; empty for the same
	Triggers              map[string]Function // by the names that LambdaConfig has for them
	SenderKey             string              // ARN of the key that custom senders get codes under
	PasswordSource        *PasswordSource     `json:",omitempty"` // of imported users; ours
	Logs                  []LogConfiguration  `json:",omitempty"`

	// Settings holds, by the member names of AWS's UserPoolType, what is stored
	// and reported but not acted on here (EmailConfiguration, SmsConfiguration …).
	Settings map[string]json.RawMessage
}

// A Message is the template of a mail.
type Message struct{ Subject, Body string }

// A PasswordPolicy says what a password must look like.
type PasswordPolicy struct {
	MinimumLength                                                      int
	RequireUppercase, RequireLowercase, RequireNumbers, RequireSymbols bool
	History                                                            int
}

// A SchemaAttribute is an attribute that users of a pool may have.
type SchemaAttribute struct {
	Name      string // as users carry it: email, custom:team, dev:custom:x
	Type      string // String, Number, DateTime, Boolean
	Mutable   bool   `json:",omitempty"`
	Required  bool   `json:",omitempty"`
	Developer bool   `json:",omitempty"`
	Min       string `json:",omitempty"` // length or value, as decimal text; empty where unbounded
	Max       string `json:",omitempty"`
	Key       string `json:",omitempty"` // that values are stored under; empty for the name
}

// A Client is an app client.
type Client struct {
	ID   ClientID
	Pool PoolID
	Name string
	// Secret is empty for a public client. SecondSecret is good beside it while a
	// secret is being changed for another. Both are sealed at rest.
	Secret, SecondSecret string
	// When they were made; zero for one that was made with the client.
	SecretMade, SecondMade time.Time

	Created  time.Time
	Modified time.Time

	ExplicitAuthFlows  []string // as configured; empty means the defaults
	AccessTokenLife    time.Duration
	IDTokenLife        time.Duration
	RefreshTokenLife   time.Duration
	SessionLife        time.Duration // life of a challenge, AuthSessionValidity
	HideUserExistence  bool          // PreventUserExistenceErrors ENABLED
	TokenRevocation    bool          // EnableTokenRevocation
	RotateRefresh      bool
	RefreshGrace       time.Duration
	ReadAttributes     []string // empty means all standard ones
	WriteAttributes    []string
	OAuthEnabled       bool     // AllowedOAuthFlowsUserPoolClient
	OAuthFlows         []string // code, implicit, client_credentials
	OAuthScopes        []string
	CallbackURLs       []string
	LogoutURLs         []string
	DefaultRedirectURI string
	IdentityProviders  []string     // COGNITO and upstream providers
	OpenID             OpenIDClient // ours

	// Settings holds the other members of AWS's UserPoolClientType.
	Settings map[string]json.RawMessage
}

// Status is where a user stands.
type Status string

// The states of a user.
const (
	Unconfirmed         Status = "UNCONFIRMED"
	Confirmed           Status = "CONFIRMED"
	ForceChangePassword Status = "FORCE_CHANGE_PASSWORD"
	ResetRequired       Status = "RESET_REQUIRED"
	ExternalProvider    Status = "EXTERNAL_PROVIDER"
)

// A User is a user of one pool.
type User struct {
	Pool       PoolID
	Username   string // as stored; the sub where the pool signs in by e-mail or phone
	Sub        string
	Status     Status
	Enabled    bool
	Created    time.Time
	Modified   time.Time
	Attributes map[string]string // without sub; "email_verified" is "true" or "false"

	Password        string // PHC string of argon2id; empty without a password
	SRPSalt         []byte // 16 bytes, the first never zero
	SRPVerifier     []byte // sealed at rest
	PasswordChanged time.Time
	PasswordHistory []string  // PHC strings of former passwords, newest first
	SignedOut       time.Time // tokens issued before are dead (GlobalSignOut)

	MFA MFA
}

// A Group is a group of users in one pool.
type Group struct {
	Pool        PoolID
	Name        string
	Description string
	RoleARN     string
	Precedence  *int
	Created     time.Time
	Modified    time.Time
}

// A Family is the record behind one sign-in: all tokens that descend from it
// share its ID as origin_jti, and die with it.
type Family struct {
	ID          string // origin_jti, a UUID
	Pool        PoolID
	Client      ClientID
	Sub         string // of the user
	Scopes      []string
	AuthTime    time.Time
	Nonce       string
	Resource    string
	Particulars Particulars
	Device      string `json:",omitempty"` // key of the device that may refresh, or empty for any
	Created     time.Time
	Expires     time.Time
	Revoked     bool

	// Generation counts rotations. A refresh token names its generation: the
	// current one is good, the one before it during the grace period, and any
	// older one is reuse, which revokes the family.
	Generation int
	Rotated    time.Time
}

// A ResourceServer is an API whose scopes clients can ask for.
type ResourceServer struct {
	Pool       PoolID
	Identifier string
	Name       string
	Scopes     []Scope
}

// A Scope is a custom scope; on the wire it is "identifier/name".
type Scope struct{ Name, Description string }
