package login

import (
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/poolhouse/poolhouse/idp"
	"github.com/poolhouse/poolhouse/idp/browser"
	"github.com/poolhouse/poolhouse/internal/ephemeral"
	"github.com/poolhouse/poolhouse/internal/web"
	"github.com/poolhouse/poolhouse/userpool"
)

const (
	continueParam = "continue"  // of the login page: a sealed return address
	proofParam    = "ph_signin" // of the return address: the user just signed in for it

	nsContinue = "login-continue"
	nsProof    = "login-proof"

	continueLife = time.Hour        // as long as somebody may stare at the login page
	proofLife    = 10 * time.Minute // from sign-in to the page it was for
)

// A Gate lets the page of any protocol ask for a signed-in user. The page calls
// RequireSession first thing; if that sends the browser to sign in, the page is
// visited again afterwards, with the same address, and the call succeeds.
type Gate struct {
	Browser   *browser.Store
	Ephemeral ephemeral.Store
	Now       func() time.Time
	Log       *slog.Logger
}

// RequireSession returns the browser's session at the pool and true, or answers
// the request and returns false: with a redirect to the sign-in page, or with an
// error page where a store fails.
//
// returnTo is the address on this server, path and query, that the browser comes
// back to with GET; a page that was reached by POST keeps what it needs under an
// address of its own. It stays on the server while the user signs in, and is
// used once.
//
// force asks for a sign-in that is newer than the request (SAML ForceAuthn). It is
// satisfied exactly once, by the visit that follows the sign-in.
func (g *Gate) RequireSession(w http.ResponseWriter, r *http.Request, pool *userpool.Pool, returnTo string, force bool) (*idp.Session, bool) {
	cur, err := g.Current(r, pool, force)
	if err == nil {
		return cur.Session, true
	}
	if errors.Is(err, idp.ErrSessionNotFound) {
		err = g.sendToLogin(w, r, pool, returnTo)
	}
	if err != nil {
		g.Log.ErrorContext(r.Context(), "session check failed", "pool", pool.ID, "error", err)
		http.Error(w, "Something went wrong on our side. Please try again in a moment.", http.StatusInternalServerError)
	}
	return nil, false
}

// Current returns the browser's session. With force it must have been started by
// the sign-in that led to this very visit. No such session: idp.ErrSessionNotFound.
//
// A session that was begun with one factor is none for a pool that has come to
// insist on two: the user signs in once more, and proves the second one. Whoever comes
// from an identity provider proves there what that asks for, as with Cognito; a
// remembered device stands for the second factor in such a pool too, for as long as the
// pool lets devices do that.
func (g *Gate) Current(r *http.Request, pool *userpool.Pool, force bool) (*browser.Current, error) {
	cur, err := g.Browser.Current(r, pool.ID)
	if err == nil && pool.MFA == userpool.MFAOn && cur.Session.Upstream == nil && !slices.Contains(cur.Session.Methods, "mfa") &&
		!(pool.RemembersBrowsers() && slices.Contains(cur.Session.Methods, idp.MethodDevice)) {
		err = idp.ErrSessionNotFound
	}
	if err != nil || !force {
		return cur, err
	}
	fresh, err := g.takeProof(r, cur.Session)
	if err == nil && !fresh {
		err = idp.ErrSessionNotFound
	}
	return cur, err
}

func (g *Gate) sendToLogin(w http.ResponseWriter, r *http.Request, pool *userpool.Pool, returnTo string) error {
	token := newToken()
	err := g.Ephemeral.Put(r.Context(), nsContinue, string(pool.ID)+"/"+token, []byte(returnTo), g.Now().Add(continueLife))
	if err != nil {
		return err
	}
	q := web.Languages(r.URL.Query())
	q.Set(continueParam, token)
	http.Redirect(w, r, "/"+string(pool.ID)+"/login?"+q.Encode(), http.StatusSeeOther)
	return nil
}

// A proof says that a session was started for one address.
type proof struct {
	Session idp.Handle
	Path    string
}

// returnFrom is the address to send the browser to after sign-in: to with a
// one-time proof added.
func (g *Gate) returnFrom(r *http.Request, sess *idp.Session, to string) (string, error) {
	u, err := url.Parse(to)
	if err != nil {
		return "", err
	}
	value, err := json.Marshal(proof{sess.ID, u.Path})
	if err != nil {
		return "", err
	}
	token := newToken()
	if err := g.Ephemeral.Put(r.Context(), nsProof, string(sess.Pool)+"/"+token, value, g.Now().Add(proofLife)); err != nil {
		return "", err
	}
	sep := "?"
	if strings.Contains(to, "?") {
		sep = "&"
	}
	return to + sep + proofParam + "=" + token, nil
}

// takeProof reports whether this visit follows the sign-in that started sess.
func (g *Gate) takeProof(r *http.Request, sess *idp.Session) (bool, error) {
	token := r.URL.Query().Get(proofParam)
	if token == "" {
		return false, nil
	}
	raw, err := g.Ephemeral.Take(r.Context(), nsProof, string(sess.Pool)+"/"+token)
	if errors.Is(err, ephemeral.ErrNotFound) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	var p proof
	if err := json.Unmarshal(raw, &p); err != nil {
		return false, err
	}
	return p.Session == sess.ID && p.Path == r.URL.Path, nil
}

func newToken() string {
	raw := make([]byte, 24)
	rand.Read(raw)
	return base64.RawURLEncoding.EncodeToString(raw)
}
