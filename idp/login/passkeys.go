package login

import (
	"context"
	"errors"
	"net/http"
	"time"

	"github.com/poolhouse/poolhouse/idp"
	"github.com/poolhouse/poolhouse/idp/browser"
	"github.com/poolhouse/poolhouse/userpool"
)

// Passkeys signs in by passkeys that the browser finds. *userpool.Auth does.
type Passkeys interface {
	AskPasskey(p *userpool.Pool, c *userpool.Client) (*userpool.Challenge, error)
	AnswerPasskey(ctx context.Context, p *userpool.Pool, c *userpool.Client, session, credential string) (*userpool.Step, error)
}

// methodPasskey is what a passkey proves. Whether its key is in hardware is not known.
const methodPasskey = "swk"

// A passkeyView is what a script needs to ask for a passkey or to make one.
type passkeyView struct {
	Options string // JSON
	Session string // of a sign-in
}

// addPasskey lets the sign-in page take a passkey, in the field of the name as well.
func (h *Handler) addPasskey(r *http.Request, v *visit, p *view) error {
	ch, err := h.Passwords.AskPasskey(v.pool, v.actor())
	if ch == nil || err != nil {
		return err
	}
	p.Passkey = &passkeyView{ch.Params["CREDENTIAL_REQUEST_OPTIONS"], ch.Session}
	return nil
}

// submitPasskey signs in whom a passkey belongs to.
func (h *Handler) submitPasskey(w http.ResponseWriter, r *http.Request) error {
	v, err := h.submitted(w, r)
	if v == nil || err != nil {
		return err
	}
	next, err := h.Passwords.AnswerPasskey(h.origin(r), v.pool, v.actor(), r.PostForm.Get("session"), r.PostForm.Get("credential"))
	if page, ok := nextStep(err); ok {
		return h.toStep(w, r, v, page, "")
	}
	if err != nil {
		return h.passkeyRefused(w, r, v, err)
	}
	return h.goOn(w, r, v, "", next, methodPasskey, "user")
}

// passkeyRefused shows the sign-in page, with words for a passkey.
func (h *Handler) passkeyRefused(w http.ResponseWriter, r *http.Request, v *visit, wrong error) error {
	page, err := h.loginView(w, r, v, "")
	if err != nil {
		return err
	}
	if userpool.SessionGone(wrong) || wrongPasskey(wrong) {
		page.Error = page.T("problem.passkey")
		return h.Pages.Render(w, http.StatusUnauthorized, "login.html", page)
	}
	return h.again(w, "login.html", page, wrong)
}

// wrongPasskey reports whether an error is about the passkey itself.
func wrongPasskey(err error) bool {
	var f *userpool.Fault
	if errors.As(err, &f) && sentences[f.Text] == "problem.credentials" {
		return true
	}
	for _, kind := range []error{userpool.ErrInvalidParameter, userpool.ErrPasskeyOrigin, userpool.ErrPasskeyRelyingParty,
		userpool.ErrPasskeyNotSupported, userpool.ErrPasskeyChallengeNotFound, userpool.ErrPasskeyClientMismatch} {
		if errors.Is(err, kind) {
			return true
		}
	}
	return false
}

// freshSignIn is how recent a sign-in must be to add a passkey, which opens the
// account for ever.
const freshSignIn = 10 * time.Minute

// signedInLately returns the browser's session, or sends the browser to sign in and
// returns nil.
func (h *Handler) signedInLately(w http.ResponseWriter, r *http.Request, v *visit) (*browser.Current, error) {
	cur, err := h.Gate.Current(r, v.pool, false)
	if err == nil && h.Now().Sub(cur.Session.AuthTime) <= freshSignIn {
		return cur, nil
	}
	if err == nil || errors.Is(err, idp.ErrSessionNotFound) {
		var step []string
		if v.step != "" {
			step = []string{"step", v.step}
		}
		return nil, h.Gate.sendToLogin(w, r, v.pool, v.address(stepPasskey, step...))
	}
	return nil, err
}

// showAddPasskey offers to make a passkey, at Cognito's address for it and after a
// sign-in without one.
func (h *Handler) showAddPasskey(w http.ResponseWriter, r *http.Request) error {
	v, _, err := h.offered(w, r, stepPasskey)
	if v == nil || err != nil {
		return err
	}
	cur, err := h.signedInLately(w, r, v)
	if cur == nil || err != nil {
		return err
	}
	return h.addPasskeyPage(w, r, v, cur.User, http.StatusOK, "")
}

func (h *Handler) addPasskeyPage(w http.ResponseWriter, r *http.Request, v *visit, u *userpool.User, status int, problem string) error {
	p := h.view(w, r, v, "passkey.title")
	p.page, p.Username = stepPasskey, u.Username
	p.Step = v.step
	if problem != "" {
		p.Error = p.T(problem)
	}
	options, err := h.Accounts.StartPasskey(h.origin(r), v.actor(), u)
	switch {
	case err == nil:
		p.Passkey = &passkeyView{Options: string(options)}
	case errors.Is(err, userpool.ErrLimitExceeded):
		p.Error = p.T("problem.passkey-limit")
	case errors.Is(err, userpool.ErrPasskeysNotEnabled), errors.Is(err, userpool.ErrPasskeysNotConfigured):
		p.Error = p.T("problem.passkey-here")
	default:
		return err
	}
	return h.Pages.Render(w, status, "passkey.html", p)
}

// submitAddPasskey keeps the passkey that the browser made, or goes on without.
func (h *Handler) submitAddPasskey(w http.ResponseWriter, r *http.Request) error {
	v, to, err := h.offeredForm(w, r, stepPasskey)
	if v == nil || err != nil {
		return err
	}
	if r.PostForm.Has("later") {
		h.declinePasskey(w, v.pool.ID)
		return h.leave(w, r, v, to)
	}
	cur, err := h.signedInLately(w, r, v)
	if cur == nil || err != nil {
		return err
	}
	err = h.Accounts.CompletePasskey(h.origin(r), v.actor(), cur.User, []byte(r.PostForm.Get("credential")))
	if wrongPasskey(err) || errors.Is(err, userpool.ErrLimitExceeded) {
		return h.addPasskeyPage(w, r, v, cur.User, http.StatusBadRequest, "problem.passkey")
	}
	if err != nil {
		return err
	}
	return h.leave(w, r, v, to)
}
