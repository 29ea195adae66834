package oidcrp_test

import (
	"context"
	"crypto/x509"
	"encoding/base64"
	"errors"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"

	"github.com/poolhouse/poolhouse/internal/outbound"
	"github.com/poolhouse/poolhouse/sp"
	"github.com/poolhouse/poolhouse/sp/oidcrp"
)

func failed(t *testing.T, name string, err, want error) {
	t.Helper()
	if want == nil && err != nil || !errors.Is(err, want) {
		t.Errorf("%s: %v, want %v", name, err, want)
	}
}

// Each attack changes one thing of a sign-in that would succeed.
func TestAttacks(t *testing.T) {
	for name, tt := range map[string]struct {
		want   error
		attack func(w *world)
	}{
		"none":                    {nil, func(*world) {}},
		"wrong nonce":             {sp.ErrInvalid, func(w *world) { w.claims = map[string]any{"nonce": "x"} }},
		"no nonce":                {sp.ErrInvalid, func(w *world) { w.claims = map[string]any{"nonce": nil} }},
		"nonce in other letters":  {sp.ErrInvalid, func(w *world) { w.claims = map[string]any{"Nonce": "x"} }},
		"another audience":        {sp.ErrInvalid, func(w *world) { w.claims = map[string]any{"aud": "other"} }},
		"no audience":             {sp.ErrInvalid, func(w *world) { w.claims = map[string]any{"aud": nil} }},
		"two audiences":           {sp.ErrInvalid, func(w *world) { w.claims = map[string]any{"aud": []string{"other", clientID}} }},
		"two audiences, azp":      {nil, func(w *world) { w.claims = map[string]any{"aud": []string{"other", clientID}, "azp": clientID} }},
		"made for another client": {sp.ErrInvalid, func(w *world) { w.claims = map[string]any{"azp": "other"} }},
		"another issuer":          {sp.ErrInvalid, func(w *world) { w.claims = map[string]any{"iss": "https://evil.example"} }},
		"expired":                 {sp.ErrInvalid, func(w *world) { w.claims = map[string]any{"exp": start.Add(-2 * time.Minute).Unix()} }},
		"expired within the skew": {nil, func(w *world) { w.claims = map[string]any{"exp": start.Add(-30 * time.Second).Unix()} }},
		"no exp":                  {sp.ErrInvalid, func(w *world) { w.claims = map[string]any{"exp": nil} }},
		"issued tomorrow":         {sp.ErrInvalid, func(w *world) { w.claims = map[string]any{"iat": start.Add(24 * time.Hour).Unix()} }},
		"issued within the skew":  {nil, func(w *world) { w.claims = map[string]any{"iat": start.Add(30 * time.Second).Unix()} }},
		"no iat":                  {sp.ErrInvalid, func(w *world) { w.claims = map[string]any{"iat": nil} }},
		"not yet":                 {sp.ErrInvalid, func(w *world) { w.claims = map[string]any{"nbf": start.Add(time.Hour).Unix()} }},
		"no subject":              {sp.ErrInvalid, func(w *world) { w.claims = map[string]any{"sub": ""} }},
		"long subject":            {sp.ErrInvalid, func(w *world) { w.subject(strings.Repeat("x", 256)) }},
		"unprintable subject":     {sp.ErrInvalid, func(w *world) { w.subject("a\x00b") }},
		"subject of no text":      {sp.ErrInvalid, func(w *world) { w.subject("a\ufffd") }},
		"subject in two spellings": {sp.ErrInvalid, func(w *world) {
			w.claims = map[string]any{"Sub": "mallory"}
		}},
		"signed in tomorrow":   {sp.ErrInvalid, func(w *world) { w.claims = map[string]any{"auth_time": start.Add(time.Hour).Unix()} }},
		"another access token": {sp.ErrInvalid, func(w *world) { w.claims = map[string]any{"at_hash": atHash("another")} }},
		"no at_hash":           {nil, func(w *world) { w.claims = map[string]any{"at_hash": nil} }},
		"no ID token":          {sp.ErrInvalid, func(w *world) { w.token = func(map[string]any) string { return "" } }},
		"another key":          {sp.ErrInvalid, func(w *world) { w.signWith(jose.ES256, newECKey(w), "k1") }},
		"unknown key":          {sp.ErrInvalid, func(w *world) { w.signWith(jose.ES256, newECKey(w), "k9") }},
		"alg none":             {sp.ErrInvalid, func(w *world) { w.token = none }},
		"HS256 with the public key": {sp.ErrInvalid, func(w *world) {
			public, _ := x509.MarshalPKIXPublicKey(w.key.Public())
			w.signWith(jose.HS256, public, "k1")
		}},
		"HS256 with the secret": {sp.ErrInvalid, func(w *world) { w.signWith(jose.HS256, []byte(strings.Repeat(secret, 8)), "") }},
		"user info of another":  {sp.ErrInvalid, func(w *world) { w.answers["/userinfo"] = `{"sub":"mallory"}` }},
		"user info of nobody":   {sp.ErrInvalid, func(w *world) { w.answers["/userinfo"] = `{"email":"a@b"}` }},
		"user info, sub twice":  {sp.ErrInvalid, func(w *world) { w.answers["/userinfo"] = `{"sub":"mallory","sub":"alice"}` }},
		"user info, Sub":        {sp.ErrInvalid, func(w *world) { w.answers["/userinfo"] = `{"sub":"alice","SUB":"mallory"}` }},
		"user info, huge":       {sp.ErrInvalid, func(w *world) { w.answers["/userinfo"] = `{"sub":"alice","x":"` + strings.Repeat("x", 1<<19) + `"}` }},
		"user info, deep": {sp.ErrInvalid, func(w *world) {
			w.answers["/userinfo"] = `{"sub":"alice","x":` + strings.Repeat("[", 99) + strings.Repeat("]", 99) + `}`
		}},
		"user info moved":       {sp.ErrUnusable, func(w *world) { w.respond["/userinfo"] = moved("/elsewhere") }},
		"user info is down":     {sp.ErrUnreachable, func(w *world) { w.respond["/userinfo"] = status(503) }},
		"user info is refused":  {sp.ErrInvalid, func(w *world) { w.respond["/userinfo"] = status(403) }},
		"token endpoint moved":  {sp.ErrUnusable, func(w *world) { w.answerExchange(moved("/elsewhere")) }},
		"token endpoint, huge":  {sp.ErrInvalid, func(w *world) { w.answerExchange(text(strings.Repeat(" ", 1<<19))) }},
		"token endpoint, list":  {sp.ErrInvalid, func(w *world) { w.answerExchange(text(`[]`)) }},
		"token endpoint, page":  {sp.ErrInvalid, func(w *world) { w.answerExchange(text(`<html>`)) }},
		"token endpoint, twice": {sp.ErrInvalid, func(w *world) { w.answerExchange(text(`{"access_token":"a","access_token":"b"}`)) }},
		"token endpoint, mac":   {sp.ErrInvalid, func(w *world) { w.answerExchange(text(`{"access_token":"a","token_type":"mac"}`)) }},
		"token endpoint is down": {sp.ErrUnreachable, func(w *world) {
			w.answerExchange(status(502))
		}},
		"our secret is refused": {sp.ErrUnusable, func(w *world) { w.answerExchange(text(`{"error":"invalid_client"}`)) }},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			w.answers["/userinfo"] = `{"sub":"alice"}`
			tt.attack(w)
			_, err := w.signIn(w.provider("OIDC", nil), sp.Ask{})
			failed(t, name, err, tt.want)
			for _, r := range w.requests {
				if r.URL.Path == "/elsewhere" {
					t.Error("a secret followed a redirect")
				}
			}
		})
	}
}

