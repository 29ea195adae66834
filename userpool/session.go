package userpool

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"errors"
	"strings"
	"time"
)

// A session carries a sign-in from one step to the next. It travels sealed, so
// that any node can go on; the seal binds it to the one step that may use it, and
// what it holds to its pool, client and user.
type session struct {
	ID      string   `json:"i"`
	Pool    PoolID   `json:"o"`
	Client  ClientID `json:"c"`
	Sub     string   `json:"s"`
	Changed int64    `json:"p"` // when the password was set that was right, in microseconds
	Issued  int64    `json:"a"` // of the first session of this sign-in, in microseconds
	Life    int64    `json:"l"` // of each step, in seconds
	Expires int64    `json:"e"` // seconds

	Secret  []byte `json:"t,omitempty"` // TOTP secret that is being set up
	Address string `json:"d,omitempty"` // that a code was sent to
	Code    string `json:"m,omitempty"` // that was sent
	Setup   bool   `json:"n,omitempty"` // the address becomes the user's
	Source  string `json:"f,omitempty"` // of the tokens, see proof
	MFA     bool   `json:"b,omitempty"` // and so are these
	Both    bool   `json:"g,omitempty"`
	Custom  bool   `json:"z,omitempty"`
	Passkey string `json:"k,omitempty"` // challenge that a passkey is to sign
	Device  string `json:"v,omitempty"` // key of the device that is to prove itself

	// Of a sign-in that has proved nothing yet.
	Typed     string   `json:"u,omitempty"` // the name that it began with
	Available []string `json:"h,omitempty"` // challenges to choose from
	State     string   `json:"r,omitempty"` // names what a custom sign-in knows, see customState
}

// The answers to a session that cannot be used.
var (
	errSession        = Fail(ErrNotAuthorized, "Invalid session for the user.")
	errSessionExpired = Fail(ErrNotAuthorized, "Invalid session for the user, session is expired.")
	errSessionUsed    = Fail(ErrNotAuthorized, "Invalid session for the user, session can only be used once.")
)

// SessionGone reports whether an error says that a sign-in's session cannot be used,
// or not any more: the sign-in has to begin again.
func SessionGone(err error) bool {
	return errors.Is(err, errSession) || errors.Is(err, errSessionExpired) || errors.Is(err, errSessionUsed)
}

// maxSession is the longest session that the service model allows.
const maxSession = 2048

// sessionSize is what sessions are padded to, in bytes: how long one is does not tell
// what it carries, such as the address of a user who exists.
const sessionSize = 1024

// nsSessions marks the sessions that were used up.
const nsSessions = "userpool-sessions"

func sessionAAD(step string) string { return "userpool/session/" + step }

// newSession begins the sessions of a sign-in that u has given the password for.
func (a *Auth) newSession(c *Client, u *User) session {
	return session{Pool: c.Pool, Client: c.ID, Sub: u.Sub, Changed: u.PasswordChanged.UnixMicro(),
		Issued: a.Now().UnixMicro(), Life: int64(c.sessionLife() / time.Second)}
}

// next returns a session for the following step of the same sign-in.
func (s session) next() session {
	s.Secret, s.Address, s.Code, s.Setup, s.Passkey, s.Available, s.State = nil, "", "", false, "", nil, ""
	return s
}

// from returns s with what was shown before it.
func (s session) from(shown proof) session {
	s.Source, s.MFA, s.Both, s.Custom = shown.source, shown.mfa, shown.both, shown.custom
	return s
}

// sealSession returns s as it travels, with an identity and an expiry of its own.
func (a *Auth) sealSession(s session, step string) (string, error) {
	s.ID, s.Expires = rand.Text(), a.Now().Unix()+s.Life
	plain, err := json.Marshal(s)
	if err != nil {
		return "", err
	}
	if pad := sessionSize - len(plain); pad > 0 {
		plain = append(plain, bytes.Repeat([]byte{' '}, pad)...) // JSON ends in any amount of space
	}
	sealed, err := a.Keys.Seal(plain, sessionAAD(step))
	if err != nil {
		return "", err
	}
	return base64.RawURLEncoding.EncodeToString(sealed), nil
}

// openSession opens a session that this client received for step.
func (a *Auth) openSession(c *Client, step, text string) (*session, error) {
	s, err := a.openAnySession(step, text)
	if err == nil && (s.Client != c.ID || s.Pool != c.Pool) {
		return nil, errSession
	}
	return s, err
}

// openAnySession opens a session for step in calls that name no client.
func (a *Auth) openAnySession(step, text string) (*session, error) {
	if text == "" {
		return nil, Fail(ErrInvalidParameter, "Missing required parameter Session")
	}
	sealed, err := strictURL.DecodeString(text)
	if err != nil || len(text) > maxSession || strings.ContainsAny(text, "\r\n") {
		return nil, errSession
	}
	plain, err := a.Keys.Open(sealed, sessionAAD(step))
	if err != nil {
		return nil, errSession
	}
	s := new(session)
	if err := json.Unmarshal(plain, s); err != nil {
		return nil, err
	}
	if a.Now().Unix() >= s.Expires {
		return nil, errSessionExpired
	}
	return s, nil
}

// heldBy returns the user of a session past the password, and the pool, as long as
// that password still stands and nothing has ended the user's sign-ins since.
func (a *Auth) heldBy(ctx context.Context, s *session) (*Pool, *User, error) {
	u, err := a.Store.UserBySub(ctx, s.Pool, s.Sub)
	if errors.Is(err, ErrUserNotFound) {
		return nil, nil, errSession
	}
	if err != nil {
		return nil, nil, err
	}
	switch {
	case !u.Enabled:
		return nil, nil, errUserDisabled
	case u.Status != Confirmed || u.PasswordChanged.UnixMicro() != s.Changed || u.SignedOut.UnixMicro() > s.Issued:
		return nil, nil, errSession
	}
	p, err := a.Store.Pool(ctx, s.Pool)
	return p, u, err
}

// spendSession uses a session up: of many callers one succeeds.
func (a *Auth) spendSession(ctx context.Context, s *session) error {
	won, err := a.Ephemeral.Claim(ctx, nsSessions, string(s.Pool)+"/"+s.ID, time.Unix(s.Expires+1, 0))
	if err == nil && !won {
		return errSessionUsed
	}
	return err
}
