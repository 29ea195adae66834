package userpool

import "errors"

// The kinds of error that this package and its stores return. An error's kind is
// found with errors.Is; where it carries a text for clients it is a *Fault.
var (
	ErrPoolNotFound   = errors.New("userpool: pool does not exist")
	ErrClientNotFound = errors.New("userpool: app client does not exist")
	ErrUserNotFound   = errors.New("userpool: user does not exist")
	ErrGroupNotFound  = errors.New("userpool: group does not exist")
	ErrDomainNotFound = errors.New("userpool: domain does not exist")
	ErrNotFound       = errors.New("userpool: resource does not exist")

	ErrUserExists   = errors.New("userpool: user exists")
	ErrGroupExists  = errors.New("userpool: group exists")
	ErrDomainExists = errors.New("userpool: domain exists")
	ErrAliasExists  = errors.New("userpool: alias exists")

	ErrNotAuthorized         = errors.New("userpool: not authorized")
	ErrUserNotConfirmed      = errors.New("userpool: user is not confirmed")
	ErrPasswordResetRequired = errors.New("userpool: password reset required")
	ErrInvalidParameter      = errors.New("userpool: invalid parameter")
	ErrInvalidPassword       = errors.New("userpool: invalid password")
	ErrPasswordHistory       = errors.New("userpool: password was used before")
	ErrCodeMismatch          = errors.New("userpool: code mismatch")
	ErrExpiredCode           = errors.New("userpool: expired code")
	ErrLimitExceeded         = errors.New("userpool: limit exceeded")
	ErrTooManyRequests       = errors.New("userpool: too many requests")
	ErrCodeDelivery          = errors.New("userpool: code could not be delivered")
	ErrUnsupportedTokenType  = errors.New("userpool: unsupported token type")
	ErrTokenReuse            = errors.New("userpool: refresh token was used before")
	ErrConflict              = errors.New("userpool: changed by somebody else")
	ErrBusy                  = errors.New("userpool: overloaded")
	ErrUnsupportedState      = errors.New("userpool: not possible in the user's state")
	ErrInvalidOAuthFlow      = errors.New("userpool: invalid combination of OAuth flows")
	ErrScopeDoesNotExist     = errors.New("userpool: scope does not exist")
	ErrSoftwareTokenNotFound = errors.New("userpool: no software token")
	ErrEnableSoftwareToken   = errors.New("userpool: software token was not enabled")

	ErrUserLambda            = errors.New("userpool: trigger refused")
	ErrUnexpectedLambda      = errors.New("userpool: trigger could not be run")
	ErrInvalidLambdaResponse = errors.New("userpool: trigger answered nonsense")
	ErrDeviceKeyExists       = errors.New("userpool: device key exists")
	ErrProviderExists        = errors.New("userpool: identity provider exists")
	ErrUnsupportedProvider   = errors.New("userpool: identity provider is not supported")
	ErrImportInProgress      = errors.New("userpool: an import is running")
	ErrPrecondition          = errors.New("userpool: precondition not met")
	ErrFeatureNotInTier      = errors.New("userpool: feature is not in the pool's tier")
	ErrTierChange            = errors.New("userpool: tier cannot change")
	ErrAddOnNotEnabled       = errors.New("userpool: threat protection is not enabled")
	ErrBrandingExists        = errors.New("userpool: branding exists")
	ErrTermsExist            = errors.New("userpool: terms exist")
	ErrInvalidConfiguration  = errors.New("userpool: invalid pool configuration")
	ErrForbidden             = errors.New("userpool: forbidden")
	ErrUnsupportedOperation  = errors.New("userpool: operation not possible here")
	ErrNotEnabled            = errors.New("userpool: operation is not enabled")
	ErrQuotaExceeded         = errors.New("userpool: quota exceeded")
	ErrMFAMethodNotFound     = errors.New("userpool: no second factor")

	ErrScopeNotGranted    = errors.New("userpool: scope was not granted")
	ErrResourceNotGranted = errors.New("userpool: resource was not granted")
	ErrKeyNotHeld         = errors.New("userpool: token is bound to another key")

	ErrPasskeysNotEnabled       = errors.New("userpool: passkeys are not enabled")
	ErrPasskeysNotConfigured    = errors.New("userpool: passkeys have no relying party")
	ErrPasskeyChallengeNotFound = errors.New("userpool: passkey challenge does not exist")
	ErrPasskeyNotSupported      = errors.New("userpool: passkey is not supported")
	ErrPasskeyClientMismatch    = errors.New("userpool: passkey challenge of another client")
	ErrPasskeyOrigin            = errors.New("userpool: passkey origin is not allowed")
	ErrPasskeyRelyingParty      = errors.New("userpool: passkey relying party mismatch")
)

// A Fault is an error of a known kind with a text for the client.
type Fault struct {
	Kind error  // one of the Err values
	Text string // what the client reads
}

// Fail returns a Fault.
func Fail(kind error, text string) error { return &Fault{kind, text} }

func (f *Fault) Error() string { return f.Kind.Error() + ": " + f.Text }

// Unwrap returns the kind.
func (f *Fault) Unwrap() error { return f.Kind }

// PublicText returns the text for the client.
func (f *Fault) PublicText() string { return f.Text }

// An AliasError is an ErrAliasExists that says which attribute is concerned.
type AliasError struct{ Attribute string }

func (e *AliasError) Error() string { return ErrAliasExists.Error() + ": " + e.Attribute }

// Unwrap returns ErrAliasExists.
func (e *AliasError) Unwrap() error { return ErrAliasExists }

// PublicText returns the text for the client.
func (e *AliasError) PublicText() string {
	return "An account with the " + e.Attribute + " already exists."
}

// isConflict reports whether what was to be created has a name that is taken.
func isConflict(err error) bool { return errors.Is(err, ErrConflict) }
