package login

import (
	"cmp"
	"net/http"
	"slices"

	"github.com/poolhouse/poolhouse/userpool"
)

// FirstFactors begins sign-ins. *userpool.Auth does.
type FirstFactors interface {
	Ways
	Passkeys
	Browsers
}

// The challenges that can begin a sign-in on a page besides the password.
const (
	byEmail  = "EMAIL_OTP"
	bySMS    = "SMS_OTP"
	byCustom = "CUSTOM_CHALLENGE"
)

// A way is a button that begins a sign-in.
type way struct{ Value, Key string }

// others lists the ways that need a name and no password.
func others(w userpool.Ways) []way {
	var list []way
	for _, o := range []struct {
		on bool
		way
	}{{w.Email, way{byEmail, "factor.email"}}, {w.SMS, way{bySMS, "factor.sms"}}, {w.Custom, way{byCustom, "factor.custom"}}} {
		if o.on {
			list = append(list, o.way)
		}
	}
	return list
}

// showLogin shows the form. An app's login_hint fills in the name; an app that lets
// people choose gets the accounts that the browser remembers.
func (h *Handler) showLogin(w http.ResponseWriter, r *http.Request) error {
	v, err := h.visit(w, r)
	if v == nil || err != nil {
		return err
	}
	if gone, err := h.depart(w, r, v); gone || err != nil {
		return err
	}
	if v.wantsChoice(r) {
		if list := h.remembered(r, v.pool.ID); len(list) > 0 {
			return h.showAccounts(w, r, v, list)
		}
	}
	page, err := h.loginView(w, r, v, v.hint(r))
	if err != nil {
		return err
	}
	if key := doneTexts[r.URL.Query().Get("done")]; key != "" {
		page.Notice = page.T(key)
	}
	return h.Pages.Render(w, http.StatusOK, "login.html", page)
}

// doneTexts are what the page says of what was done before.
var doneTexts = map[string]string{"1": "login.done"}

// loginView is the sign-in page, with a name filled in. A client that has other
// providers only has no form, unless somebody has to prove an account.
func (h *Handler) loginView(w http.ResponseWriter, r *http.Request, v *visit, name string) (*view, error) {
	p := h.view(w, r, v, "login.title")
	p.Username, p.SignUp = name, v.client != nil && !v.pool.AllowAdminCreateOnly
	p.Remember = h.Sealer != nil
	ways := h.Passwords.Ways(v.pool, v.actor())
	p.NameFirst = !ways.Password || len(others(ways)) > 0
	if token := v.query.Get(linkParam); token != "" && h.Federation != nil {
		return p, h.proofView(r, v, p, token)
	}
	if provider := v.wrongProvider(r); provider != "" {
		p.Error = p.T("problem.provider", "provider", provider)
	}
	if err := h.showUpstreams(r, v, p); err != nil {
		return nil, err
	}
	if v.foreign() {
		p.NoForm = true
		if len(p.Upstreams) == 0 {
			p.Error = p.T("problem.no-provider")
		}
		return p, nil
	}
	return p, h.addPasskey(r, v, p)
}

// proofView is the sign-in page for somebody from a provider who has an account here.
func (h *Handler) proofView(r *http.Request, v *visit, p *view, token string) error {
	waiting, err := h.Federation.Waiting(r, v.pool, token)
	if err != nil {
		return err
	}
	if waiting == nil {
		return errStepGone
	}
	p.SignUp, p.Remember = false, false
	p.Notice = p.T("login.link", "provider", waiting.Provider, "email", waiting.Email)
	if p.Username == "" && (slices.Contains(v.pool.UsernameAttributes, "email") || slices.Contains(v.pool.AliasAttributes, "email")) {
		p.Username = waiting.Email
	}
	return h.addPasskey(r, v, p)
}

// wrongProvider is the provider that was asked for, where the browser is not on its way
// to it: it cannot be had.
func (v *visit) wrongProvider(r *http.Request) string {
	name := cmp.Or(r.URL.Query().Get(providerParam), v.asked.Get("identity_provider"), v.asked.Get("idp_identifier"))
	if name == userpool.PoolProvider || r.Method == http.MethodPost {
		return ""
	}
	return name
}

// foreign reports whether the client lets nobody in but through other providers.
func (v *visit) foreign() bool { return v.client != nil && !v.client.Admits(userpool.PoolProvider) }

