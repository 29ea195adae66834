package openid_test

import (
	"cmp"
	"crypto/rand"
	"crypto/tls"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"
)

// An rp is a relying party.
type rp struct {
	*op
	home       string // its address
	id, secret string
	auth       string // token_endpoint_auth_method
	kind, mode string // response_type, response_mode
	callback   string
	goodbye    string         // post_logout_redirect_uri
	idAlg      string         // id_token_signed_response_alg
	asked      map[string]any // the rest of its registration, by the names of RFC 7591
	key        *key           // signs assertions and request objects
	holder     *holder        // proves possession of DPoP-bound tokens; nil: it has none
	scope      string         // what it asks for
	pkce       bool           // sends challenges
	pushes     bool           // its requests (RFC 9126)
	rotates    bool           // its refresh tokens work once
	bound      bool           // its tokens are bound to its certificate
	client     *http.Client   // with its certificate, where it has one
}

// new makes a relying party that is not registered yet.
func (e *exam) new(t *testing.T, change ...func(*rp)) *rp {
	t.Helper()
	home := e.home()
	r := &rp{op: e.op, home: home, auth: cmp.Or(e.plan.auth, "client_secret_basic"), kind: e.responseType(), mode: e.plan.mode, scope: "openid",
		pkce: e.plan.fapi, pushes: e.plan.fapi, callback: home + "/callback", goodbye: home + "/goodbye", idAlg: "RS256", client: e.HTTP, asked: map[string]any{
			"client_name": "Relying party", "scope": "openid profile email address phone offline_access"}}
	if e.plan.plain {
		r.scope, r.asked["scope"] = apiScope, apiScope+" offline_access"
	}
	if e.plan.settings != nil {
		e.plan.settings(t, r)
	}
	for _, c := range change {
		c(r)
	}
	return r
}

// register makes a relying party for the exam's variant.
func (e *exam) register(t *testing.T, change ...func(*rp)) *rp {
	t.Helper()
	r := e.new(t, change...)
	if e.plan.dynamic {
		r.enrol(t)
	} else {
		r.create(t)
	}
	return r
}

// has reports whether the answers to its requests carry that: code, id_token, token.
func (r *rp) has(what string) bool { return slices.Contains(strings.Fields(r.kind), what) }

// post sends a form to the provider, from where the relying party's certificate is.
func (r *rp) post(t *testing.T, address string, form url.Values, header ...string) *reply {
	t.Helper()
	return fetch(t, r.client, http.MethodPost, address, form, header...)
}

// call is an authenticated request, with a proof of possession where the relying
// party makes them.
func (r *rp) call(t *testing.T, address string, form url.Values) *reply {
	t.Helper()
	form, header := r.authenticate(t, form)
	return r.proving(t, http.MethodPost, address, "", func(proof []string) *reply {
		return r.post(t, address, form, append(header, proof...)...)
	})
}

// tokenRequest asks the token endpoint.
func (r *rp) tokenRequest(t *testing.T, form url.Values) *reply {
	t.Helper()
	return r.call(t, r.endpoint("token_endpoint"), form)
}

// authenticate adds the relying party's credentials to a request (RFC 6749 section
// 2.3.1, RFC 7521 section 4.2, RFC 8705 section 2).
func (r *rp) authenticate(t *testing.T, form url.Values) (_ url.Values, header []string) {
	t.Helper()
	form = cloneValues(form)
	switch r.auth {
	case "client_secret_basic":
		req := http.Request{Header: http.Header{}}
		req.SetBasicAuth(url.QueryEscape(r.id), url.QueryEscape(r.secret))
		return form, []string{"Authorization", req.Header.Get("Authorization")}
	case "client_secret_post":
		form.Set("client_secret", r.secret)
	case "private_key_jwt", "client_secret_jwt":
		if !form.Has("client_assertion") {
			form.Set("client_assertion", r.assertion(t, nil))
		}
		form.Set("client_assertion_type", "urn:ietf:params:oauth:client-assertion-type:jwt-bearer")
	}
	if !form.Has("client_id") {
		form.Set("client_id", r.id)
	}
	return form, nil
}

// assertion is a client assertion (RFC 7523 section 3), with claims changed.
func (r *rp) assertion(t *testing.T, change map[string]any) string {
	t.Helper()
	now := time.Now().Unix()
	claims := map[string]any{"iss": r.id, "sub": r.id, "aud": r.meta.Issuer, "jti": rand.Text(), "iat": now, "exp": now + 60}
	return r.key.signed(t, "", changed(claims, change))
}

// changed sets claims, and takes away those that are nil.
func changed(claims, change map[string]any) map[string]any {
	for name, v := range change {
		if claims[name] = v; v == nil {
			delete(claims, name)
		}
	}
	return claims
}

func cloneValues(v url.Values) url.Values {
	out := url.Values{}
	for name, values := range v {
		out[name] = slices.Clone(values)
	}
	return out
}

// withCertificate has the relying party show a certificate on its connections.
func (r *rp) withCertificate(cert tls.Certificate) {
	transport := r.HTTP.Transport.(*http.Transport).Clone()
	transport.TLSClientConfig.Certificates = []tls.Certificate{cert}
	r.client = &http.Client{Transport: transport}
}

// plain reports whether it knows OAuth alone, without OpenID Connect.
func (r *rp) plain() bool { return r.scope == apiScope }

// resource is where its access tokens are good for something.
func (r *rp) resource() string {
	if r.plain() {
		return r.api.address(r)
	}
	return r.endpoint("userinfo_endpoint")
}

// endpoint is where the relying party calls: with a certificate, at an address of its
// own where there is one (RFC 8705 section 5).
func (r *rp) endpoint(name string) string {
	if alias := r.meta.Aliases[name]; alias != "" && r.client != r.HTTP {
		return alias
	}
	address, _ := r.document[name].(string)
	return address
}
