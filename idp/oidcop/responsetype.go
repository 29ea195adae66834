package oidcop

import (
	"slices"
	"strings"

	"github.com/poolhouse/poolhouse/userpool"
)

// A responseType is what an app wants back from the authorization endpoint
// itself (OAuth 2.0 Multiple Response Type Encoding Practices).
type responseType struct{ code, token, idToken bool }

// The response types as discovery lists them. The first is everybody's, the
// second Cognito's implicit grant, the others are OpenID Connect's.
var responseTypes = []string{"code", "token", "id_token", "id_token token", "code id_token", "code token", "code id_token token"}

// readResponseType reads a list of words in any order. ok is false where one is
// unknown or stands there twice.
func readResponseType(text string) (t responseType, ok bool) {
	for _, word := range strings.Fields(text) {
		var part *bool
		switch word {
		case "code":
			part = &t.code
		case "token":
			part = &t.token
		case "id_token":
			part = &t.idToken
		default:
			return t, false
		}
		if *part {
			return t, false
		}
		*part = true
	}
	return t, t != responseType{}
}

// String is the type in one spelling.
func (t responseType) String() string {
	var words []string
	for _, part := range []struct {
		on   bool
		word string
	}{{t.code, "code"}, {t.idToken, "id_token"}, {t.token, "token"}} {
		if part.on {
			words = append(words, part.word)
		}
	}
	return strings.Join(words, " ")
}

// front reports whether tokens leave by the browser. They may never be in an
// address's query, where logs and the Referer would keep them.
func (t responseType) front() bool { return t.token || t.idToken }

func (req *request) parseResponseType() error {
	c, text := req.client, req.params.Get("response_type")
	if !c.OAuthEnabled {
		return oauthFail("unauthorized_client", "OAuth is not enabled for this client.")
	}
	if text == "" {
		return oauthFail("invalid_request", "response_type is missing.")
	}
	kind, ok := readResponseType(text)
	if !ok {
		return oauthFail("unsupported_response_type", "The response type is not supported.")
	}
	if !mayRespond(req.pool, c, kind) {
		return oauthFail("unauthorized_client", "The client may not use this response type.")
	}
	req.kind = kind
	return nil
}

// mayRespond reports whether a client may use a response type. Tokens leave by the
// browser only where the client's settings say so, and never in a strict pool
// (OAuth 2.1) or for a FAPI client: no parameter changes that.
func mayRespond(p *userpool.Pool, c *userpool.Client, kind responseType) bool {
	if kind.code && !slices.Contains(c.OAuthFlows, "code") || kind.front() && (p.Strict || c.OpenID.FAPI) {
		return false
	}
	switch kind {
	case responseType{code: true}:
		return true
	case responseType{token: true}:
		return slices.Contains(c.OAuthFlows, "implicit")
	}
	return slices.ContainsFunc(c.OpenID.ResponseTypes, func(listed string) bool {
		t, ok := readResponseType(listed)
		return ok && t == kind
	})
}

// checkFront holds what OpenID Connect asks of requests for an ID token by the
// browser: the openid scope, and the nonce by which the app knows the answer to
// be its own (Core sections 3.2.2.1 and 3.3.2.11). Cognito's token wants neither.
func (req *request) checkFront() error {
	switch {
	case !req.kind.idToken:
		return nil
	case !slices.Contains(req.scopes, userpool.ScopeOpenID):
		return oauthFail("invalid_scope", "An ID token needs the scope openid.")
	case req.params.Get("nonce") == "":
		return oauthFail("invalid_request", "nonce is missing.")
	}
	return nil
}