func (w *world) subject(s string) {
	w.claims = map[string]any{"sub": s}
	w.metadata["userinfo_endpoint"] = nil
}

func (w *world) signWith(alg jose.SignatureAlgorithm, key any, kid string) {
	w.token = func(claims map[string]any) string { return sign(w, alg, key, kid, claims) }
}

func (w *world) answerExchange(h http.HandlerFunc) {
	w.exchange = func(rw http.ResponseWriter, r *http.Request) bool { h(rw, r); return true }
}

func none(claims map[string]any) string {
	return base64.RawURLEncoding.EncodeToString([]byte(`{"alg":"none"}`)) + "." + payload(claims) + "."
}

func status(code int) http.HandlerFunc {
	return func(rw http.ResponseWriter, _ *http.Request) { rw.WriteHeader(code) }
}

func text(body string) http.HandlerFunc {
	return func(rw http.ResponseWriter, _ *http.Request) { rw.Write([]byte(body)) }
}

func moved(to string) http.HandlerFunc {
	return http.RedirectHandler(to, http.StatusTemporaryRedirect).ServeHTTP
}

// Nor is an address, which may hold something that stands for a secret.
func TestErrorsHoldNoAddress(t *testing.T) {
	w := newWorld(t)
	w.respond["/me"] = func(rw http.ResponseWriter, _ *http.Request) { panic(http.ErrAbortHandler) }
	_, err := w.signIn(w.provider("Facebook", map[string]string{"authorize_url": w.URL + "/authorize", "token_url": w.URL + "/token",
		"attributes_url": w.URL + "/me?fields=", "oidc_issuer": ""}), sp.Ask{})
	failed(t, "aborted", err, sp.ErrUnreachable)
	if strings.Contains(err.Error(), "proof") {
		t.Error(err)
	}
}

