// Package authz answers a reverse proxy whether a request may pass: nginx's
// auth_request, Envoy's ext_authz over HTTP, Traefik's forwardAuth. It verifies
// who sends the request, by SigV4 or by an access token of a user pool, and decides
// by the policies of that identity, or by the token's scopes and groups. What a
// request stands for is said by a file of rules.
//
// Everything about the request comes from the proxy, in headers that the proxy
// must set itself. Which ones those are depends on the proxy, and none of the
// others' are read: a client can send those.
package authz

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"strings"
	"time"

	"github.com/poolhouse/poolhouse/internal/awsapi/sigv4"
	"github.com/poolhouse/poolhouse/sts"
	"github.com/poolhouse/poolhouse/userpool"
)

// Path is where proxies ask. Envoy appends the path of the request.
const Path = "/authz"

// ErrProof is what Prove returns for a proof that is not good.
var ErrProof = errors.New("authz: the proof of possession is not good")

// A Handler decides by the rules of one file. All fields must be set.
type Handler struct {
	Rules  *Rules
	STS    *sts.Service
	Tokens *userpool.Tokens
	// Prove checks the DPoP headers of a request that presents token, and returns
	// the thumbprint of their key, or ErrProof.
	Prove func(ctx context.Context, proofs []string, pool userpool.PoolID, method, url, token string) (thumbprint string, err error)
	// Decided is told each decision, before it is answered.
	Decided func(ctx context.Context, d *Decision)
	Now     func() time.Time
	Log     *slog.Logger

	keys sigv4.KeyCache
}

// Handles reports whether a request is for a Handler, by its path.
func Handles(r *http.Request) bool {
	return r.URL.Path == Path || strings.HasPrefix(r.URL.Path, Path+"/")
}

// An Asker is who asks, as a server that knows its proxies sees them.
type Asker struct {
	Trusted  bool   // one of the proxies
	ClientIP string // of the request that they ask about
}

// Serve answers 200 with the identity in headers, 401 where a request says nothing
// good about who sends it, 403, or 500. The reason is for the log alone.
func (h *Handler) Serve(w http.ResponseWriter, r *http.Request, from Asker) {
	w.Header().Set("Cache-Control", "no-store")
	d := &Decision{ClientIP: from.ClientIP, Status: http.StatusOK}
	who, err := h.answer(r, from, d)
	var no *refusal
	switch {
	case err == nil:
		who.write(w.Header())
	case errors.As(err, &no):
		d.Status, d.Reason = no.status, no.reason
		if no.challenge != "" {
			w.Header().Set("WWW-Authenticate", no.challenge)
		}
	default:
		d.Status, d.Reason = http.StatusInternalServerError, "no decision"
		h.Log.Error("authz: no decision", "host", d.Host, "path", d.Path, "error", err)
	}
	h.log(r.Context(), d)
	h.Decided(r.Context(), d)
	w.WriteHeader(d.Status)
}

// answer returns who may make the request that a proxy asks about, or a refusal. It
// fills in what it is about.
func (h *Handler) answer(r *http.Request, from Asker, d *Decision) (*identity, error) {
	if !from.Trusted {
		return nil, forbidden("asked by somebody who is no trusted proxy")
	}
	o, err := h.Rules.original(r, from)
	if err != nil {
		return nil, err
	}
	d.about(o)
	return h.decide(r.Context(), o, d)
}

func (h *Handler) log(ctx context.Context, d *Decision) {
	level, what := slog.LevelInfo, "authz: refused"
	if d.Allowed() {
		level, what = slog.LevelDebug, "authz: allowed"
	}
	h.Log.Log(ctx, level, what, "from", d.ClientIP, "host", d.Host, "method", d.Method, "path", d.Path, "principal", d.who(), "status", d.Status, "reason", d.Reason)
}

// A refusal is the error of a request that must not pass. Its text is for the log.
type refusal struct {
	status    int
	reason    string
	challenge string // of a 401 (RFC 9110 section 11.6.1)
}

func (r *refusal) Error() string { return r.reason }

// Schemes of credentials, in answers that ask for one.
const (
	schemeSigned = "AWS4-HMAC-SHA256"
	schemeBearer = "Bearer"
)

func unsigned(reason string) error  { return &refusal{http.StatusUnauthorized, reason, schemeSigned} }
func noToken(reason string) error   { return &refusal{http.StatusUnauthorized, reason, schemeBearer} }
func forbidden(reason string) error { return &refusal{http.StatusForbidden, reason, ""} }
