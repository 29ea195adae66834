package oidcop_test

import (
	"context"
	"encoding/json"
	"fmt"
	"html"
	"io"
	"log/slog"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/descope/virtualwebauthn"
	"github.com/go-webauthn/webauthn/protocol/webauthncose"

	"github.com/poolhouse/poolhouse/idp"
	"github.com/poolhouse/poolhouse/userpool"
	"github.com/poolhouse/poolhouse/userpool/passkey"
)

// ways opens the pool to sign-ins that begin with factors.
func (h *house) ways(factors ...string) {
	h.t.Helper()
	_, err := h.store.UpdatePool(context.Background(), poolID, func(p *userpool.Pool) error {
		p.FirstFactors, p.Passkeys.RelyingParty = factors, "example.com"
		return nil
	})
	h.must(err)
	h.client(public, func(c *userpool.Client) {
		c.ExplicitAuthFlows = append(c.ExplicitAuthFlows, "ALLOW_USER_AUTH")
	})
	h.changeUser("alice", func(u *userpool.User) {
		u.Attributes = map[string]string{"email": "alice@example.com", "email_verified": "true"}
	})
	h.auth.PasskeyVerifier, h.service.PasskeyVerifier = passkey.Verifier{}, passkey.Verifier{}
}

// toCode asks for a code as the first factor.
func (v *visitor) toCode(name string) string {
	v.h.t.Helper()
	at := where(v.post(v.loginPage(nil), url.Values{"username": {name}})).String()
	if !strings.Contains(at, "/signin?") {
		v.h.t.Fatalf("sent to %s", at)
	}
	at = where(v.post(at, url.Values{"factor": {"EMAIL_OTP"}})).String()
	if !strings.Contains(at, "/verify?") {
		v.h.t.Fatalf("sent to %s", at)
	}
	v.signedOut()
	return at
}

func TestCodeAsFirstFactor(t *testing.T) {
	h := open(t)
	h.ways("PASSWORD", "EMAIL_OTP")
	v := h.visitor()
	page := v.toCode("alice")
	if res := v.post(page, url.Values{"code": {"000000x"}}); res.StatusCode != 400 || !strings.Contains(res.text, "The code is wrong.") {
		t.Errorf("a wrong code: %d", res.StatusCode)
	}
	code := url.Values{"code": {h.mails.code(t)}}
	v.signedIn(v.post(page, code))
	if res := v.get(page); res.StatusCode != 400 || !strings.Contains(res.text, "Sign in again") {
		t.Errorf("the step is good twice: %d", res.StatusCode)
	}
	if res := h.visitor().get(page); res.StatusCode != 400 {
		t.Errorf("another browser is at the step: %d", res.StatusCode)
	}
	withPassword := h.visitor()
	at := where(withPassword.post(withPassword.loginPage(nil), url.Values{"username": {"alice"}})).String()
	if res := withPassword.get(at); !strings.Contains(res.text, `autocomplete="current-password"`) {
		t.Errorf("no password asked for: %s", res.text)
	}
	withPassword.signedIn(withPassword.submitTo(at, "/login", credentials("alice", password)))
}

// submitTo sends a form of the page at path to another address of the same visit.
func (v *visitor) submitTo(path, to string, form url.Values) *reply {
	v.h.t.Helper()
	page := v.get(path)
	form.Set("_csrf", tokenOn(v.h.t, page))
	u, err := url.Parse(path)
	v.h.must(err)
	q := u.Query()
	if step := q.Get("step"); step != "" {
		form.Set("step", step)
		q.Del("step")
	}
	return v.submit("/"+poolID+to+"?"+q.Encode(), form)
}