// What the browser brings may be anybody's.
func TestAnswersOfOthers(t *testing.T) {
	for name, tt := range map[string]struct {
		want   error
		change func(url.Values)
	}{
		"honest":             {nil, func(url.Values) {}},
		"mix-up":             {sp.ErrInvalid, func(f url.Values) { f.Set("iss", "https://evil.example") }},
		"no iss":             {sp.ErrInvalid, func(f url.Values) { f.Del("iss") }},
		"error of another":   {sp.ErrInvalid, func(f url.Values) { f.Set("error", "access_denied"); f.Set("iss", "https://evil.example") }},
		"two issuers":        {sp.ErrInvalid, func(f url.Values) { f.Add("iss", "https://evil.example") }},
		"two codes":          {sp.ErrInvalid, func(f url.Values) { f.Add("code", "x") }},
		"no code":            {sp.ErrInvalid, func(f url.Values) { f.Del("code") }},
		"long code":          {sp.ErrInvalid, func(f url.Values) { f.Set("code", strings.Repeat("x", 9000)) }},
		"another code":       {sp.ErrInvalid, func(f url.Values) { f.Set("code", "stolen") }},
		"access_denied":      {sp.ErrRefused, func(f url.Values) { f.Set("error", "access_denied") }},
		"login_required":     {sp.ErrRefused, func(f url.Values) { f.Set("error", "login_required") }},
		"unknown error":      {sp.ErrRefused, func(f url.Values) { f.Set("error", "<script>") }},
		"provider is down":   {sp.ErrUnreachable, func(f url.Values) { f.Set("error", "temporarily_unavailable") }},
		"client not allowed": {sp.ErrUnusable, func(f url.Values) { f.Set("error", "unauthorized_client") }},
	} {
		w := newWorld(t)
		w.answers["/userinfo"] = `{"sub":"alice"}`
		p := w.provider("OIDC", nil)
		out, asked := w.depart(p, sp.Ask{})
		form := w.grant(asked)
		tt.change(form)
		_, err := w.upstream.Arrive(t.Context(), &sp.Answer{Provider: p, Memo: out.Memo, Form: form})
		failed(t, name, err, tt.want)
	}
}

// A code of the attacker's own sign-in, in the victim's browser, and the other way
// round: PKCE refuses it at the provider, and the nonce here where the provider
// knows no PKCE.
func TestInjectedCode(t *testing.T) {
	for _, noPKCE := range []bool{false, true} {
		w := newWorld(t)
		w.answers["/userinfo"], w.noPKCE = `{"sub":"alice"}`, noPKCE
		p := w.provider("OIDC", nil)
		mine, _ := w.depart(p, sp.Ask{})
		_, theirs := w.depart(p, sp.Ask{})
		_, err := w.upstream.Arrive(t.Context(), &sp.Answer{Provider: p, Memo: mine.Memo, Form: w.grant(theirs)})
		failed(t, "injected code", err, sp.ErrInvalid)
	}
}

// An answer counts for the provider that was asked, as it was.
func TestMemos(t *testing.T) {
	w := newWorld(t)
	p := w.provider("OIDC", nil)
	out, asked := w.depart(p, sp.Ask{})
	other, client, issuer := *p, w.provider("OIDC", map[string]string{"client_id": "new"}), w.provider("OIDC", map[string]string{
		"oidc_issuer": "https://new.example", "authorize_url": w.URL + "/authorize", "token_url": w.URL + "/token", "jwks_uri": w.URL + "/keys"})
	other.Name = "Other"
	w.metadata["issuer"] = "https://new.example"
	for name, answer := range map[string]*sp.Answer{
		"nobody asked":     {Provider: p},
		"no memo":          {Provider: p, Memo: []byte("x")},
		"empty memo":       {Provider: p, Memo: []byte("{}")},
		"another provider": {Provider: &other, Memo: out.Memo},
		"another client":   {Provider: client, Memo: out.Memo},
		"another issuer":   {Provider: issuer, Memo: out.Memo},
	} {
		answer.Form = w.grant(asked)
		answer.Form.Del("iss")
		_, err := w.upstream.Arrive(t.Context(), answer)
		failed(t, name, err, sp.ErrInvalid)
	}
	if len(w.requests) > 0 {
		t.Error("a code was taken to the provider")
	}
}

