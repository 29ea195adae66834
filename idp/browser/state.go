package browser

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"net/http"

	"github.com/poolhouse/poolhouse/idp"
	"github.com/poolhouse/poolhouse/internal/web"
	"github.com/poolhouse/poolhouse/userpool"
)

// The state cookie of a pool changes when the browser signs in, out, or in as
// somebody else (OpenID Connect Session Management 1.0 section 3.2). Our frame in an
// app's page reads it, so it is open to scripts and sent from other sites; it proves
// nothing. Only https has such cookies: elsewhere there is none.

// StateName is the name of a pool's state cookie; empty where there is none.
func (s *Store) StateName(pool userpool.PoolID) string {
	if !s.Secure {
		return ""
	}
	return web.CookieName("ph_state_"+string(pool), true)
}

// StateOf is the value of the cookie while a session lives. It stays while the same
// user signs in again.
func StateOf(sess *idp.Session) string {
	sum := sha256.Sum256([]byte("state\x00" + string(sess.Pool) + "\x00" + string(sess.Root)))
	return base64.RawURLEncoding.EncodeToString(sum[:])
}

// setState says who is signed in: sess, or nobody where it is nil. Nobody has a value
// too, another one each time: a browser that shows no cookie at all tells nothing.
func (s *Store) setState(w http.ResponseWriter, pool userpool.PoolID, sess *idp.Session) {
	name := s.StateName(pool)
	if name == "" {
		return
	}
	value := rand.Text()
	if sess != nil {
		value = StateOf(sess)
	}
	http.SetCookie(w, &http.Cookie{Name: name, Value: value, Path: "/", Secure: true, SameSite: http.SameSiteNoneMode})
}