// TestFirstFactorsTellNothing (S14): pages read the same for names that are known,
// unknown, unconfirmed, disabled, and of people who could not use the factor.
func TestFirstFactorsTellNothing(t *testing.T) {
	h := open(t)
	h.ways("PASSWORD", "EMAIL_OTP", "WEB_AUTHN")
	h.user(poolID, "unconfirmed", userpool.Unconfirmed)
	for _, name := range []string{"disabled", "keyed", "twofold"} {
		h.user(poolID, name, userpool.Confirmed)
	}
	h.changeUser("disabled", func(u *userpool.User) { u.Enabled = false })
	h.changeUser("twofold", withTOTP)
	keyed, err := h.store.User(t.Context(), poolID, "keyed")
	h.must(err)
	h.must(h.store.CreatePasskey(t.Context(), &userpool.Passkey{Pool: poolID, Sub: keyed.Sub, ID: "abc", RelyingParty: "example.com"}, 20))
	volatile := regexp.MustCompile(`step=[^"&]*|name="(step|_csrf|session)" value="[^"]*"|data-options="[^"]*"|\S\*\*\*@\S\*\*\*`)
	plain := func(r *reply, name string) string {
		return strings.ReplaceAll(volatile.ReplaceAllString(r.text, ""), name, "NAME")
	}
	read := func(name string) (texts [4]string) {
		v := h.visitor()
		first := where(v.post(v.loginPage(nil), url.Values{"username": {name}})).String()
		texts[0] = plain(v.get(first), name)
		second := where(v.post(first, url.Values{"factor": {"EMAIL_OTP"}})).String()
		texts[1] = plain(v.get(second), name)
		texts[2] = plain(v.post(second, url.Values{"code": {"000000"}}), name)
		texts[3] = plain(v.submitTo(first, "/login", credentials(name, "wrong")), name)
		return texts
	}
	want := read("alice")
	for _, name := range []string{"nobody", "unconfirmed", "disabled", "keyed", "twofold"} {
		for i, got := range read(name) {
			if got != want[i] {
				t.Errorf("page %d tells %s from alice", i, name)
			}
		}
	}
}

// TestFirstFactorIsNotTheSecond (S15): a code opens no account that asks for a second
// factor, and no step stands for another.
func TestFirstFactorIsNotTheSecond(t *testing.T) {
	h := open(t)
	h.ways("PASSWORD", "EMAIL_OTP")
	v := h.visitor()
	page := v.toCode("alice")
	code := h.mails.code(t)
	step := page[strings.Index(page, "step="):]
	for _, path := range []string{"mfa", "newpassword", "recoverycodes", "passkeys/add"} {
		if res := v.get("/" + poolID + "/" + path + "?client_id=" + public + "&redirect_uri=" + url.QueryEscape(callback) + "&" + step); res.StatusCode != 400 {
			t.Errorf("/%s goes on from the step of a code: %d", path, res.StatusCode)
		}
	}
	h.mfa("OPTIONAL", func(p *userpool.Pool) { p.EmailMFA = true })
	h.changeUser("alice", func(u *userpool.User) { u.MFA.Email = true })
	if res := v.post(page, url.Values{"code": {code}}); res.StatusCode != 400 {
		t.Errorf("a code from before the second factor was turned on: %d, sent to %s", res.StatusCode, where(res))
	}
	v.signedOut()
	for _, factor := range []string{"PASSWORD", "WEB_AUTHN", "SMS_OTP", "CUSTOM_CHALLENGE", "SOFTWARE_TOKEN_MFA", ""} {
		other := h.visitor()
		first := where(other.post(other.loginPage(nil), url.Values{"username": {"alice"}})).String()
		if first == "" {
			continue
		}
		if res := other.post(first, url.Values{"factor": {factor}}); res.StatusCode == 303 {
			t.Errorf("%q begins a sign-in: %s", factor, where(res))
		}
	}
}

// A token is an authenticator whose user says yes.
type token struct {
	page virtualwebauthn.RelyingParty
	auth virtualwebauthn.Authenticator
	key  virtualwebauthn.Credential
}