// Who must sign in anew and did not is not let in.
func TestForce(t *testing.T) {
	w := newWorld(t)
	w.answers["/userinfo"] = `{"sub":"alice"}`
	for offset, want := range map[time.Duration]error{0: nil, -30 * time.Second: nil, -time.Hour: sp.ErrInvalid} {
		w.claims = map[string]any{"auth_time": start.Add(offset).Unix()}
		_, err := w.signIn(w.provider("OIDC", nil), sp.Ask{Force: true})
		failed(t, offset.String(), err, want)
		if _, err := w.signIn(w.provider("OIDC", nil), sp.Ask{}); err != nil {
			t.Errorf("%v, not forced: %v", offset, err)
		}
	}
	w.claims = map[string]any{"auth_time": "yesterday"}
	_, err := w.signIn(w.provider("OIDC", nil), sp.Ask{})
	failed(t, "no time", err, sp.ErrInvalid)
}

// A provider that does not answer is given up.
func TestSlow(t *testing.T) {
	w := newWorld(t)
	ctx, cancel := context.WithCancel(t.Context())
	w.exchange = func(_ http.ResponseWriter, r *http.Request) bool { cancel(); <-r.Context().Done(); return true }
	p := w.provider("OIDC", nil)
	out, asked := w.depart(p, sp.Ask{})
	_, err := w.upstream.Arrive(ctx, &sp.Answer{Provider: p, Memo: out.Memo, Form: w.grant(asked)})
	failed(t, "slow", err, sp.ErrUnreachable)
}

// An issuer, or what it publishes, must not be a way into our network.
func TestPrivateAddresses(t *testing.T) {
	w := newWorld(t)
	u := oidcrp.NewUpstream(outbound.New(false), w, bases, func() time.Time { return start })
	_, err := u.Depart(t.Context(), &sp.Ask{Provider: w.provider("OIDC", nil)})
	failed(t, "discovery", err, sp.ErrUnusable)
	open := w.provider("OIDC", nil)
	out, asked := w.depart(open, sp.Ask{})
	inside := map[string]string{"authorize_url": w.URL + "/authorize", "token_url": w.URL + "/token", "jwks_uri": w.URL + "/keys"}
	_, err = u.Arrive(t.Context(), &sp.Answer{Provider: w.provider("OIDC", inside), Memo: out.Memo, Form: w.grant(asked)})
	failed(t, "token endpoint", err, sp.ErrUnusable)
	if len(w.requests) > 0 {
		t.Error("a server inside was reached")
	}
}

// What an issuer publishes must be addresses that a browser may be sent to.
func TestPublishedAddresses(t *testing.T) {
	for _, address := range []string{"javascript:alert(1)", "http://idp.example/authorize", "https://u:p@idp.example/", "data:text/html,x", "//idp.example", "https://idp.example/#x"} {
		w := newWorld(t)
		w.metadata["authorization_endpoint"] = address
		_, err := w.upstream.Depart(t.Context(), &sp.Ask{Provider: w.provider("OIDC", nil)})
		failed(t, address, err, sp.ErrUnreachable)
	}
}

// Errors go to the log: no secret, code or token is in them.
func TestErrorsHoldNoSecrets(t *testing.T) {
	for name, break_ := range map[string]func(w *world){
		"exchange": func(w *world) { w.answerExchange(status(500)) },
		"refused": func(w *world) {
			w.answerExchange(text(`{"error":"invalid_grant","error_description":"` + secret + `"}`))
		},
		"userinfo": func(w *world) { w.respond["/userinfo"] = status(500) },
		"id token": func(w *world) { w.claims = map[string]any{"aud": "x"} },
	} {
		w := newWorld(t)
		break_(w)
		p := w.provider("OIDC", nil)
		out, asked := w.depart(p, sp.Ask{})
		form := w.grant(asked)
		_, err := w.upstream.Arrive(t.Context(), &sp.Answer{Provider: p, Memo: out.Memo, Form: form})
		if err == nil {
			t.Fatal(name)
		}
		for _, hidden := range []string{secret, url.QueryEscape(secret), form.Get("code"), "Bearer", asked.Get("nonce")} {
			if strings.Contains(err.Error(), hidden) {
				t.Errorf("%s: %v", name, err)
			}
		}
	}
}
