// Package login is the browser flow of a user pool: sign in, second factor,
// sign up, confirm, forgot and forced new password. It ends in a browser session and in the
// address that asked for one: the authorize endpoint with its own parameters, or
// what a Gate keeps. It never follows an address that came with the request.
//
// Steps that follow one another are joined by a record on the server, bound to
// the browser: what was proved in one step cannot be claimed in the next.
package login

import (
	"context"
	"log/slog"
	"net/http"
	"time"

	"github.com/poolhouse/poolhouse/idp/browser"
	"github.com/poolhouse/poolhouse/internal/ephemeral"
	"github.com/poolhouse/poolhouse/internal/web"
	"github.com/poolhouse/poolhouse/internal/words"
	"github.com/poolhouse/poolhouse/userpool"
)

// A Store finds what requests name.
type Store interface {
	Pool(ctx context.Context, id userpool.PoolID) (*userpool.Pool, error)
	Client(ctx context.Context, id userpool.ClientID) (*userpool.Client, error)
	User(ctx context.Context, pool userpool.PoolID, name string) (*userpool.User, error)
}

// Passwords checks and sets passwords. *userpool.Auth does.
type Passwords interface {
	CheckPassword(ctx context.Context, p *userpool.Pool, c *userpool.Client, name, password string) (*userpool.User, error)
	ChangeForcedPassword(ctx context.Context, p *userpool.Pool, c *userpool.Client, u *userpool.User, password string, attributes map[string]string) (*userpool.User, error)
	SecondFactors
	Finish(ctx context.Context, p *userpool.Pool, c *userpool.Client, u *userpool.User, how userpool.Finished) error
}

// Accounts is what users do short of signing in. *userpool.Service does it.
type Accounts interface {
	SignUp(ctx context.Context, c *userpool.Client, in userpool.SignUp) (*userpool.User, *userpool.Delivery, error)
	ConfirmSignUp(ctx context.Context, c *userpool.Client, name, code string, force bool) error
	ResendCode(ctx context.Context, c *userpool.Client, name string) (*userpool.Delivery, error)
	ForgotPassword(ctx context.Context, c *userpool.Client, name string) (*userpool.Delivery, error)
	ConfirmForgotPassword(ctx context.Context, c *userpool.Client, name, code, password string) error
	GiveOwnFeedback(ctx context.Context, pool userpool.PoolID, name, event, token string, valid bool) error
}

// A Handler serves the hosted pages of every pool.
type Handler struct {
	Store     Store
	Passwords Passwords
	Accounts  Accounts
	Looks     Looks
	Browser   *browser.Store
	Gate      *Gate
	Ephemeral ephemeral.Store
	Limits    *userpool.Limits // nil limits nothing
	Forms     *web.Forms
	Pages     *web.Pages       // of templates/login
	Words     *words.Catalogue // of templates/login/locales
	Now       func() time.Time
	Log       *slog.Logger
}

// Mount adds the pages, at Cognito's paths.
func (h *Handler) Mount(m *web.Mux) {
	m.Get("/{pool}/login", h.showLogin)
	m.Post("/{pool}/login", h.submitLogin)
	m.Get("/{pool}/newpassword", h.showNewPassword)
	m.Post("/{pool}/newpassword", h.submitNewPassword)
	m.Get("/{pool}/mfa", h.showFactor)
	m.Post("/{pool}/mfa", h.submitFactor)
	m.Get("/{pool}/signup", h.showSignUp)
	m.Post("/{pool}/signup", h.submitSignUp)
	m.Get("/{pool}/confirm", h.showConfirm)
	m.Get("/{pool}/confirmUser", h.showLink)
	m.Post("/{pool}/confirmUser", h.submitLink)
	m.Post("/{pool}/confirm", h.submitConfirm)
	m.Post("/{pool}/resendcode", h.submitResend)
	m.Get("/{pool}/forgotPassword", h.showForgot)
	m.Post("/{pool}/forgotPassword", h.submitForgot)
	m.Get("/{pool}/confirmforgotPassword", h.showReset)
	m.Post("/{pool}/confirmforgotPassword", h.submitReset)
	m.Get("/{pool}/feedback", h.showFeedback)
	m.Post("/{pool}/feedback", h.submitFeedback)
	m.Get("/{pool}/error", h.showError)
	m.Get("/{pool}/branding/{file}", h.showImage)
	m.Get("/{pool}/branding/{hash}/{file}", h.showStylesheet)
	m.Get("/{pool}/signedout", h.showSignedOut)
}

// showLogin shows the form. An app's login_hint fills in the name.
func (h *Handler) showLogin(w http.ResponseWriter, r *http.Request) error {
	v, err := h.visit(w, r)
	if v == nil || err != nil {
		return err
	}
	page := h.view(w, r, v, "login.title")
	page.Username = v.asked.Get("login_hint")
	page.SignUp = v.client != nil && !v.pool.AllowAdminCreateOnly
	if r.URL.Query().Has("done") {
		page.Notice = page.T("login.done")
	}
	return h.Pages.Render(w, http.StatusOK, "login.html", page)
}

// submitLogin checks the password and sends the browser to the next step.
func (h *Handler) submitLogin(w http.ResponseWriter, r *http.Request) error {
	v, err := h.submitted(w, r)
	if v == nil || err != nil {
		return err
	}
	name, password := r.PostForm.Get("username"), r.PostForm.Get("password")
	user, err := h.Passwords.CheckPassword(h.origin(r), v.pool, v.actor(), name, password)
	if step, ok := nextStep(err); ok {
		return h.toStep(w, r, v, step, name)
	}
	if err != nil {
		page := h.view(w, r, v, "login.title")
		page.Username = name
		page.SignUp = v.client != nil && !v.pool.AllowAdminCreateOnly
		return h.again(w, "login.html", page, err)
	}
	if user.Status == userpool.ForceChangePassword {
		return h.toStepAt(w, r, v, step{Page: stepNewPassword, Username: user.Username, Changed: user.PasswordChanged})
	}
	return h.next(w, r, v, user)
}

// origin tells userpool where a sign-in comes from, and what the person reads.
func (h *Handler) origin(r *http.Request) context.Context {
	ctx := userpool.WithOrigin(r.Context(), userpool.Origin{IP: web.RemoteIP(r), UserAgent: r.UserAgent()})
	return userpool.WithLanguages(ctx, wanted(r)...)
}