func newToken() *token {
	k := &token{page: virtualwebauthn.RelyingParty{ID: "example.com", Origin: "https://login.example.com"}, auth: virtualwebauthn.NewAuthenticator()}
	for {
		k.key = virtualwebauthn.NewCredential(virtualwebauthn.KeyTypeEC2)
		if _, err := webauthncose.ParsePublicKey(k.key.Key.AttestationData()); err == nil {
			return k
		}
	}
}

var passkeyOptions = regexp.MustCompile(`data-options="([^"]*)"`)

func (k *token) make(t *testing.T, page *reply) string {
	t.Helper()
	m := passkeyOptions.FindStringSubmatch(page.text)
	if m == nil {
		t.Fatalf("no options: %d %s", page.StatusCode, page.text)
	}
	o, err := virtualwebauthn.ParseAttestationOptions(html.UnescapeString(m[1]))
	if err != nil {
		t.Fatal(err)
	}
	k.auth.Options.UserHandle = []byte(o.UserID)
	return virtualwebauthn.CreateAttestationResponse(k.page, k.auth, k.key, *o)
}

// use returns the form that signs in by the key.
func (k *token) use(t *testing.T, page *reply) url.Values {
	t.Helper()
	m := passkeyOptions.FindStringSubmatch(page.text)
	s := regexp.MustCompile(`name="session" value="([^"]+)"`).FindStringSubmatch(page.text)
	if m == nil || s == nil {
		t.Fatalf("no options: %d %s", page.StatusCode, page.text)
	}
	var options struct{ AllowCredentials []any }
	if err := json.Unmarshal([]byte(html.UnescapeString(m[1])), &options); err != nil || len(options.AllowCredentials) > 0 {
		t.Fatalf("the page lists passkeys: %s %v", m[1], err)
	}
	o, err := virtualwebauthn.ParseAssertionOptions(html.UnescapeString(m[1]))
	if err != nil {
		t.Fatal(err)
	}
	k.key.Counter++
	return url.Values{"session": {s[1]}, "credential": {virtualwebauthn.CreateAssertionResponse(k.page, k.auth, k.key, *o)}}
}

func TestPasskeyOnThePages(t *testing.T) {
	h, k := open(t), newToken()
	h.ways("PASSWORD", "WEB_AUTHN")
	v := h.visitor()
	form := credentials("alice", password)
	form.Set("passkeys", "1")
	offer := where(v.post(v.loginPage(nil), form)).String()
	if !strings.Contains(offer, "/passkeys/add?step=") {
		t.Fatalf("no passkey offered: %s", offer)
	}
	v.signedIn(v.post(offer, url.Values{"credential": {k.make(t, v.get(offer))}}))

	login := h.visitor()
	page := login.loginPage(nil)
	answer := k.use(t, login.get(page))
	login.signedIn(login.submitTo(page, "/passkeys/signin", answer))
	replay := h.visitor()
	if res := replay.submitTo(replay.loginPage(nil), "/passkeys/signin", answer); res.StatusCode != 401 {
		t.Errorf("the answer is good twice: %d", res.StatusCode)
	}
	replay.signedOut()
	again := h.visitor()
	form = credentials("alice", password)
	form.Set("passkeys", "1")
	again.signedIn(again.post(again.loginPage(nil), form)) // who has one is not asked
	if res := login.submit("/"+poolID+"/passkeys/signin?"+page[strings.Index(page, "?")+1:], k.use(t, h.visitor().get(page))); res.StatusCode != 403 {
		t.Errorf("without the form's token: %d", res.StatusCode)
	}
}