// loginAgain shows the sign-in page once more, with what was wrong.
func (h *Handler) loginAgain(w http.ResponseWriter, r *http.Request, v *visit, name string, wrong error) error {
	page, err := h.loginView(w, r, v, name)
	if err != nil {
		return err
	}
	return h.again(w, "login.html", page, wrong)
}

// submitLogin takes a name and, where the page asks for it at once, the password.
func (h *Handler) submitLogin(w http.ResponseWriter, r *http.Request) error {
	v, err := h.submitted(w, r)
	if v == nil || err != nil {
		return err
	}
	if v.foreign() && !v.query.Has(linkParam) {
		return h.loginAgain(w, r, v, "", errForeign)
	}
	name, ways := r.PostForm.Get("username"), h.Passwords.Ways(v.pool, v.actor())
	if gone, err := h.home(w, r, v, name); gone || err != nil {
		return err
	}
	h.noteRemember(w, r, v)
	if ways.Password && r.PostForm.Get("password") != "" {
		return h.password(w, r, v, name)
	}
	list := others(ways)
	switch {
	case name == "" || len(list) == 0 && !r.PostForm.Has("name-first"):
		return h.loginAgain(w, r, v, name, userpool.Fail(userpool.ErrNotAuthorized, "Incorrect username or password."))
	case len(list) == 1 && !ways.Password:
		return h.begin(w, r, v, name, list[0].Value)
	}
	return h.toStep(w, r, v, stepSignIn, name)
}

var errForeign = userpool.Fail(userpool.ErrNotAuthorized, "other providers only")

// password checks the password and sends the browser to the next step.
func (h *Handler) password(w http.ResponseWriter, r *http.Request, v *visit, name string) error {
	user, err := h.Passwords.CheckPassword(h.origin(r), v.pool, v.actor(), name, r.PostForm.Get("password"))
	if step, ok := nextStep(err); ok {
		return h.toStep(w, r, v, step, name)
	}
	if err != nil {
		return h.passwordAgain(w, r, v, name, err)
	}
	if user.Status == userpool.ForceChangePassword {
		return h.toStepAt(w, r, v, step{Page: stepNewPassword, Username: user.Username, Changed: user.PasswordChanged})
	}
	return h.next(w, r, v, user)
}

// passwordAgain shows the page that the password was typed on: the second of two
// where the name comes first.
func (h *Handler) passwordAgain(w http.ResponseWriter, r *http.Request, v *visit, name string, wrong error) error {
	if token := r.PostForm.Get("step"); token != "" {
		s, err := h.step(r, v, stepSignIn, token)
		if err != nil {
			return err
		}
		if s != nil && s.Username == name {
			return h.again(w, "signin.html", h.signInView(w, r, v, s, token), wrong)
		}
	}
	return h.loginAgain(w, r, v, name, wrong)
}

// showSignIn asks how somebody wants to sign in whose name is typed. The choice is
// the same for everybody.
func (h *Handler) showSignIn(w http.ResponseWriter, r *http.Request) error {
	v, err := h.visit(w, r)
	if v == nil || err != nil {
		return err
	}
	token := r.URL.Query().Get("step")
	s, err := h.step(r, v, stepSignIn, token)
	if err != nil {
		return err
	}
	if s == nil {
		return errStepGone
	}
	return h.Pages.Render(w, http.StatusOK, "signin.html", h.signInView(w, r, v, s, token))
}

func (h *Handler) signInView(w http.ResponseWriter, r *http.Request, v *visit, s *step, token string) *view {
	ways := h.Passwords.Ways(v.pool, v.actor())
	p := h.view(w, r, v, "factor.title")
	p.page = stepSignIn
	p.Username, p.Step, p.Password = s.Username, token, ways.Password
	if ways.Password {
		p.Title = p.T("password.title")
	}
	for _, o := range others(ways) {
		p.Choices = append(p.Choices, choice{o.Value, p.T(o.Key)})
	}
	return p
}

// submitSignIn begins with the factor that was chosen.
func (h *Handler) submitSignIn(w http.ResponseWriter, r *http.Request) error {
	v, err := h.submitted(w, r)
	if v == nil || err != nil {
		return err
	}
	s, err := h.step(r, v, stepSignIn, r.PostForm.Get("step"))
	if err != nil {
		return err
	}
	if s == nil {
		return errStepGone
	}
	return h.begin(w, r, v, s.Username, r.PostForm.Get("factor"))
}
