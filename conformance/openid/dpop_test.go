package openid_test

import (
	"crypto"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
)

// A holder makes proofs of possession (RFC 9449).
type holder struct {
	key   *key
	spoil func(*proof) // changes each proof; nil: none

	mu    sync.Mutex
	nonce string // the server's last one
	asked bool   // whether the server insists on its nonces
}

func newHolder(t *testing.T) *holder {
	t.Helper()
	return &holder{key: ecKey(t)}
}

// thumbprint names the key (RFC 7638).
func (h *holder) thumbprint(t *testing.T) string {
	t.Helper()
	public := h.key.public()
	sum, err := public.Thumbprint(crypto.SHA256)
	if err != nil {
		t.Fatal(err)
	}
	return base64.RawURLEncoding.EncodeToString(sum)
}

// A proof can be spoilt before it is signed.
type proof struct {
	header, claims map[string]any
}

// proof makes a proof for a request, and for the access token that it carries, if any.
func (h *holder) proof(t *testing.T, method, address, access string, spoil ...func(*proof)) string {
	t.Helper()
	p := &proof{map[string]any{"typ": "dpop+jwt", "alg": h.key.alg, "jwk": h.jwk()},
		map[string]any{"jti": rand.Text(), "htm": method, "htu": address, "iat": time.Now().Unix()}}
	if access != "" {
		sum := sha256.Sum256([]byte(access))
		p.claims["ath"] = base64.RawURLEncoding.EncodeToString(sum[:])
	}
	h.mu.Lock()
	if h.nonce != "" {
		p.claims["nonce"] = h.nonce
	}
	h.mu.Unlock()
	if h.spoil != nil {
		h.spoil(p)
	}
	for _, s := range spoil {
		s(p)
	}
	return h.key.compact(t, p.header, p.claims)
}

func (h *holder) jwk() jose.JSONWebKey {
	public := h.key.public()
	return jose.JSONWebKey{Key: public.Key}
}

// proving sends a request with a proof, and once more where the server wants its nonce
// in it (RFC 9449 section 8).
func (r *rp) proving(t *testing.T, method, address, access string, send func(proof []string) *reply) *reply {
	t.Helper()
	if r.holder == nil {
		return send(nil)
	}
	got := send([]string{"DPoP", r.holder.proof(t, method, address, access)})
	if r.holder.learn(got) {
		got = send([]string{"DPoP", r.holder.proof(t, method, address, access)})
		r.holder.learn(got)
	}
	return got
}

// learn keeps the server's nonce, and reports whether it is why the request failed.
func (h *holder) learn(got *reply) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	if n := got.header.Get("DPoP-Nonce"); n != "" {
		h.nonce = n
	}
	wanted := strings.Contains(got.body, "use_dpop_nonce") || strings.Contains(got.header.Get("WWW-Authenticate"), "use_dpop_nonce")
	if wanted && (got.status != http.StatusBadRequest && got.status != http.StatusUnauthorized) {
		return false
	}
	h.asked = h.asked || wanted
	return wanted
}

// withNonce gives a proof the nonce that another holder has learnt.
func withNonce(h *holder) func(*proof) {
	return func(p *proof) {
		h.mu.Lock()
		defer h.mu.Unlock()
		if h.nonce != "" {
			p.claims["nonce"] = h.nonce
		}
	}
}

func (h *holder) privateJWK() jose.JSONWebKey { return jose.JSONWebKey{Key: h.key.private} }

// byRS256 is a proof by an RSA key.
func (h *holder) byRS256(t *testing.T, address, access string) string {
	t.Helper()
	other := &holder{key: rsaKey(t, "RS256")}
	return other.proof(t, http.MethodGet, address, access, withNonce(h))
}
