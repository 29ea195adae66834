package userpool

import "time"

// ProviderSettings are what Cognito has no ProviderDetails for. The zero value acts
// as Cognito does, but for what docs/divergences.md says.
type ProviderSettings struct {
	// Sync says when a mapped attribute is written, by the pool's name of it. One
	// that is not listed is written at each sign-in, or once where it is immutable.
	Sync map[string]SyncMode `json:",omitempty"`

	// Expressions make attributes of claims, in ClaimLanguage, by the pool's name of
	// each. One takes the place of the attribute's mapping.
	Expressions map[string]string `json:",omitempty"`

	// GroupsClaim names the claim that lists the groups of a user upstream. Groups
	// says what they are in the pool; others count for nothing.
	GroupsClaim string            `json:",omitempty"`
	Groups      map[string]string `json:",omitempty"`

	// Domains are the e-mail domains that the provider speaks for: an address there
	// is verified because the provider says it. Link says what follows from that.
	Domains []string `json:",omitempty"`
	Link    LinkMode `json:",omitempty"`

	SAML SAMLSettings `json:",omitzero"`
	OIDC OIDCSettings `json:",omitzero"`
}

// A SyncMode says when an attribute from upstream is written to the user.
type SyncMode string

// The modes.
const (
	SyncCreate SyncMode = "create" // when the user is made
	SyncLogin  SyncMode = "login"  // at each sign-in
	SyncNever  SyncMode = "never"
)

// A LinkMode says how somebody from a provider becomes one with a user who is there.
type LinkMode string

// The modes.
const (
	LinkNever  LinkMode = ""       // an administrator links, or nobody
	LinkProof  LinkMode = "proof"  // the person proves that both accounts are theirs
	LinkDomain LinkMode = "domain" // a verified address in one of Domains is enough
)

// SAMLSettings are those of a SAML provider.
type SAMLSettings struct {
	Skew             time.Duration `json:",omitempty"` // tolerance of clocks; the default is 3 minutes
	PostRequests     bool          `json:",omitempty"` // requests go by HTTP-POST rather than HTTP-Redirect
	NameIDFormat     string        `json:",omitempty"` // URN to ask for; empty asks for none
	Contexts         []string      `json:",omitempty"` // RequestedAuthnContext, exact
	ForceAuthn       bool          `json:",omitempty"`
	SubjectAttribute string        `json:",omitempty"` // tells people apart in place of NameID
	SHA1             bool          `json:",omitempty"` // signatures with SHA-1 count
	CBC              bool          `json:",omitempty"` // AES-CBC is decrypted, inside a signed Response
	MetadataKey      string        `json:",omitempty"` // PEM certificate that must have signed the metadata

	// MetadataValidDays bounds how far ahead validUntil of the metadata may be, in days:
	// then it has to be there. Zero asks for none.
	MetadataValidDays int `json:",omitempty"`
	// MetadataQueryEntity has MetadataURL be a server of metadata queries, which is asked
	// for this entity (Metadata Query Protocol, draft-young-md-query).
	MetadataQueryEntity string `json:",omitempty"`
	// ScopedAttributes are attributes beside those that are known to have a scope, whose
	// values must end in a domain of the provider's metadata (shibmd:Scope).
	ScopedAttributes []string `json:",omitempty"`
}

// OIDCSettings are those of a provider of OpenID Connect or OAuth 2.0.
type OIDCSettings struct {
	Dialect Dialect  `json:",omitempty"`
	Tenants []string `json:",omitempty"` // whose people may come: tid of Microsoft, hd of Google; empty for all
	// SignOut has who signs out here sign out there too, at the end_session_endpoint that
	// the issuer publishes (OpenID Connect RP-Initiated Logout 1.0).
	SignOut bool `json:",omitempty"`
}

// A Dialect is the kind of a provider of the type OIDC, where oidc_issuer does not
// show it.
type Dialect string

// The dialects.
const (
	DialectIssuer    Dialect = "" // GitHub and Microsoft by their addresses, OpenID Connect of everybody else
	DialectGitHub    Dialect = "github"
	DialectMicrosoft Dialect = "microsoft"
)
