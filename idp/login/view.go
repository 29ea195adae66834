package login

import (
	"errors"
	"fmt"
	"html/template"
	"net/http"
	"strings"

	"github.com/poolhouse/poolhouse/internal/web"
	"github.com/poolhouse/poolhouse/userpool"
)

// A view is what the templates read.
type view struct {
	Title      string
	PoolName   string
	ClientName string
	Path       string       // of the pool
	Query      template.URL // of the visit, with its question mark; url.Values wrote it
	CSRF       string
	Step       string
	Brand      *brand // nil for our own look
	Terms      []link // of sign-up

	Error, Notice, Detail string

	Username            string
	UsernameLabel       string
	UsernameIsAttribute bool
	Destination         string
	ByLink              bool // the mail has a link in place of a code
	PasswordRules       string
	FocusPassword       bool
	Attributes          []field
	SignUp              bool

	Choices            []choice     // of a second factor
	CanToken, CanEmail bool         // what can be set up
	QR                 template.URL // image of Secret; we made it
	Secret             string       // of an authenticator app
}

// A choice is one of several buttons.
type choice struct{ Value, Label string }

// A field is an attribute that a form asks for.
type field struct{ Name, Label, Type, Autocomplete, Value string }

func (h *Handler) view(w http.ResponseWriter, r *http.Request, v *visit, title string) *view {
	p := &view{Title: title, PoolName: v.pool.Name, Path: "/" + string(v.pool.ID), Query: template.URL("?" + v.query.Encode()),
		CSRF: h.Forms.Token(w, r, string(v.pool.ID)), UsernameLabel: usernameLabel(v.pool), PasswordRules: rules(v.pool.PasswordPolicy)}
	if v.client != nil {
		p.ClientName = v.client.Name
	}
	p.Brand = h.brand(r, v)
	return p
}

// again shows a form once more, with what was wrong. An error that is not about
// the form is returned.
func (h *Handler) again(w http.ResponseWriter, page string, p *view, err error) error {
	status, text, ok := explain(err)
	if !ok {
		return err
	}
	p.Error = text
	return h.Pages.Render(w, status, page, p)
}

const textPassword = "Incorrect username or password."

// explain says what a person may know of an error. Whether a user exists is not
// part of it: an unknown name and a wrong password read the same.
func explain(err error) (status int, text string, ok bool) {
	if errors.Is(err, userpool.ErrUserNotFound) {
		return http.StatusUnauthorized, textPassword, true
	}
	if errors.Is(err, userpool.ErrBusy) {
		return http.StatusServiceUnavailable, "The server is busy. Please try again in a moment.", true
	}
	var f *userpool.Fault
	errors.As(err, &f)
	for _, rule := range explained {
		if !errors.Is(err, rule.kind) {
			continue
		}
		if f != nil {
			return rule.status, f.PublicText(), true
		}
		return rule.status, rule.text, true
	}
	return 0, "", false
}

var explained = []struct {
	kind   error
	status int
	text   string
}{
	{userpool.ErrNotAuthorized, http.StatusUnauthorized, textPassword},
	{userpool.ErrCodeMismatch, http.StatusBadRequest, "The code is wrong. Check it and try again."},
	{userpool.ErrExpiredCode, http.StatusBadRequest, "The code is no longer valid. Ask for a new one."},
	{userpool.ErrInvalidPassword, http.StatusBadRequest, "The password does not meet the rules."},
	{userpool.ErrPasswordHistory, http.StatusBadRequest, "This password was used before."},
	{userpool.ErrInvalidParameter, http.StatusBadRequest, "Something in the form is not valid."},
	{userpool.ErrUserExists, http.StatusBadRequest, "An account with this name exists already."},
	{userpool.ErrAliasExists, http.StatusBadRequest, "An account with this address exists already."},
	{userpool.ErrCodeDelivery, http.StatusBadRequest, "The code could not be sent."},
	{userpool.ErrUserLambda, http.StatusBadRequest, "The request was refused."},
	{userpool.ErrUnexpectedLambda, http.StatusBadGateway, "The request could not be checked. Please try again later."},
	{userpool.ErrInvalidLambdaResponse, http.StatusBadGateway, "The request could not be checked. Please try again later."},
	{userpool.ErrLimitExceeded, http.StatusTooManyRequests, "Too many attempts. Please try again later."},
	{userpool.ErrTooManyRequests, http.StatusTooManyRequests, "Too many attempts. Please try again later."},
}

func usernameLabel(p *userpool.Pool) string {
	names := p.UsernameAttributes
	if len(names) == 0 {
		return "Username"
	}
	var labels []string
	for _, n := range names {
		labels = append(labels, label(n))
	}
	return strings.Join(labels, " or ")
}

// rules is the password policy in a sentence.
func rules(p userpool.PasswordPolicy) string {
	var parts []string
	for _, r := range []struct {
		on   bool
		text string
	}{{p.RequireUppercase, "an upper-case letter"}, {p.RequireLowercase, "a lower-case letter"},
		{p.RequireNumbers, "a number"}, {p.RequireSymbols, "a symbol"}} {
		if r.on {
			parts = append(parts, r.text)
		}
	}
	text := fmt.Sprintf("At least %d characters", p.MinimumLength)
	if n := len(parts); n > 1 {
		parts = []string{strings.Join(parts[:n-1], ", ") + " and " + parts[n-1]}
	}
	if len(parts) == 1 {
		text += ", with " + parts[0]
	}
	return text + "."
}

// errorTexts are the texts of the error page, by code. What the address says
// otherwise is not shown.
var errorTexts = map[string]string{
	"redirect_mismatch": "The app asked to return to an address that it has not registered.",
	"invalid_client":    "The app that sent you here is not known.",
	"invalid_request":   "The app sent a request that is not valid.",
}

// showError is where requests end that may not be answered at the app.
func (h *Handler) showError(w http.ResponseWriter, r *http.Request) error {
	text, ok := errorTexts[r.URL.Query().Get("error")]
	if !ok {
		text = "Something is wrong with the request."
	}
	return h.Pages.Render(w, http.StatusBadRequest, "error.html", &view{Title: "An error was encountered with the requested page",
		Error: text, Detail: "Go back to the app and try again. If it happens again, tell the people who run the app."})
}

func (h *Handler) showSignedOut(w http.ResponseWriter, _ *http.Request) error {
	return h.Pages.Render(w, http.StatusOK, "signedout.html", &view{Title: "You are signed out"})
}

// ErrorPage is the web.Mux's page for errors that no handler rendered.
func ErrorPage(pages *web.Pages) func(http.ResponseWriter, *http.Request, *web.Error) error {
	return func(w http.ResponseWriter, _ *http.Request, e *web.Error) error {
		return pages.Render(w, e.Status, "error.html", &view{Title: http.StatusText(e.Status), Error: e.Text})
	}
}
