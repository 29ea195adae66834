package server

import (
	"context"
	"net/http"
	"regexp"
	"strings"
	"sync/atomic"

	"github.com/poolhouse/poolhouse/idp"
	"github.com/poolhouse/poolhouse/internal/web"
	"github.com/poolhouse/poolhouse/userpool"
)

// Pages and endpoints report what they know of a sign-in themselves. witness adds
// what they do not: each form that was posted, and each message of a protocol that
// came, with how it was answered. Its names are those of Cognito's managed login in
// CloudTrail: the path and the method.
func (s *Server) witness(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		pool, name := pageEvent(r)
		if name == "" {
			next.ServeHTTP(w, r)
			return
		}
		reported := new(atomic.Bool)
		rec := &statusRecorder{ResponseWriter: w, status: http.StatusOK}
		next.ServeHTTP(rec, r.WithContext(context.WithValue(r.Context(), reportedKey{}, reported)))
		// A page that went on to a second factor has nothing to say yet.
		if reported.Load() || rec.status == http.StatusNotFound || name == idp.EventSignIn && rec.status < 400 {
			return
		}
		s.Sessions.Record(r.Context(), idp.Event{Name: name, Pool: pool, Client: userpool.ClientID(r.URL.Query().Get("client_id")),
			Address: web.RemoteIP(r), UserAgent: r.UserAgent(), Error: statusError(rec.status)})
	})
}

// reportedKey finds the flag of a request whose handler has reported by itself.
type reportedKey struct{}

func markReported(ctx context.Context) {
	if flag, ok := ctx.Value(reportedKey{}).(*atomic.Bool); ok {
		flag.Store(true)
	}
}

var (
	poolForm    = regexp.MustCompile(`^[a-z0-9-]+_[0-9A-Za-z]{1,55}$`)
	segmentForm = regexp.MustCompile(`^[A-Za-z0-9_-]{1,40}$`)
)

// messages are the paths where a protocol brings something by GET, or by HEAD, which a
// handler of GET serves too.
var messages = map[string]bool{"oauth2/idpresponse": true, "saml2/idpresponse": true, "saml2/logout": true, "saml/sso": true,
	"saml/slo": true, "saml/init": true, "logout": true}

// unwitnessed are the endpoints that report all there is by themselves, and those
// where no sign-in happens.
var unwitnessed = map[string]bool{"oauth2/token": true, "oauth2/userInfo": true, "oauth2/introspect": true, "oauth2/authorize": true}

// pageEvent names the event of a request to a pool's pages; empty for none.
func pageEvent(r *http.Request) (pool userpool.PoolID, name string) {
	parts := strings.Split(strings.Trim(r.URL.Path, "/"), "/")
	if len(parts) < 2 || !poolForm.MatchString(parts[0]) {
		return "", ""
	}
	parts, pool = parts[1:min(len(parts), 3)], userpool.PoolID(parts[0])
	path := strings.Join(parts, "/")
	reads := r.Method == http.MethodGet || r.Method == http.MethodHead
	if unwitnessed[path] || r.Method != http.MethodPost && !(reads && messages[path]) {
		return "", ""
	}
	for i, part := range parts {
		if !segmentForm.MatchString(part) {
			return "", ""
		}
		parts[i] = titled(part)
	}
	return pool, strings.Join(parts, "_") + "_" + r.Method
}

// titled writes a segment as Cognito's names do.
func titled(part string) string {
	switch part {
	case "oauth2":
		return "OAuth2"
	case "saml", "saml2":
		return strings.ToUpper(part)
	}
	return strings.ToUpper(part[:1]) + part[1:]
}

// statusError is the error code of an answer that tells no other; empty for success.
func statusError(status int) string {
	if status < 400 {
		return ""
	}
	return strings.ReplaceAll(http.StatusText(status), " ", "")
}
