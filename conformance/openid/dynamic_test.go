package openid_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"
)

// clientMetadata is what the relying party registers (OpenID Connect Dynamic Client
// Registration 1.0 section 2).
func (r *rp) clientMetadata() map[string]any {
	m := map[string]any{"redirect_uris": []string{r.callback}, "post_logout_redirect_uris": []string{r.goodbye}, "response_types": []string{r.kind},
		"grant_types": grantTypes(r), "token_endpoint_auth_method": r.auth, "id_token_signed_response_alg": r.idAlg}
	if r.key != nil {
		m["jwks"] = jwks(r.key)
	}
	return changed(m, r.asked)
}

// grantTypes are those that the response type needs, and refresh.
func grantTypes(r *rp) []string {
	var list []string
	if r.has("code") {
		list = append(list, "authorization_code", "refresh_token")
	}
	if r.has("id_token") || r.has("token") {
		list = append(list, "implicit")
	}
	return list
}

// registration sends metadata to the registration endpoint.
func (r *rp) registration(t *testing.T) *reply {
	t.Helper()
	body := must(t)(json.Marshal(r.clientMetadata()))
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, r.meta.Registration, bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/json")
	return send(t, r.HTTP, req)
}

// enrol registers the relying party by itself; what it asked for it must get.
func (r *rp) enrol(t *testing.T) {
	t.Helper()
	got := r.registration(t)
	var client map[string]any
	if err := json.Unmarshal([]byte(got.body), &client); err != nil || got.status != http.StatusCreated {
		t.Fatalf("the registration is answered %d %s", got.status, got.body)
	}
	if !strings.Contains(got.header.Get("Cache-Control"), "no-store") {
		t.Errorf("Cache-Control %q", got.header.Get("Cache-Control"))
	}
	for name, want := range r.clientMetadata() {
		a, b := must(t)(json.Marshal(want)), must(t)(json.Marshal(client[name]))
		if name == "response_types" && contains(texts(client[name]), r.kind) {
			continue // there may be more of them
		}
		if name != "scope" && name != "jwks" && !bytes.Equal(a, b) {
			t.Errorf("registered %s %s, asked for %s", name, b, a)
		}
	}
	r.id, r.secret = fmt.Sprint(client["client_id"]), ""
	if s, ok := client["client_secret"].(string); ok {
		r.secret = s
		if _, ok := client["client_secret_expires_at"].(float64); !ok {
			t.Error("client_secret without client_secret_expires_at")
		}
	}
	if (r.secret != "") != strings.HasPrefix(r.auth, "client_secret") {
		t.Errorf("a secret for %s: %t", r.auth, r.secret != "")
	}
}

// refusedRegistration wants an error of RFC 7591 section 3.2.2.
func (r *rp) refusedRegistration(t *testing.T, codes ...string) {
	t.Helper()
	got := r.registration(t)
	if got.status != http.StatusBadRequest {
		t.Fatalf("the registration is answered %d %s", got.status, got.body)
	}
	got.refused(t, codes...)
}