// TestPasskeyAttacks: whose passkey it is, whether there is such a user, and what is
// wrong with an answer, is not told.
func TestPasskeyAttacks(t *testing.T) {
	h, k := open(t), newToken()
	h.ways("PASSWORD", "WEB_AUTHN")
	v := h.visitor()
	page := v.loginPage(nil)
	k.auth.Options.UserHandle = []byte(h.alice.Sub)
	stranger := v.submitTo(page, "/passkeys/signin", k.use(t, v.get(page)))
	k.auth.Options.UserHandle = []byte("00000000-0000-0000-0000-000000000000")
	unknown := v.submitTo(page, "/passkeys/signin", k.use(t, v.get(page)))
	for name, res := range map[string]*reply{"a stranger's key": stranger, "an unknown user": unknown,
		"nonsense":    v.submitTo(page, "/passkeys/signin", url.Values{"session": k.use(t, v.get(page))["session"], "credential": {"{"}}),
		"no session":  v.submitTo(page, "/passkeys/signin", url.Values{"credential": {"{}"}}),
		"a long text": v.submitTo(page, "/passkeys/signin", url.Values{"session": k.use(t, v.get(page))["session"], "credential": {strings.Repeat("[", 20_000)}})} {
		if res.StatusCode != 401 || !strings.Contains(res.text, "The passkey was not accepted.") {
			t.Errorf("%s: %d", name, res.StatusCode)
		}
	}
	v.signedOut()
	old := h.visitor()
	old.signIn(authorizeURL(poolID, public, nil), "alice")
	add := strings.Replace(page, "/login?", "/passkeys/add?", 1)
	if res := old.get(add); res.StatusCode != 200 {
		t.Errorf("a passkey after a sign-in just now: %d", res.StatusCode)
	}
	h.clock.Add(11 * time.Minute)
	if at := where(old.get(add)); !strings.HasSuffix(at.Path, "/login") {
		t.Errorf("a passkey long after the sign-in: %s", at)
	}
	if at := where(h.visitor().get(add)); !strings.HasSuffix(at.Path, "/login") {
		t.Errorf("a passkey for nobody: %s", at)
	}
}

// riddle is a function for all three triggers of a custom sign-in.
type riddle struct{ public map[string]string }

func (f riddle) Invoke(_ context.Context, call userpool.Invocation) ([]byte, error) {
	var e struct {
		TriggerSource string `json:"triggerSource"`
		Request       struct {
			Session []struct {
				Result bool `json:"challengeResult"`
			} `json:"session"`
			Answer string `json:"challengeAnswer"`
		} `json:"request"`
	}
	if err := json.Unmarshal(call.Event, &e); err != nil {
		return nil, err
	}
	response := map[string]any{}
	rounds := e.Request.Session
	switch source, _, _ := strings.Cut(e.TriggerSource, "_"); source {
	case "DefineAuthChallenge":
		response["challengeName"] = "CUSTOM_CHALLENGE"
		if n := len(rounds); n > 0 {
			response["issueTokens"], response["failAuthentication"] = rounds[n-1].Result, n >= 2 && !rounds[n-1].Result
		}
	case "CreateAuthChallenge":
		response["publicChallengeParameters"], response["privateChallengeParameters"] = f.public, map[string]string{"word": "sesame"}
	case "VerifyAuthChallengeResponse":
		response["answerCorrect"] = e.Request.Answer == "sesame"
	}
	return json.Marshal(map[string]any{"response": response})
}

// asking has the pool's functions ask questions, for a client that takes nothing else.
func (h *house) asking(params map[string]string) {
	h.t.Helper()
	h.auth.Triggers = &userpool.Triggers{Invoker: riddle{params}, Region: "us-east-1", Log: slog.New(slog.NewTextHandler(io.Discard, nil))}
	_, err := h.store.UpdatePool(context.Background(), poolID, func(p *userpool.Pool) error {
		p.Triggers = map[string]userpool.Function{}
		for _, name := range []string{"DefineAuthChallenge", "CreateAuthChallenge", "VerifyAuthChallengeResponse"} {
			p.Triggers[name] = userpool.Function{ARN: "arn:aws:lambda:us-east-1:000000000000:function:f"}
		}
		return nil
	})
	h.must(err)
	h.client(public, func(c *userpool.Client) {
		c.ExplicitAuthFlows = []string{"ALLOW_CUSTOM_AUTH", "ALLOW_REFRESH_TOKEN_AUTH"}
	})
}

