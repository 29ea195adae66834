package openid_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/go-jose/go-jose/v4"
)

// discovery is the Config plan's module: the discovery document and the keys.
func discovery(t *testing.T, e *exam) {
	got := e.fetch(t, http.MethodGet, e.issuer()+"/.well-known/openid-configuration", nil)
	var doc map[string]any
	got.decode(t, &doc)
	if doc["issuer"] != e.issuer() {
		t.Errorf("issuer %v, want %s", doc["issuer"], e.issuer())
	}
	checkMetadata(t, doc)
	for member, values := range map[string][]string{"scopes_supported": {"openid"}, "response_types_supported": {"code"}, "subject_types_supported": {"public"},
		"id_token_signing_alg_values_supported": {"RS256"}, "grant_types_supported": {"authorization_code"}, "code_challenge_methods_supported": {"S256"},
		"claims_supported": {"sub"}} {
		wantListed(t, doc, member, values...)
	}
	if texts(doc["code_challenge_methods_supported"])[0] != "S256" || len(texts(doc["code_challenge_methods_supported"])) != 1 {
		t.Errorf("code_challenge_methods_supported is %v", doc["code_challenge_methods_supported"])
	}
	checkKeys(t, e)
}

func (o *op) issuer() string { return o.URL + "/" + o.pool }

// wantListed fails the test unless the list has each of the values.
func wantListed(t *testing.T, doc map[string]any, member string, values ...string) {
	t.Helper()
	for _, v := range values {
		if !slices.Contains(texts(doc[member]), v) {
			t.Errorf("%s is %v, without %s", member, doc[member], v)
		}
	}
}

func texts(v any) []string {
	list, _ := v.([]any)
	var out []string
	for _, x := range list {
		out = append(out, fmt.Sprint(x))
	}
	return out
}

// A member's name tells its type (OpenID Connect Discovery 1.0 section 3, RFC 8414
// section 2, and the registry that the latter made). An unknown one is a fault.
var (
	urlMember = regexp.MustCompile(`^(issuer|jwks_uri|check_session_iframe|service_documentation|op_policy_uri|op_tos_uri|\w+_endpoint)$`)
	flags     = []string{"claims_parameter_supported", "request_parameter_supported", "request_uri_parameter_supported", "require_request_uri_registration",
		"authorization_response_iss_parameter_supported", "frontchannel_logout_supported", "frontchannel_logout_session_supported",
		"backchannel_logout_supported", "backchannel_logout_session_supported", "require_pushed_authorization_requests",
		"tls_client_certificate_bound_access_tokens", "require_signed_request_object", "backchannel_user_code_parameter_supported"}
	lists = []string{"scopes_supported", "response_types_supported", "response_modes_supported", "grant_types_supported", "acr_values_supported",
		"subject_types_supported", "id_token_signing_alg_values_supported", "id_token_encryption_alg_values_supported", "id_token_encryption_enc_values_supported",
		"userinfo_signing_alg_values_supported", "userinfo_encryption_alg_values_supported", "userinfo_encryption_enc_values_supported",
		"request_object_signing_alg_values_supported", "request_object_encryption_alg_values_supported", "request_object_encryption_enc_values_supported",
		"token_endpoint_auth_methods_supported", "token_endpoint_auth_signing_alg_values_supported", "display_values_supported", "claim_types_supported",
		"claims_supported", "claims_locales_supported", "ui_locales_supported", "revocation_endpoint_auth_methods_supported",
		"revocation_endpoint_auth_signing_alg_values_supported", "introspection_endpoint_auth_methods_supported",
		"introspection_endpoint_auth_signing_alg_values_supported", "introspection_signing_alg_values_supported",
		"introspection_encryption_alg_values_supported", "introspection_encryption_enc_values_supported", "code_challenge_methods_supported",
		"prompt_values_supported", "dpop_signing_alg_values_supported", "authorization_signing_alg_values_supported",
		"authorization_encryption_alg_values_supported", "authorization_encryption_enc_values_supported", "authorization_details_types_supported",
		"backchannel_token_delivery_modes_supported", "backchannel_authentication_request_signing_alg_values_supported"}
	endpoints = []string{"authorization_endpoint", "token_endpoint", "userinfo_endpoint", "registration_endpoint", "end_session_endpoint",
		"revocation_endpoint", "introspection_endpoint", "pushed_authorization_request_endpoint", "device_authorization_endpoint",
		"backchannel_authentication_endpoint"}
	languageTag = regexp.MustCompile(`^[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*$`)
	scopeToken  = regexp.MustCompile(`^[\x21\x23-\x5b\x5d-\x7e]+$`)
)

