package oidcop_test

import (
	"context"
	"encoding/base32"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/poolhouse/poolhouse/internal/totp"
	"github.com/poolhouse/poolhouse/userpool"
)

var mfaSecret = []byte("12345678901234567890")

// mfa makes the pool ask for a second factor.
func (h *house) mfa(mode string, change func(*userpool.Pool)) {
	h.t.Helper()
	_, err := h.store.UpdatePool(context.Background(), poolID, func(p *userpool.Pool) error {
		p.MFA, p.TOTPMFA = mode, true
		change(p)
		return nil
	})
	h.must(err)
}

func (h *house) changeUser(name string, fn func(*userpool.User)) {
	h.t.Helper()
	_, err := h.store.UpdateUser(context.Background(), poolID, name, func(u *userpool.User) error { fn(u); return nil })
	h.must(err)
}

func withTOTP(u *userpool.User) { u.MFA.Secret, u.MFA.TOTP = mfaSecret, true }

func (h *house) totp(secret []byte, steps int64) url.Values {
	h.t.Helper()
	code, err := totp.Code(secret, h.clock.Now().Unix()/30+steps)
	h.must(err)
	return url.Values{"code": {code}}
}

// toFactor signs in with the password and wants the page of the second factor, and
// no session.
func (v *visitor) toFactor(page, user, pass string) string {
	v.h.t.Helper()
	at := where(v.post(page, credentials(user, pass)))
	if !strings.HasSuffix(at.Path, "/mfa") {
		v.h.t.Fatalf("sent to %s", at)
	}
	v.signedOut()
	return at.String()
}

// signedOut wants the app to get nothing yet, whatever page is asked for.
func (v *visitor) signedOut() {
	v.h.t.Helper()
	if at := where(v.get(authorizeURL(poolID, public, nil))); !strings.HasSuffix(at.Path, "/login") {
		v.h.t.Fatalf("past the second factor: %s", at)
	}
	home, _ := url.Parse(v.h.url)
	if cookie(v, home) != "" {
		v.h.t.Fatal("there is a session cookie before the second factor")
	}
}

// signedIn wants a code for the app.
func (v *visitor) signedIn(res *reply) {
	v.h.t.Helper()
	at := where(res)
	if !strings.HasSuffix(at.Path, "/oauth2/authorize") {
		v.h.t.Fatalf("%d %s: %s", res.StatusCode, at, res.text)
	}
	if at = where(v.get(at.String())); at.Query().Get("code") == "" {
		v.h.t.Fatalf("sent to %s", at)
	}
}

func TestTOTPOnThePages(t *testing.T) {
	h := open(t)
	h.mfa("OPTIONAL", func(*userpool.Pool) {})
	h.changeUser("alice", withTOTP)
	v := h.visitor()
	page := v.toFactor(v.loginPage(nil), "alice", password)
	if res := h.visitor().get(page); res.StatusCode != 400 {
		t.Errorf("another browser may go on from her step: %d", res.StatusCode)
	}
	if res := v.post(page, url.Values{"code": {"000000x"}}); res.StatusCode != 400 || !strings.Contains(res.text, "The code is wrong.") {
		t.Errorf("a wrong code: %d", res.StatusCode)
	}
	v.signedOut()
	code := h.totp(mfaSecret, 0)
	v.signedIn(v.post(page, code))
	if res := v.get(page); res.StatusCode != 400 {
		t.Errorf("the step is good twice: %d", res.StatusCode)
	}
	thief := h.visitor()
	if res := thief.post(thief.toFactor(thief.loginPage(nil), "alice", password), code); res.StatusCode != 400 {
		t.Errorf("her code is good twice: %d", res.StatusCode)
	}
	thief.signedOut()
	sessions, err := h.sessions.List(t.Context(), poolID, h.alice.Sub)
	h.must(err)
	if len(sessions) != 1 || !slices.Equal(sessions[0].Methods, []string{"pwd", "otp", "mfa"}) {
		t.Errorf("sessions %+v", sessions)
	}
}

// TestSessionOfOneFactor: a session from before the pool insisted on two factors is
// none any more; one that proved both lives on.
func TestSessionOfOneFactor(t *testing.T) {
	h := open(t)
	v := h.visitor()
	v.signedIn(v.post(v.loginPage(nil), credentials("alice", password)))
	h.mfa("OPTIONAL", func(*userpool.Pool) {})
	if at := where(v.get(authorizeURL(poolID, public, nil))); at.Query().Get("code") == "" {
		t.Fatalf("the session is gone without a reason: %s", at)
	}
	h.changeUser("alice", withTOTP)
	h.mfa("ON", func(*userpool.Pool) {})
	at := where(v.get(authorizeURL(poolID, public, nil)))
	if !strings.HasSuffix(at.Path, "/login") {
		t.Fatalf("one factor got past: %s", at)
	}
	page := where(v.post(at.String(), credentials("alice", password)))
	if !strings.HasSuffix(page.Path, "/mfa") {
		t.Fatalf("sent to %s", page)
	}
	v.signedIn(v.post(page.String(), h.totp(mfaSecret, 0)))
}

