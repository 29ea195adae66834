// Package browser keeps sign-in sessions in the browser's cookie and on the
// server: gorilla/sessions in front, idp.Sessions behind. The cookie holds 256
// random bits and nothing else; the server keeps their hash.
package browser

import (
	"errors"
	"net/http"

	"github.com/gorilla/sessions"

	"github.com/poolhouse/poolhouse/idp"
	"github.com/poolhouse/poolhouse/internal/web"
	"github.com/poolhouse/poolhouse/userpool"
)

// A Store is a sessions.Store over idp.Sessions. Each pool has a cookie of its
// own, so that signing in to one pool leaves another alone.
type Store struct {
	Sessions *idp.Sessions
	Secure   bool // the public URL is https
}

var _ sessions.Store = (*Store)(nil)

// The keys of a gorilla session's Values.
type key int

const (
	sessionKey key = iota // *idp.Session
	userKey               // *userpool.User
)

const prefix = "ph_session_"

// A Current is a browser's live session and who it belongs to.
type Current struct {
	Session *idp.Session
	User    *userpool.User
}

// Current returns the browser's live session at a pool, or idp.ErrSessionNotFound.
func (s *Store) Current(r *http.Request, pool userpool.PoolID) (*Current, error) {
	gs, err := s.Get(r, prefix+string(pool))
	if err != nil {
		return nil, err
	}
	sess, ok := gs.Values[sessionKey].(*idp.Session)
	if !ok {
		return nil, idp.ErrSessionNotFound
	}
	return &Current{Session: sess, User: gs.Values[userKey].(*userpool.User)}, nil
}

// SignIn starts a session under a new id and sets the cookie. Call it before
// anything is written to the response.
func (s *Store) SignIn(w http.ResponseWriter, r *http.Request, user *userpool.User, methods ...string) (*idp.Session, error) {
	return s.SignInFrom(w, r, user, nil, methods...)
}

// SignInFrom is SignIn for a user whom an identity provider vouches for.
func (s *Store) SignInFrom(w http.ResponseWriter, r *http.Request, user *userpool.User, from *idp.Upstream, methods ...string) (*idp.Session, error) {
	gs, err := s.Get(r, prefix+string(user.Pool))
	if err != nil {
		return nil, err
	}
	secret, sess, err := s.Sessions.Start(r.Context(), gs.ID, idp.SignIn{
		Pool: user.Pool, Sub: user.Sub, Methods: methods,
		Address: web.RemoteIP(r), UserAgent: r.UserAgent(), Upstream: from,
	})
	if err != nil {
		return nil, err
	}
	gs.ID, gs.IsNew = secret, false
	gs.Values[sessionKey], gs.Values[userKey] = sess, user
	if err := s.Save(r, w, gs); err != nil {
		return nil, err
	}
	s.setState(w, user.Pool, sess)
	s.record(r, idp.EventSignIn, sess, user)
	return sess, nil
}

// SignOut ends the browser's session at a pool and deletes the cookie.
func (s *Store) SignOut(w http.ResponseWriter, r *http.Request, pool userpool.PoolID) error {
	gs, err := s.Get(r, prefix+string(pool))
	if err != nil {
		return err
	}
	gs.Options.MaxAge = -1
	sess, _ := gs.Values[sessionKey].(*idp.Session)
	user, _ := gs.Values[userKey].(*userpool.User)
	if err := s.Save(r, w, gs); err != nil {
		return err
	}
	s.setState(w, pool, nil)
	if sess != nil {
		s.record(r, idp.EventSignOut, sess, user)
	}
	return nil
}

func (s *Store) record(r *http.Request, name string, sess *idp.Session, user *userpool.User) {
	provider := ""
	if sess.Upstream != nil {
		provider = sess.Upstream.Provider
	}
	s.Sessions.Record(r.Context(), idp.Event{Name: name, Provider: provider, Pool: sess.Pool, Client: userpool.ClientID(r.URL.Query().Get("client_id")), Sub: sess.Sub,
		Username: user.Username, Methods: sess.Methods, Address: web.RemoteIP(r), UserAgent: r.UserAgent()})
}

// Get returns the named session, read once per request.
func (s *Store) Get(r *http.Request, name string) (*sessions.Session, error) {
	return sessions.GetRegistry(r).Get(s, name)
}

// New reads the named session. It returns a session even with an error.
func (s *Store) New(r *http.Request, name string) (*sessions.Session, error) {
	gs := sessions.NewSession(s, name)
	gs.Options = &sessions.Options{Path: "/", HttpOnly: true, Secure: s.Secure, SameSite: http.SameSiteLaxMode}
	gs.IsNew = true
	cookie, err := r.Cookie(s.cookieName(name))
	if err != nil {
		return gs, nil // no cookie
	}
	gs.ID = cookie.Value
	sess, user, err := s.Sessions.Current(r.Context(), poolOf(name), cookie.Value)
	if errors.Is(err, idp.ErrSessionNotFound) {
		return gs, nil
	}
	if err != nil {
		return gs, err
	}
	gs.IsNew = false
	gs.Values[sessionKey], gs.Values[userKey] = sess, user
	return gs, nil
}

// Save sets the cookie. With a negative MaxAge it ends the session on the server
// and deletes the cookie.
func (s *Store) Save(r *http.Request, w http.ResponseWriter, gs *sessions.Session) error {
	if gs.Options.MaxAge < 0 && gs.ID != "" {
		if err := s.Sessions.End(r.Context(), poolOf(gs.Name()), gs.ID); err != nil {
			return err
		}
		gs.ID = ""
		clear(gs.Values)
	}
	http.SetCookie(w, sessions.NewCookie(s.cookieName(gs.Name()), gs.ID, gs.Options))
	return nil
}

func (s *Store) cookieName(name string) string { return web.CookieName(name, s.Secure) }

func poolOf(name string) userpool.PoolID { return userpool.PoolID(name[len(prefix):]) }
