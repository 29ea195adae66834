package login

import (
	"encoding/json"
	"errors"
	"net/http"
	"time"

	"github.com/poolhouse/poolhouse/idp"
	"github.com/poolhouse/poolhouse/internal/ephemeral"
	"github.com/poolhouse/poolhouse/userpool"
)

// The steps that a sign-in can turn into. Each is the name of its page.
const (
	stepNewPassword = "newpassword"
	stepConfirm     = "confirm"
	stepReset       = "confirmforgotPassword"
	stepForgot      = "forgotPassword"
	stepFactor      = "mfa"
	stepSignIn      = "signin" // the name is typed
	stepVerify      = "verify" // a challenge of the first factor
)

const (
	nsStep   = "login-step"
	stepLife = 15 * time.Minute
)

// A step is what the server knows of a flow between two pages.
type step struct {
	Page        string
	Username    string
	Destination string     `json:",omitempty"`
	Browser     idp.Handle // the browser that got here; no other may go on
	Changed     time.Time  // when the temporary password was set that the user proved to know

	Challenge *userpool.Challenge `json:",omitempty"`
	Methods   []string            `json:",omitempty"` // what was proved before a second factor
	Token     string              `json:",omitempty"` // session of the authenticator app that is being set up

	To     string            `json:",omitempty"` // where the browser was going, of what is offered after a sign-in
	Target string            `json:",omitempty"` // where the app is, which forms may end at
	Client userpool.ClientID `json:",omitempty"` // that it was for
}

// nextStep says which page an error of the password check leads to.
func nextStep(err error) (string, bool) {
	switch {
	case errors.Is(err, userpool.ErrUserNotConfirmed):
		return stepConfirm, true
	case errors.Is(err, userpool.ErrPasswordResetRequired):
		return stepForgot, true
	}
	return "", false
}

func (h *Handler) toStep(w http.ResponseWriter, r *http.Request, v *visit, page, username string) error {
	return h.toStepAt(w, r, v, step{Page: page, Username: username})
}

// toStepAt remembers the step and sends the browser to its page.
func (h *Handler) toStepAt(w http.ResponseWriter, r *http.Request, v *visit, s step) error {
	s.Browser = idp.HandleOf(h.Forms.Seed(r))
	value, err := json.Marshal(s)
	if err != nil {
		return err
	}
	token := newToken()
	if err := h.Ephemeral.Put(r.Context(), nsStep, string(v.pool.ID)+"/"+token, value, h.Now().Add(stepLife)); err != nil {
		return err
	}
	seeOther(w, v.address(s.Page, "step", token))
	return nil
}

// step returns the step of a token, for this browser and page; nil for none.
func (h *Handler) step(r *http.Request, v *visit, page, token string) (*step, error) {
	if token == "" {
		return nil, nil
	}
	raw, err := h.Ephemeral.Get(r.Context(), nsStep, string(v.pool.ID)+"/"+token)
	if errors.Is(err, ephemeral.ErrNotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	s := new(step)
	if err := json.Unmarshal(raw, s); err != nil {
		return nil, err
	}
	if s.Page != page || s.Browser != idp.HandleOf(h.Forms.Seed(r)) {
		return nil, nil
	}
	return s, nil
}

func (h *Handler) endStep(r *http.Request, v *visit, token string) error {
	return h.Ephemeral.Delete(r.Context(), nsStep, string(v.pool.ID)+"/"+token)
}
