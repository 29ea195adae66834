package oidcop

import (
	"errors"
	"net/http"
	"regexp"
	"strings"

	"github.com/poolhouse/poolhouse/idp/clientauth"
	"github.com/poolhouse/poolhouse/idp/dpop"
	"github.com/poolhouse/poolhouse/internal/web"
	"github.com/poolhouse/poolhouse/userpool"
)

const (
	schemeBearer = "Bearer"
	schemeDPoP   = "DPoP" // RFC 9449 section 7.1
)

var errNonce = &oauthError{"use_dpop_nonce", "The proof must carry the nonce of the DPoP-Nonce header.", http.StatusBadRequest}

// held returns the keys that a request shows to hold: that of its DPoP proof, and
// that of its connection's certificate. A member is empty where there is none.
// token is the access token that the request presents; empty at other endpoints.
// A proof that is wrong refuses the request, even if none was needed.
func (h *Handler) held(w http.ResponseWriter, r *http.Request, pool *userpool.Pool, token string) (*userpool.Confirmation, error) {
	held := new(userpool.Confirmation)
	if chain := web.ClientChain(r.Context()); len(chain) > 0 {
		held.Certificate = clientauth.Thumbprint(chain[0])
	}
	proofs := r.Header.Values("DPoP")
	if pool.OpenID.DPoPNonces {
		w.Header().Set("DPoP-Nonce", h.Proofs.Nonce(pool.ID))
	}
	if len(proofs) == 0 {
		return held, nil
	}
	var err error
	held.Thumbprint, err = h.Proofs.Verify(r.Context(), proofs, dpop.Target{Pool: pool.ID, Method: r.Method,
		URL: h.Issuer(pool.ID) + endpointOf(r, pool), Token: token, NeedNonce: pool.OpenID.DPoPNonces})
	return held, err
}

// endpointOf is the path of a request below the issuer.
func endpointOf(r *http.Request, pool *userpool.Pool) string {
	return strings.TrimPrefix(r.URL.Path, "/"+string(pool.ID))
}

// proofError gives the errors of proofs the form that the app may see.
func proofError(err error) (*oauthError, bool) {
	var proof *dpop.Error
	switch {
	case errors.Is(err, dpop.ErrNonce):
		return errNonce, true
	case errors.As(err, &proof):
		return &oauthError{"invalid_dpop_proof", proof.Reason, http.StatusBadRequest}, true
	}
	return nil, false
}

// bind returns what the tokens of this client's request are to be bound to, or
// refuses a client that has to show a key and does not. Nil binds them to nothing.
func bind(c *userpool.Client, held *userpool.Confirmation) (*userpool.Confirmation, error) {
	o := &c.OpenID
	b := &userpool.Confirmation{Thumbprint: held.Thumbprint}
	if o.CertBound || o.FAPI && b.Thumbprint == "" {
		b.Certificate = held.Certificate
	}
	switch {
	case o.DPoPBound && b.Thumbprint == "":
		return nil, oauthFail("invalid_dpop_proof", "The client's tokens need a DPoP proof.")
	case o.CertBound && b.Certificate == "":
		return nil, oauthFail("invalid_request", "The client's tokens need its TLS certificate.")
	case o.FAPI && *b == (userpool.Confirmation{}): // FAPI 2.0 section 5.3.2.1
		return nil, oauthFail("invalid_request", "The client's tokens need a DPoP proof or its TLS certificate.")
	case *b == (userpool.Confirmation{}):
		return nil, nil
	}
	return b, nil
}

// presented checks that who presents an access token holds the key that it is bound
// to, and says so the right way: no bound token passes as a bearer's, and a proof
// makes no other token a bound one.
func presented(scheme string, bound, held *userpool.Confirmation) bool {
	if bound == nil {
		bound = new(userpool.Confirmation)
	}
	want := schemeBearer
	if bound.Thumbprint != "" {
		want = schemeDPoP
	}
	return scheme == want && (bound.Thumbprint == "" || bound.Thumbprint == held.Thumbprint) &&
		(bound.Certificate == "" || bound.Certificate == held.Certificate)
}

// parseBinding reads dpop_jkt, the key that the code is bound to (RFC 9449 section
// 10). Tokens that go through the browser are bound to nothing, so who needs bound
// ones cannot have them there.
func (req *request) parseBinding() error {
	req.proofKey = req.params.Get("dpop_jkt")
	if req.proofKey != "" && !thumbprintText.MatchString(req.proofKey) {
		return oauthFail("invalid_request", "dpop_jkt is malformed.")
	}
	o := &req.client.OpenID
	if req.kind.token && (req.proofKey != "" || o.DPoPBound || o.CertBound || o.FAPI) {
		return oauthFail("unauthorized_client", "Tokens that are bound to a key do not go through the browser.")
	}
	return nil
}

// thumbprintText is a SHA-256 in base64url.
var thumbprintText = regexp.MustCompile(`^[A-Za-z0-9_-]{43}$`)

// confirmation is what the code of a request is bound to; nil where it is not.
func (req *request) confirmation() *userpool.Confirmation {
	if req.proofKey == "" {
		return nil
	}
	return &userpool.Confirmation{Thumbprint: req.proofKey}
}