// TestFactorCannotBeSkipped: no address, and no form of another page, leads past
// the second factor.
func TestFactorCannotBeSkipped(t *testing.T) {
	h := open(t)
	h.mfa("OPTIONAL", func(*userpool.Pool) {})
	h.changeUser("alice", withTOTP)
	v := h.visitor()
	page := v.toFactor(v.loginPage(nil), "alice", password)
	step, _ := url.Parse(page)
	for _, name := range []string{"newpassword", "confirmforgotPassword", "login", "oauth2/authorize", "forgotPassword", "confirm"} {
		u := *step
		u.Path = "/" + poolID + "/" + name
		v.get(u.String())
		v.signedOut()
		if name != "oauth2/authorize" {
			form := url.Values{"step": {step.Query().Get("step")}, "password": {"Another-Horse-9"}, "code": {"000000"}, "_csrf": {tokenOn(t, v.get(page))}}
			v.submit(u.String(), form)
			v.signedOut()
		}
	}
	for _, form := range []url.Values{{}, {"code": {""}}, {"factor": {"EMAIL_OTP"}}, {"app": {"1"}}, {"email": {"eve@example.com"}}} {
		if res := v.post(page, form); res.StatusCode == http.StatusSeeOther {
			t.Errorf("%v leads to %s", form, where(res))
		}
		v.signedOut()
	}
	if res := v.get(strings.Split(page, "step=")[0] + "step=forged"); res.StatusCode != 400 {
		t.Errorf("a forged step: %d", res.StatusCode)
	}
	v.signedIn(v.post(page, h.totp(mfaSecret, 0)))
}

func TestFactorLockOnThePages(t *testing.T) {
	h := open(t)
	h.mfa("OPTIONAL", func(*userpool.Pool) {})
	h.changeUser("alice", withTOTP)
	v := h.visitor()
	page := v.toFactor(v.loginPage(nil), "alice", password)
	for range 5 {
		v.post(page, url.Values{"code": {"nocode"}})
	}
	if res := v.post(page, h.totp(mfaSecret, 0)); res.StatusCode != 401 {
		t.Errorf("the right code during the lock: %d", res.StatusCode)
	}
	v.signedOut()
}

func TestFactorAfterForcedPassword(t *testing.T) {
	h := open(t)
	h.mfa("OPTIONAL", func(*userpool.Pool) {})
	h.user(poolID, "carol", userpool.ForceChangePassword)
	h.changeUser("carol", withTOTP)
	v := h.visitor()
	step := where(v.post(v.loginPage(nil), credentials("carol", password))).String()
	at := where(v.post(step, url.Values{"password": {"Her-own-password-1"}}))
	if !strings.HasSuffix(at.Path, "/mfa") {
		t.Fatalf("sent to %s", at)
	}
	v.signedOut()
	v.signedIn(v.post(at.String(), h.totp(mfaSecret, 0)))
}

func TestFactorAfterForgottenPassword(t *testing.T) {
	h := open(t)
	h.mfa("OPTIONAL", func(*userpool.Pool) {})
	h.changeUser("alice", withTOTP)
	v := h.visitor()
	forgot := strings.Replace(v.loginPage(nil), "/login?", "/forgotPassword?", 1)
	reset := where(v.post(forgot, url.Values{"username": {"alice"}})).String()
	res := v.post(reset, url.Values{"username": {"alice"}, "code": {h.mails.code(t)}, "password": {"Alices-new-one-2"}})
	v.signedOut()
	v.signedIn(v.post(v.toFactor(where(res).String(), "alice", "Alices-new-one-2"), h.totp(mfaSecret, 0)))
}

func TestChoiceOfFactors(t *testing.T) {
	h := open(t)
	h.mfa("OPTIONAL", func(p *userpool.Pool) { p.EmailMFA = true })
	h.changeUser("alice", func(u *userpool.User) { withTOTP(u); u.MFA.Email = true })
	v := h.visitor()
	choose := v.toFactor(v.loginPage(nil), "alice", password)
	if text := v.get(choose).text; !strings.Contains(text, "Authenticator app") || !strings.Contains(text, "E-mail") || strings.Contains(text, "Text message") {
		t.Error(text)
	}
	at := where(v.post(choose, url.Values{"factor": {"EMAIL_OTP"}}))
	if text := v.get(at.String()).text; !strings.Contains(text, "a***@e***") {
		t.Error(text)
	}
	v.signedOut()
	v.signedIn(v.post(at.String(), url.Values{"code": {" " + h.mails.code(t) + " "}}))
}

