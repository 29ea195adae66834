package userpool

import (
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"strings"
)

// A session carries a sign-in from one step to the next. It travels sealed, so
// that any node can go on; the seal binds it to its pool and to the one step that
// may use it.
type session struct {
	ID      string   `json:"i"`
	Client  ClientID `json:"c"`
	Sub     string   `json:"s"`
	Changed int64    `json:"p"` // when the password was set that was right, in microseconds
	Expires int64    `json:"e"` // seconds
}

// The answers to a session that cannot be used.
var (
	errSession        = Fail(ErrNotAuthorized, "Invalid session for the user.")
	errSessionExpired = Fail(ErrNotAuthorized, "Invalid session for the user, session is expired.")
	errSessionUsed    = Fail(ErrNotAuthorized, "Invalid session for the user, session can only be used once.")
)

// maxSession is the longest session that the service model allows.
const maxSession = 2048

func sessionAAD(pool PoolID, step string) string {
	return "userpool/session/" + string(pool) + "/" + step
}

// sealSession returns the session of a challenge that is put to u.
func (a *Auth) sealSession(c *Client, u *User, step string) (string, error) {
	plain, err := json.Marshal(session{ID: rand.Text(), Client: c.ID, Sub: u.Sub,
		Changed: u.PasswordChanged.UnixMicro(), Expires: a.Now().Add(c.sessionLife()).Unix()})
	if err != nil {
		return "", err
	}
	sealed, err := a.Keys.Seal(plain, sessionAAD(c.Pool, step))
	if err != nil {
		return "", err
	}
	return base64.RawURLEncoding.EncodeToString(sealed), nil
}

// openSession opens a session that this client received for step.
func (a *Auth) openSession(c *Client, step, text string) (*session, error) {
	if text == "" {
		return nil, Fail(ErrInvalidParameter, "Missing required parameter Session")
	}
	sealed, err := strictURL.DecodeString(text)
	if err != nil || len(text) > maxSession || strings.ContainsAny(text, "\r\n") {
		return nil, errSession
	}
	plain, err := a.Keys.Open(sealed, sessionAAD(c.Pool, step))
	if err != nil {
		return nil, errSession
	}
	s := new(session)
	if err := json.Unmarshal(plain, s); err != nil {
		return nil, err
	}
	if s.Client != c.ID {
		return nil, errSession
	}
	if a.Now().Unix() >= s.Expires {
		return nil, errSessionExpired
	}
	return s, nil
}
