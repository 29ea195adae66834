package login

import (
	"context"
	"errors"
	"net/http"

	"github.com/poolhouse/poolhouse/idp"
	"github.com/poolhouse/poolhouse/userpool"
)

// Ways are sign-ins that begin with a name and no password. *userpool.Auth knows them.
type Ways interface {
	Ways(p *userpool.Pool, c *userpool.Client) userpool.Ways
	Begin(ctx context.Context, p *userpool.Pool, c *userpool.Client, name, challenge string) (*userpool.Step, error)
	Reply(ctx context.Context, c *userpool.Client, name string, ch *userpool.Challenge, answer string) (*userpool.Step, error)
}

// firstMethods are what the challenges prove, as RFC 8176 spells it where it has a
// name. Functions may ask for anything.
var firstMethods = map[string]string{byEmail: "otp", bySMS: "sms", byCustom: "custom"}

// begin starts a sign-in by a challenge. Whether there is such a user is not to be
// seen: an unknown one is sent to the same page.
func (h *Handler) begin(w http.ResponseWriter, r *http.Request, v *visit, name, challenge string) error {
	next, err := h.Passwords.Begin(h.signingIn(r, v), v.pool, v.actor(), name, challenge)
	if err != nil {
		return h.loginAgain(w, r, v, name, err)
	}
	return h.goOn(w, r, v, name, next, firstMethods[challenge])
}

// goOn sends the browser to what a sign-in asks for next, or ends it. methods are
// what was proved if it asks for no more of the first factor.
func (h *Handler) goOn(w http.ResponseWriter, r *http.Request, v *visit, name string, next *userpool.Step, methods ...string) error {
	if done := next.Passed; done != nil {
		if done.Both {
			methods = append(methods, "mfa")
		}
		if done.Known {
			methods = append(methods, idp.MethodDevice)
		}
		return h.finish(w, r, v, done.User, methods...)
	}
	switch ch := next.Challenge; {
	case ch.Name == "NEW_PASSWORD_REQUIRED":
		return h.toForced(w, r, v, ch.Params["USER_ID_FOR_SRP"])
	case ch.Name == byCustom, ch.Name == bySMS, ch.Name == byEmail && ch.Params["USER_ID_FOR_SRP"] == "": // the second factor names its user
		return h.toStepAt(w, r, v, step{Page: stepVerify, Username: name, Challenge: ch})
	default:
		return h.toFactor(w, r, v, step{Username: ch.Params["USER_ID_FOR_SRP"], Challenge: ch, Methods: methods})
	}
}

// toForced asks a user whom a function let in, and whose password is temporary, for
// one of their own.
func (h *Handler) toForced(w http.ResponseWriter, r *http.Request, v *visit, name string) error {
	user, err := h.Store.User(r.Context(), v.pool.ID, name)
	if err != nil {
		return err
	}
	return h.toStepAt(w, r, v, step{Page: stepNewPassword, Username: user.Username, Changed: user.PasswordChanged})
}

// verifyStep returns the step of a challenge that was begun, nil for none.
func (h *Handler) verifyStep(r *http.Request, v *visit, token string) (*step, error) {
	s, err := h.step(r, v, stepVerify, token)
	if s != nil && s.Challenge == nil {
		s = nil
	}
	return s, err
}

// showVerify asks for the code that was sent, or the function's question.
func (h *Handler) showVerify(w http.ResponseWriter, r *http.Request) error {
	v, err := h.visit(w, r)
	if v == nil || err != nil {
		return err
	}
	token := r.URL.Query().Get("step")
	s, err := h.verifyStep(r, v, token)
	if err != nil {
		return err
	}
	if s == nil {
		return errStepGone
	}
	name, page := h.verifyView(w, r, v, s, token)
	return h.Pages.Render(w, http.StatusOK, name, page)
}

func (h *Handler) verifyView(w http.ResponseWriter, r *http.Request, v *visit, s *step, token string) (string, *view) {
	if s.Challenge.Name == byCustom {
		p := h.view(w, r, v, "custom.title")
		p.Step, p.Username, p.Question = token, s.Username, question(p.Lang, s.Challenge.Params)
		return "custom.html", p
	}
	p := h.view(w, r, v, "code.title")
	p.Step, p.Username, p.Factor = token, s.Username, s.Challenge.Name
	p.Destination = s.Challenge.Params["CODE_DELIVERY_DESTINATION"]
	return "code.html", p
}

// submitVerify takes the answer.
func (h *Handler) submitVerify(w http.ResponseWriter, r *http.Request) error {
	v, err := h.submitted(w, r)
	if v == nil || err != nil {
		return err
	}
	token := r.PostForm.Get("step")
	s, err := h.verifyStep(r, v, token)
	if err != nil {
		return err
	}
	if s == nil {
		return errStepGone
	}
	if s.Challenge.Name != byCustom && r.PostForm.Has("again") {
		return h.begin(w, r, v, s.Username, s.Challenge.Name)
	}
	answer := r.PostForm.Get("answer")
	if s.Challenge.Name != byCustom {
		answer = fold(r.PostForm.Get("code"))
	}
	next, err := h.Passwords.Reply(h.signingIn(r, v), v.actor(), s.Username, s.Challenge, answer)
	if err != nil {
		return h.wrongVerify(w, r, v, s, token, err)
	}
	if err := h.endStep(r, v, token); err != nil {
		return err
	}
	return h.goOn(w, r, v, s.Username, next, firstMethods[s.Challenge.Name])
}

// wrongVerify shows the page of a step once more: a code can be typed again, an
// answer to a function cannot.
func (h *Handler) wrongVerify(w http.ResponseWriter, r *http.Request, v *visit, s *step, token string, wrong error) error {
	if userpool.SessionGone(wrong) {
		return errStepGone
	}
	missing := errors.Is(wrong, userpool.ErrInvalidParameter)
	if page, ok := nextStep(wrong); ok {
		return h.toStep(w, r, v, page, s.Username)
	}
	if s.Challenge.Name == byCustom && !missing {
		return h.loginAgain(w, r, v, s.Username, wrong)
	}
	name, page := h.verifyView(w, r, v, s, token)
	return h.again(w, name, page, wrong)
}