func TestSetUpOnThePages(t *testing.T) {
	h := open(t)
	h.mfa("ON", func(*userpool.Pool) {})
	v := h.visitor()
	page := v.toFactor(v.loginPage(nil), "alice", password)
	res := v.get(page)
	if !strings.Contains(res.text, `src="data:image/png;base64,iVBOR`) || !strings.Contains(res.Header.Get("Content-Security-Policy"), "img-src 'self' data:") {
		t.Errorf("no image that the policy allows: %s", res.text)
	}
	key := regexp.MustCompile(`<code[^>]*>([A-Z2-7]{32})</code>`).FindStringSubmatch(res.text)
	if key == nil {
		t.Fatal("no key to type")
	}
	secret, err := base32.StdEncoding.DecodeString(key[1])
	h.must(err)
	if res := v.post(page, url.Values{"code": {"nocode"}}); res.StatusCode != 400 || !strings.Contains(res.text, key[1]) {
		t.Errorf("after a wrong code: %d, another key", res.StatusCode)
	}
	v.signedOut()
	offer := where(v.post(page, h.totp(secret, 0))).String() // recovery codes, which are not to be skipped unread
	if res := v.post(offer, url.Values{"show": {"1"}}); len(regexp.MustCompile(`<code>[a-z2-9]{4}-[a-z2-9]{4}-[a-z2-9]{4}</code>`).FindAllString(res.text, -1)) != 10 {
		t.Errorf("%d %s", res.StatusCode, res.text)
	}
	if res := h.visitor().get(offer); res.StatusCode != 400 {
		t.Errorf("another browser is offered her codes: %d", res.StatusCode)
	}
	v.signedIn(v.post(offer, url.Values{}))
	if res := v.get(offer); res.StatusCode != 400 {
		t.Errorf("the codes are shown once more: %d", res.StatusCode)
	}
	later := h.visitor()
	later.signedIn(later.post(later.toFactor(later.loginPage(nil), "alice", password), h.totp(secret, 1)))
}

func TestSetUpByEmailOnThePages(t *testing.T) {
	h := open(t)
	h.mfa("ON", func(p *userpool.Pool) { p.EmailMFA = true })
	h.changeUser("alice", func(u *userpool.User) { u.Attributes = map[string]string{} })
	v := h.visitor()
	page := v.toFactor(v.loginPage(nil), "alice", password)
	at := where(v.post(page, url.Values{"email": {"new@example.com"}}))
	v.signedOut()
	v.signedIn(v.post(at.String(), url.Values{"code": {h.mails.code(t)}}))

	h.user(poolID, "dora", userpool.Confirmed)
	h.changeUser("dora", func(u *userpool.User) { u.Attributes = map[string]string{} })
	v = h.visitor()
	page = v.toFactor(v.loginPage(nil), "dora", password)
	if at = where(v.post(page, url.Values{"app": {"1"}})); !strings.HasSuffix(at.Path, "/mfa") || !strings.Contains(v.get(at.String()).text, "data:image/png") {
		t.Errorf("sent to %s", at)
	}
}

// TestFactorBehindTheGate: pages of other protocols, SAML's among them, get a
// session by the same steps, and learn what was proved.
func TestFactorBehindTheGate(t *testing.T) {
	h := open(t)
	h.mfa("OPTIONAL", func(*userpool.Pool) {})
	h.changeUser("alice", withTOTP)
	h.front.HandleFunc("/gated", func(w http.ResponseWriter, r *http.Request) {
		p, err := h.store.Pool(r.Context(), poolID)
		h.must(err)
		if s, ok := h.handler.Gate.RequireSession(w, r, p, "/gated", false); ok {
			io.WriteString(w, strings.Join(s.Methods, " "))
		}
	})
	v := h.visitor()
	page := v.toFactor(where(v.get("/gated")).String(), "alice", password)
	if at := where(v.get("/gated")); !strings.HasSuffix(at.Path, "/login") {
		t.Errorf("past the second factor: %s", at)
	}
	at := where(v.post(page, h.totp(mfaSecret, 0)))
	if res := v.get(at.String()); at.Path != "/gated" || res.text != "pwd otp mfa" {
		t.Errorf("%s: %q", at, res.text)
	}
}

// A recovery code stands for a lost app, in the same field.
func TestRecoveryCodeOnThePages(t *testing.T) {
	h := open(t)
	h.mfa("ON", func(*userpool.Pool) {})
	h.changeUser("alice", withTOTP)
	codes, err := h.service.CreateRecoveryCodes(t.Context(), h.alice)
	h.must(err)
	v := h.visitor()
	page := v.toFactor(v.loginPage(nil), "alice", password)
	if res := v.get(page); !strings.Contains(res.text, "recovery code") || strings.Contains(res.text, `pattern="[0-9]*"`) {
		t.Error("the page takes no recovery code")
	}
	v.signedIn(v.post(page, url.Values{"code": {codes[0]}}))
}