func checkMetadata(t *testing.T, doc map[string]any) {
	t.Helper()
	for _, need := range []string{"issuer", "authorization_endpoint", "token_endpoint", "userinfo_endpoint", "jwks_uri", "response_types_supported",
		"subject_types_supported", "id_token_signing_alg_values_supported"} {
		if doc[need] == nil {
			t.Errorf("%s is missing", need)
		}
	}
	for name, v := range doc {
		switch {
		case name == "mtls_endpoint_aliases":
			aliases, _ := v.(map[string]any)
			for alias, address := range aliases {
				if !contains(endpoints, alias) {
					t.Errorf("unknown alias %s", alias)
				}
				checkURL(t, alias, address)
			}
		case contains(flags, name):
			if !isBool(v) {
				t.Errorf("%s is %v", name, v)
			}
		case contains(lists, name):
			checkList(t, name, v)
		case contains(endpoints, name) || urlMember.MatchString(name) && !strings.HasSuffix(name, "_endpoint"):
			checkURL(t, name, v)
		default:
			t.Errorf("unknown member %s", name)
		}
	}
}

func checkURL(t *testing.T, name string, v any) {
	t.Helper()
	s, _ := v.(string)
	u, err := url.Parse(s)
	if err != nil || u.Scheme != "https" || u.Host == "" || u.Fragment != "" || name == "issuer" && u.RawQuery != "" {
		t.Errorf("%s is %v", name, v)
	}
}

// checkList wants texts, at least one, each once.
func checkList(t *testing.T, name string, v any) {
	t.Helper()
	list, ok := v.([]any)
	if !ok || len(list) == 0 {
		t.Errorf("%s is %v", name, v)
	}
	seen := map[string]bool{}
	for _, x := range list {
		s, ok := x.(string)
		if !ok || s == "" || seen[s] {
			t.Errorf("%s has %v", name, x)
		}
		seen[s] = true
		if strings.HasSuffix(name, "locales_supported") && !languageTag.MatchString(s) || name == "scopes_supported" && !scopeToken.MatchString(s) {
			t.Errorf("%s has %q", name, s)
		}
	}
}

// checkKeys wants well-formed public keys, each with an id of its own. Those of other
// algorithms than RS256 are made when the first client asks for them.
func checkKeys(t *testing.T, e *exam) {
	t.Helper()
	got := e.fetch(t, http.MethodGet, e.meta.JWKS, nil)
	var raw struct{ Keys []map[string]any }
	got.decode(t, &raw)
	seen, types := map[string]bool{}, map[string]bool{}
	for _, k := range raw.Keys {
		kid, _ := k["kid"].(string)
		if kid == "" || seen[kid] {
			t.Errorf("kid %q", kid)
		}
		seen[kid] = true
		for _, private := range []string{"d", "p", "q", "dp", "dq", "qi", "k"} {
			if k[private] != nil {
				t.Errorf("key %s has %s", kid, private)
			}
		}
		b, err := json.Marshal(k)
		if err != nil {
			t.Fatal(err)
		}
		var key jose.JSONWebKey
		if err := key.UnmarshalJSON(b); err != nil || !key.Valid() {
			t.Errorf("key %s: %v", b, err)
		}
		types[fmt.Sprint(k["kty"])] = true
	}
	if !types["RSA"] {
		t.Error("no key for RS256")
	}
}
