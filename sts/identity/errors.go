package identity

import "errors"

// The kinds of error that this package and its stores return. An error's kind is
// found with errors.Is; where it carries a text for clients it is a *Fault.
var (
	ErrNotFound         = errors.New("identity: resource does not exist")
	ErrNotAuthorized    = errors.New("identity: not authorized")
	ErrInvalidParameter = errors.New("identity: invalid parameter")
	ErrConflict         = errors.New("identity: resource conflict")
	ErrLimitExceeded    = errors.New("identity: limit exceeded")
	ErrTooManyRequests  = errors.New("identity: too many requests")
	ErrConfiguration    = errors.New("identity: invalid identity pool configuration")
	ErrDeveloperUser    = errors.New("identity: developer user registered already")
	ErrExternalService  = errors.New("identity: identity provider unreachable")
)

// A Fault is an error of a known kind with a text for the client.
type Fault struct {
	Kind  error  // one of the Err values
	Text  string // what the client reads
	Cause error  // for the log only; may be nil
}

func fail(kind error, text string) error { return &Fault{Kind: kind, Text: text} }

func (f *Fault) Error() string {
	if f.Cause != nil {
		return f.Kind.Error() + ": " + f.Text + ": " + f.Cause.Error()
	}
	return f.Kind.Error() + ": " + f.Text
}

// Unwrap returns the kind. The cause is not unwrapped: its own kind and text are
// of another house.
func (f *Fault) Unwrap() error { return f.Kind }

// PublicText returns the text for the client.
func (f *Fault) PublicText() string { return f.Text }

const manyLogins = "An identity cannot have more than 20 logins."

// The texts that clients of identity pools know.
var (
	errProvider   = fail(ErrNotAuthorized, "Token is not from a supported provider of this identity pool.")
	errMismatch   = fail(ErrNotAuthorized, "Logins don't match. Please include at least one valid login for this identity or identity pool.")
	errIssuer     = fail(ErrNotAuthorized, "Invalid login token. Issuer doesn't match providerName")
	errAudience   = fail(ErrNotAuthorized, "Invalid login token. Missing a required claim: aud")
	errNotToken   = fail(ErrNotAuthorized, "Invalid login token. Not a valid OpenId Connect identity token.")
	errExpired    = fail(ErrNotAuthorized, "Invalid login token. Token is expired.")
	errNoGuests   = fail(ErrNotAuthorized, "Unauthenticated access is not supported for this identity pool.")
	errClassicOff = fail(ErrInvalidParameter, "Basic (classic) flow is not enabled, please use enhanced flow.")
	errBadRoles   = fail(ErrConfiguration, "Invalid identity pool configuration. Check assigned IAM roles for this pool.")
	errTwoOfOne   = fail(ErrConflict, "Another user of the same provider is linked to this identity already.")
	errManyLogins = fail(ErrLimitExceeded, manyLogins)
	errRegistered = fail(ErrDeveloperUser, "The developer user identifier belongs to another identity already.")
	errNotSAML    = fail(ErrNotAuthorized, "Invalid login token. Not a valid SAML assertion of this provider.")
	errBadAccess  = fail(ErrNotAuthorized, "Invalid login token. The provider does not know this access token.")
)

func errPool(id PoolID) error { return fail(ErrNotFound, "IdentityPool '"+string(id)+"' not found.") }

func errIdentity(id ID) error { return fail(ErrNotFound, "Identity '"+string(id)+"' not found.") }

func errForbidden(id ID) error {
	return fail(ErrNotAuthorized, "Access to Identity '"+string(id)+"' is forbidden.")
}
