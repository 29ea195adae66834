package oidcop

import (
	"encoding/json"
	"errors"
	"net/http"
	"slices"
	"sync"
	"time"

	"github.com/poolhouse/poolhouse/idp/registration"
	"github.com/poolhouse/poolhouse/internal/jose"
	"github.com/poolhouse/poolhouse/internal/web"
	"github.com/poolhouse/poolhouse/userpool"
)

// documentLife is how long a discovery document is served before its pool is
// looked at again.
const documentLife = 30 * time.Second

// documents keeps the encoded discovery documents of existing pools.
type documents struct {
	mu   sync.Mutex
	pool map[userpool.PoolID]document
}

type document struct {
	json    []byte
	expires time.Time
}

func (h *Handler) discovery(w http.ResponseWriter, r *http.Request) error {
	return h.publish(w, r, h.discoveryDocument)
}

func (h *Handler) jwks(w http.ResponseWriter, r *http.Request) error {
	return h.publish(w, r, func(r *http.Request) ([]byte, error) {
		return h.Tokens.JWKS(r.Context(), userpool.PoolID(r.PathValue("pool")))
	})
}

// publish serves a public document.
func (h *Handler) publish(w http.ResponseWriter, r *http.Request, get func(*http.Request) ([]byte, error)) error {
	if allowCORS(w, r, "GET") {
		return nil
	}
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		return web.Fail(http.StatusMethodNotAllowed, "This address does not answer such a request.", nil)
	}
	body, err := get(r)
	if errors.Is(err, userpool.ErrPoolNotFound) {
		return writeJSON(w, http.StatusNotFound, map[string]string{"message": "User pool does not exist."})
	}
	if err != nil {
		return err
	}
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "public, max-age=300")
	_, _ = w.Write(body) // if the reader left, nobody is there to tell
	return nil
}

func (h *Handler) discoveryDocument(r *http.Request) ([]byte, error) {
	id, now := userpool.PoolID(r.PathValue("pool")), h.Now()
	h.documents.mu.Lock()
	kept, ok := h.documents.pool[id]
	h.documents.mu.Unlock()
	if ok && now.Before(kept.expires) {
		return kept.json, nil
	}
	pool, err := h.Store.Pool(r.Context(), id)
	var keys []jose.PrivateKey
	if err == nil {
		keys, err = h.Tokens.RequestKeys(r.Context(), id)
	}
	h.documents.mu.Lock()
	defer h.documents.mu.Unlock()
	if err != nil {
		delete(h.documents.pool, id)
		return nil, err
	}
	body, err := json.Marshal(h.metadata(pool, len(keys) > 0))
	if err != nil {
		return nil, err
	}
	if h.documents.pool == nil {
		h.documents.pool = map[userpool.PoolID]document{}
	}
	h.documents.pool[id] = document{body, now.Add(documentLife)}
	return body, nil
}

// metadata is what OpenID Connect Discovery 1.0 section 3 and RFC 8414 describe.
// It announces what works, and nothing else.
type metadata struct {
	Issuer        string   `json:"issuer"`
	Authorization string   `json:"authorization_endpoint"`
	Token         string   `json:"token_endpoint"`
	UserInfo      string   `json:"userinfo_endpoint"`
	Revocation    string   `json:"revocation_endpoint"`
	EndSession    string   `json:"end_session_endpoint"`
	JWKS          string   `json:"jwks_uri"`
	Registration  string   `json:"registration_endpoint,omitempty"`
	GrantTypes    []string `json:"grant_types_supported"`
	Scopes        []string `json:"scopes_supported"`
	Claims        []string `json:"claims_supported"`
	authorizeMetadata
	logoutMetadata
	tokenMetadata
	sealMetadata
}

func (h *Handler) metadata(pool *userpool.Pool, encrypts bool) *metadata {
	iss := h.Issuer(pool.ID)
	return &metadata{
		Issuer: iss, Authorization: iss + "/oauth2/authorize", Token: iss + "/oauth2/token", UserInfo: iss + "/oauth2/userInfo",
		Revocation: iss + "/oauth2/revoke", EndSession: iss + "/logout", JWKS: iss + "/.well-known/jwks.json", Registration: h.registration(pool),
		GrantTypes: grantTypesOf(pool),
		Scopes:     []string{"openid", "email", "phone", "profile", "address", "offline_access"},
		Claims: []string{"sub", "iss", "aud", "exp", "iat", "auth_time", "nonce", "at_hash", "c_hash", "acr", "email", "email_verified",
			"phone_number", "phone_number_verified", "name", "given_name", "family_name", "middle_name", "nickname", "preferred_username",
			"profile", "picture", "website", "gender", "birthdate", "zoneinfo", "locale", "address", "updated_at"},
		authorizeMetadata: h.authorizeMetadata(pool, encrypts), logoutMetadata: h.logoutMetadata(pool), tokenMetadata: h.tokenMetadata(iss), sealMetadata: sealing,
	}
}

func grantTypesOf(p *userpool.Pool) []string {
	if p.Strict {
		return grantTypes
	}
	return append(slices.Clone(grantTypes), "implicit")
}

// registration is where clients register themselves, in pools that let them.
func (h *Handler) registration(p *userpool.Pool) string {
	if p.OpenID.Registration == userpool.RegistrationOff {
		return ""
	}
	return h.Issuer(p.ID) + registration.Path
}
