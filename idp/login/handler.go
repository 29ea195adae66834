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
	"encoding/json"
	"log/slog"
	"net/http"
	"time"

	"github.com/poolhouse/poolhouse/idp/browser"
	"github.com/poolhouse/poolhouse/internal/ephemeral"
	"github.com/poolhouse/poolhouse/internal/keyring"
	"github.com/poolhouse/poolhouse/internal/web"
	"github.com/poolhouse/poolhouse/internal/words"
	"github.com/poolhouse/poolhouse/userpool"
)

// A Store finds what requests name.
type Store interface {
	Pool(ctx context.Context, id userpool.PoolID) (*userpool.Pool, error)
	Client(ctx context.Context, id userpool.ClientID) (*userpool.Client, error)
	User(ctx context.Context, pool userpool.PoolID, name string) (*userpool.User, error)
	Provider(ctx context.Context, pool userpool.PoolID, name string) (*userpool.Provider, error)
	ProviderByIdentifier(ctx context.Context, pool userpool.PoolID, identifier string) (*userpool.Provider, error)
	Providers(ctx context.Context, pool userpool.PoolID, after string, limit int) ([]*userpool.Provider, string, error)
}

// Passwords checks and sets passwords. *userpool.Auth does.
type Passwords interface {
	CheckPassword(ctx context.Context, p *userpool.Pool, c *userpool.Client, name, password string) (*userpool.User, error)
	ChangeForcedPassword(ctx context.Context, p *userpool.Pool, c *userpool.Client, u *userpool.User, password string, attributes map[string]string) (*userpool.User, error)
	FirstFactors
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
	Keepsakes
}

// Keepsakes are what users sign in by later. *userpool.Service makes them.
type Keepsakes interface {
	StartPasskey(ctx context.Context, c *userpool.Client, u *userpool.User) (json.RawMessage, error)
	CompletePasskey(ctx context.Context, c *userpool.Client, u *userpool.User, answer []byte) error
	ListPasskeys(ctx context.Context, u *userpool.User, token string, limit int) ([]*userpool.Passkey, string, error)
	CreateOwnRecoveryCodes(ctx context.Context, u *userpool.User) ([]string, error)
}

// A Handler serves the hosted pages of every pool.
type Handler struct {
	Store     Store
	Passwords Passwords
	Accounts  Accounts
	Looks     Looks
	Browser   *browser.Store
	// Federation signs people in through identity providers; nil offers none.
	Federation Federation
	Gate       *Gate
	Ephemeral  ephemeral.Store
	Limits     *userpool.Limits // nil limits nothing
	Forms      *web.Forms
	Sealer     keyring.Sealer   // of the accounts that browsers remember; nil remembers none
	Pages      *web.Pages       // of templates/login
	Words      *words.Catalogue // of templates/login/locales
	Now        func() time.Time
	Log        *slog.Logger
}

// Mount adds the pages, at Cognito's paths where it has them.
func (h *Handler) Mount(m *web.Mux) {
	for _, p := range []struct {
		path         string
		show, submit web.Handler
	}{
		{"login", h.showLogin, h.submitLogin},
		{stepSignIn, h.showSignIn, h.submitSignIn},
		{stepVerify, h.showVerify, h.submitVerify},
		{"accounts", nil, h.submitForget},
		{"passkeys/signin", nil, h.submitPasskey},
		{stepPasskey, h.showAddPasskey, h.submitAddPasskey},
		{stepNewPassword, h.showNewPassword, h.submitNewPassword},
		{stepFactor, h.showFactor, h.submitFactor},
		{stepCodes, h.showCodes, h.submitCodes},
		{"signup", h.showSignUp, h.submitSignUp},
		{stepConfirm, h.showConfirm, h.submitConfirm},
		{"confirmUser", h.showLink, h.submitLink},
		{"resendcode", nil, h.submitResend},
		{stepForgot, h.showForgot, h.submitForgot},
		{stepReset, h.showReset, h.submitReset},
		{"feedback", h.showFeedback, h.submitFeedback},
		{"error", h.showError, nil},
		{"signedout", h.showSignedOut, nil},
		{"branding/{file}", h.showImage, nil},
		{"branding/{hash}/{file}", h.showStylesheet, nil},
	} {
		if p.show != nil {
			m.Get("/{pool}/"+p.path, h.orGone(p.show))
		}
		if p.submit != nil {
			m.Post("/{pool}/"+p.path, h.orGone(p.submit))
		}
	}
}

// origin tells userpool where a sign-in comes from, and what the person reads.
func (h *Handler) origin(r *http.Request) context.Context {
	ctx := userpool.WithOrigin(r.Context(), userpool.Origin{IP: web.RemoteIP(r), UserAgent: r.UserAgent()})
	return userpool.WithLanguages(ctx, wanted(r)...)
}
