package openid_test

import "strings"

// A skip is why a module does not apply. The Foundation's suite skips it for the
// same reason; holds tells whether the reason is true of the provider at hand.
type skip struct {
	reason string
	holds  func(*exam) bool
}

// skips has the modules that a certifier would see as SKIPPED or, for a variant, not
// at all.
var skips = map[string]skip{
	"oidcc-idtoken-unsigned": {"unsigned ID tokens are optional and not advertised", func(e *exam) bool {
		return !contains(e.meta.IDTokenAlgs, "none")
	}},
	"oidcc-request-uri-unsigned-supported-correctly-or-rejected-as-unsupported":    unsignedRequests,
	"oidcc-unsigned-request-object-supported-correctly-or-rejected-as-unsupported": unsignedRequests,
	"oidcc-ensure-request-object-with-redirect-uri":                                unsignedRequests,
	"oidcc-request-uri-unsigned":                                                   unsignedRequests,
	"oidcc-userinfo-get":                                                           noAccessToken,
	"oidcc-userinfo-post-header":                                                   noAccessToken,
	"oidcc-userinfo-post-body":                                                     noAccessToken,
	"oidcc-ensure-request-without-nonce-succeeds-for-code-flow": {"not for variants with an ID token from the authorization endpoint: there a nonce is required", func(e *exam) bool {
		return e.has("id_token")
	}},
	"oidcc-ensure-request-without-nonce-fails": {"not for variants without an ID token from the authorization endpoint: there a nonce is optional", func(e *exam) bool {
		return !e.has("id_token")
	}},
}

var unsignedRequests = skip{"unsigned request objects are optional and not advertised", func(e *exam) bool {
	return !contains(e.meta.RequestAlgs, "none")
}}

var noAccessToken = skip{"not for response_type=id_token, which yields no access token", func(e *exam) bool {
	return e.responseType() == "id_token"
}}

// openIDOnly are the modules with the mark O.
var openIDOnly = []string{"ensure-authorization-request-without-nonce-success", "ensure-authorization-request-with-64-char-nonce-success",
	"ensure-authorization-request-with-long-nonce", "ensure-other-scope-order-succeeds", "test-claims-parameter-identity-claims",
	"ensure-different-nonce-inside-and-outside-request-object"}

// The modules with the marks O, D and K.
func init() {
	for _, name := range openIDOnly {
		skips["fapi2-security-profile-final-"+name] = skip{"for OpenID Connect, not for plain OAuth", plainOAuth}
	}
	for _, m := range fapiDPoP {
		skips["fapi2-security-profile-final-"+m.name] = skip{"for tokens bound by DPoP", func(e *exam) bool { return !dpopBound(e) }}
	}
	for _, m := range fapiClients {
		if strings.Contains(m.name, "assertion") || strings.HasPrefix(m.name, "par-test") {
			skips["fapi2-security-profile-final-"+m.name] = skip{"for clients that authenticate by private_key_jwt", func(e *exam) bool { return !byAssertion(e) }}
		}
	}
}
