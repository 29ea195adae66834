package oidcrp

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"github.com/poolhouse/poolhouse/sp"
	"github.com/poolhouse/poolhouse/userpool"
)

// tokens are what a code was exchanged for.
type tokens struct {
	access, id string
	raw        json.RawMessage
}

// maxToken bounds a token, in bytes.
const maxToken = 64 << 10

// exchange takes the code to the token endpoint (RFC 6749 section 4.1.3) with the
// verifier of PKCE: a code that was made for another request is worth nothing. It
// is a POST with all providers, whatever token_request_method says: a secret in an
// address ends in logs.
func (v *visit) exchange(ctx context.Context, code string) error {
	form := url.Values{"grant_type": {"authorization_code"}, "code": {code}, "redirect_uri": {v.memo.Redirect}, "code_verifier": {v.memo.Verifier}}
	header := http.Header{"Accept": {"application/json"}, "Content-Type": {"application/x-www-form-urlencoded"}}
	if err := v.authenticate(form, header); err != nil {
		return err
	}
	answer, err := v.upstream.client.Call(ctx, v.at.token, header, []byte(form.Encode()), limits.Bytes)
	if err != nil {
		return ofCall("the token endpoint", err)
	}
	o, err := parseObject(answer.Body)
	if code := o.text("error"); err == nil && code != "" { // GitHub says it with the status 200
		return exchangeError(code)
	}
	if answer.Status != http.StatusOK {
		return ofStatus("the token endpoint", answer.Status)
	}
	if err != nil {
		return invalid("the answer of the token endpoint: %v", err)
	}
	v.tokens = &tokens{access: o.text("access_token"), id: o.text("id_token"), raw: o.raw()}
	kind := o.text("token_type")
	if v.tokens.access == "" || len(v.tokens.access) > maxToken || kind != "" && !strings.EqualFold(kind, "bearer") {
		return invalid("the token endpoint answers with no bearer token")
	}
	return nil
}

// exchangeError is an error of RFC 6749 section 5.2. A refused code is what this
// answer brought; the others are of this server's registration.
func exchangeError(code string) error {
	as := sp.ErrInvalid
	switch code {
	case "invalid_client", "unauthorized_client", "invalid_scope", "invalid_request", "unsupported_grant_type",
		"incorrect_client_credentials", "redirect_uri_mismatch":
		as = sp.ErrUnusable
	case "temporarily_unavailable", "server_error":
		as = sp.ErrUnreachable
	}
	return fmt.Errorf("%w: the token endpoint answers %.100q", as, code)
}

// authenticate adds what proves that this server asks. Who has no secret is a
// public client, which PKCE protects.
func (v *visit) authenticate(form url.Values, header http.Header) error {
	id, secret := v.details["client_id"], v.details["client_secret"]
	if v.provider.Type == userpool.ProviderApple {
		var err error
		if secret, err = appleSecret(v.details, v.upstream.now()); err != nil {
			return fmt.Errorf("%w: %w", sp.ErrUnusable, err)
		}
	}
	if secret != "" && v.at.basic {
		pair := url.QueryEscape(id) + ":" + url.QueryEscape(secret) // RFC 6749 section 2.3.1
		header.Set("Authorization", "Basic "+base64.StdEncoding.EncodeToString([]byte(pair)))
		return nil
	}
	form.Set("client_id", id)
	setUnlessEmpty(form, "client_secret", secret)
	return nil
}
