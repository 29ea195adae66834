package userpool

// A PasskeyVerifier judges what authenticators answer, as sections 7.1 and 7.2 of
// Web Authentication Level 3 say. It keeps nothing: challenges, users and counters
// are the business of this package. userpool/passkey has one.
type PasskeyVerifier interface {
	// Register returns what an authenticator made. Besides a *Fault of
	// ErrInvalidParameter it returns ErrPasskeyOrigin, ErrPasskeyRelyingParty and
	// ErrPasskeyNotSupported.
	Register(c PasskeyCeremony, answer []byte) (*Passkey, error)
	// SignIn returns the use that an authenticator made of one of the keys, or the
	// errors of Register.
	SignIn(c PasskeyCeremony, keys []*Passkey, answer []byte) (*PasskeyUse, error)
}

// A PasskeyCeremony is what the server asked an authenticator for.
type PasskeyCeremony struct {
	RelyingParty string // a host name; pages of it and of its sub-domains may answer
	Challenge    string // base64url
	User         []byte // user handle
	VerifyUser   bool   // refuse an answer without the user's PIN or finger
}

// A PasskeyUse is one signature by a passkey.
type PasskeyUse struct {
	ID           string
	Count        uint32 // of signatures; 0 where the authenticator does not count
	UserVerified bool
	BackedUp     bool
}
