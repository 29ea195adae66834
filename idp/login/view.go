package login

import (
	"html/template"
	"net/http"
	"slices"
	"strconv"

	"github.com/poolhouse/poolhouse/internal/web"
	"github.com/poolhouse/poolhouse/internal/words"
	"github.com/poolhouse/poolhouse/userpool"
)

// A view is what the templates of this room read.
type view struct {
	Frame
	Terms []link // of sign-up

	Policy, Conditions string // addresses of the app's privacy policy and terms of service; may be empty

	Username            string
	UsernameLabel       string
	UsernameIsAttribute bool
	Destination         string
	ByLink              bool // the mail has a link in place of a code
	Rules               []string
	FocusPassword       bool
	NewPasswordWrong    bool // the error is about it
	Attributes          []field
	Optional            []field // of sign-up
	NoPassword          bool    // sign-up takes no password too
	SignUp              bool
	Value               string // of a feedback: valid or invalid

	Next   template.URL // where the page leads
	Frames []string     // addresses that it loads

	Choices            []choice     // of a second factor
	CanToken, CanEmail bool         // what can be set up
	QR                 template.URL // image of Secret; we made it
	Secret             string       // of an authenticator app
	Recovery           bool         // a recovery code is asked for
	Codes              []string     // recovery codes, shown once

	NameFirst, Password bool // what the sign-in page asks for
	Remember            bool // the browser can remember accounts
	NoForm              bool // there is no way in but through providers
	Upstreams           []upstreamView
	Passkey             *passkeyView // nil where there are none
	Factor              string       // of the code that was sent
	Question            questionView
	Accounts            []account
	Other, Again        string // addresses
}

// A choice is one of several buttons.
type choice struct{ Value, Label string }

func (h *Handler) view(w http.ResponseWriter, r *http.Request, v *visit, title string) *view {
	p := &view{Frame: h.Frame(w, r, v.pool, v.client, title)}
	p.Query, p.query = template.URL("?"+v.query.Encode()), v.query
	if p.page == "resendcode" {
		p.page = stepConfirm // which has a page of its own
	}
	if v.client != nil {
		p.Policy, p.Conditions = v.client.OpenID.PolicyURI, v.client.OpenID.TermsURI
	}
	p.UsernameLabel, p.Rules = p.T(usernameKey(v.pool)), rules(p.Lang, v.pool.PasswordPolicy)
	return p
}

// usernameKey says what people of the pool type to say who they are.
func usernameKey(p *userpool.Pool) string {
	email, phone := slices.Contains(p.UsernameAttributes, "email"), slices.Contains(p.UsernameAttributes, "phone_number")
	switch {
	case email && phone:
		return "username.email-or-phone"
	case email:
		return "username.email"
	case phone:
		return "username.phone"
	}
	email, phone = slices.Contains(p.AliasAttributes, "email"), slices.Contains(p.AliasAttributes, "phone_number")
	switch {
	case email && phone:
		return "username.any"
	case email:
		return "username.name-or-email"
	case phone:
		return "username.name-or-phone"
	}
	return "username.name"
}

// rules lists what the password policy asks for.
func rules(l *words.Language, p userpool.PasswordPolicy) []string {
	list := []string{l.Text("rules.length", "n", strconv.Itoa(p.MinimumLength))}
	for _, r := range []struct {
		on  bool
		key string
	}{{p.RequireUppercase, "rules.upper"}, {p.RequireLowercase, "rules.lower"}, {p.RequireNumbers, "rules.number"}, {p.RequireSymbols, "rules.symbol"}} {
		if r.on {
			list = append(list, l.Text(r.key))
		}
	}
	return list
}

// errorTexts are the texts of the error page, by code. What the address says
// otherwise is not shown.
var errorTexts = map[string]string{
	"redirect_mismatch": "error.redirect-mismatch",
	"invalid_client":    "error.invalid-client",
	"invalid_request":   "error.invalid-request",
}

// showError is where requests end that may not be answered at the app.
func (h *Handler) showError(w http.ResponseWriter, r *http.Request) error {
	key, ok := errorTexts[r.URL.Query().Get("error")]
	if !ok {
		key = "error.unknown"
	}
	f := h.bare(w, r, "error.request")
	f.Error, f.Detail = f.T(key), f.T("error.go-back")
	return h.Pages.Render(w, http.StatusBadRequest, "error.html", &view{Frame: f})
}

// bare is the frame of a page that nobody visits for an app: of the pool, if there is
// one.
func (h *Handler) bare(w http.ResponseWriter, r *http.Request, title string) Frame {
	p, err := h.Store.Pool(r.Context(), userpool.PoolID(r.PathValue("pool")))
	if err != nil || !web.IsText(r.URL.Query()) {
		l := h.Words.For(wanted(r)...)
		return Frame{Lang: l, Title: l.Text(title)}
	}
	return h.Frame(w, r, p, nil, title)
}

func (h *Handler) showSignedOut(w http.ResponseWriter, r *http.Request) error {
	return h.Pages.Render(w, http.StatusOK, "signedout.html", &view{Frame: h.bare(w, r, "signedout.title")})
}

// ErrorPage is the web.Mux's page for errors that no handler rendered. Its texts
// are those of the errors, in the reader's language where the catalogue has them.
func ErrorPage(pages *web.Pages, catalogue *words.Catalogue) func(http.ResponseWriter, *http.Request, *web.Error) error {
	return func(w http.ResponseWriter, r *http.Request, e *web.Error) error {
		l := catalogue.For(wanted(r)...)
		return pages.Render(w, e.Status, "error.html", &view{Frame: Frame{Lang: l, Title: l.Text("error.title"), Error: l.Translate(e.Text)}})
	}
}