func TestCustomAuthOnThePages(t *testing.T) {
	h := open(t)
	const evil = `"><script>alert(1)</script>`
	h.asking(map[string]string{"question": evil, "question-de": "Das Wort?", "hint": "open", "label": evil, "input": "password", "image": "https://evil.example/x.png",
		"secret": "not for people", "USER_ID_FOR_SRP": "alice"})
	v := h.visitor()
	login := v.loginPage(nil)
	if res := v.get(login); strings.Contains(res.text, `type="password"`) {
		t.Error("a password is asked for")
	}
	first := where(v.post(login, url.Values{"username": {"alice"}})).String()
	page := v.get(first)
	if !strings.Contains(page.text, html.EscapeString("<script>alert")) || strings.Contains(page.text, "<script>alert") || strings.Contains(page.text, "evil.example/x.png") ||
		strings.Contains(page.text, "not for people") || strings.Contains(page.text, "sesame") || !strings.Contains(page.text, `type="password"`) || !strings.Contains(page.text, "open") {
		t.Errorf("the question: %s", page.text)
	}
	if german := v.get(first + "&lang=de"); !strings.Contains(german.text, "Das Wort?") || !strings.Contains(german.text, `<html lang="de"`) {
		t.Errorf("in German: %s", german.text)
	}
	second := where(v.post(first, url.Values{"answer": {"wrong"}})).String()
	if second == first || !strings.Contains(second, "/verify?") {
		t.Fatalf("after a wrong answer: %s", second)
	}
	v.signedOut()
	v.signedIn(v.post(second, url.Values{"answer": {"sesame"}}))

	for _, name := range []string{"alice", "nobody"} {
		v := h.visitor()
		at := where(v.post(v.loginPage(nil), url.Values{"username": {name}})).String()
		at = where(v.post(at, url.Values{"answer": {"wrong"}})).String()
		if res := v.post(at, url.Values{"answer": {"wrong"}}); res.StatusCode != 401 || !strings.Contains(res.text, "Incorrect username or password.") {
			t.Errorf("%s: %d", name, res.StatusCode)
		}
		v.signedOut()
	}
	v = h.visitor()
	at := where(v.post(v.loginPage(nil), url.Values{"username": {"nobody"}})).String()
	if res := v.post(at, url.Values{"answer": {"sesame"}}); res.StatusCode != 401 {
		t.Errorf("nobody knows the word: %d", res.StatusCode)
	}
}

// TestStepUpAfterAQuestion: a session that a function's question made is one factor;
// an app that wants two has the question asked anew, and the second factor after it.
func TestStepUpAfterAQuestion(t *testing.T) {
	h := open(t)
	h.asking(map[string]string{"question": "The word?"})
	h.mfa("OPTIONAL", func(*userpool.Pool) {})
	v := h.visitor()
	question := func(login string) string {
		t.Helper()
		return where(v.post(login, url.Values{"username": {"alice"}})).String()
	}
	v.signedIn(v.post(question(v.loginPage(nil)), url.Values{"answer": {"sesame"}}))
	h.changeUser("alice", withTOTP)
	wanted := authorizeURL(poolID, public, map[string]any{"acr_values": idp.ACRMultiFactor})
	login := where(v.get(wanted))
	if !strings.HasSuffix(login.Path, "/login") {
		t.Fatalf("a session of one factor: %s", login)
	}
	factor := where(v.post(question(login.String()), url.Values{"answer": {"sesame"}}))
	if !strings.HasSuffix(factor.Path, "/mfa") {
		t.Fatalf("after the answer: %s", factor)
	}
	back := where(v.post(factor.String(), h.totp(mfaSecret, 0))).String()
	id, _ := h.redeemed(t, where(v.get(back)).Query().Get("code"))
	if methods := fmt.Sprint(id["amr"]); id["acr"] != idp.ACRMultiFactor || methods != "[custom otp mfa]" {
		t.Errorf("acr %v, amr %v", id["acr"], methods)
	}
}
