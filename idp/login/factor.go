package login

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"html/template"
	"net/http"
	"slices"

	"github.com/poolhouse/poolhouse/idp"
	"github.com/poolhouse/poolhouse/userpool"
)

// SecondFactors asks for what a sign-in takes besides the password. *userpool.Auth does.
type SecondFactors interface {
	SecondFactor(ctx context.Context, p *userpool.Pool, c *userpool.Client, u *userpool.User) (ch *userpool.Challenge, known bool, err error)
	Answer(ctx context.Context, c *userpool.Client, named *userpool.User, challenge, session string, in map[string]string) (*userpool.Progress, error)
	AssociateTokenInSignIn(ctx context.Context, session string) (*userpool.SoftwareToken, error)
	TokenInSignIn(ctx context.Context, session string) (*userpool.SoftwareToken, error)
	VerifyTokenInSignIn(ctx context.Context, session, code, name string) (string, error)
}

// The challenges that pages know besides the factors themselves.
const (
	selectFactor = "SELECT_MFA_TYPE"
	setUpFactor  = "MFA_SETUP"
)

// next goes on with a user whose password was right: to the second factor, if the
// pool asks for one. Nothing else leads from a password to a session.
func (h *Handler) next(w http.ResponseWriter, r *http.Request, v *visit, user *userpool.User) error {
	ch, known, err := h.Passwords.SecondFactor(h.signingIn(r, v), v.pool, v.actor(), user)
	if err != nil {
		return h.loginAgain(w, r, v, user.Username, err)
	}
	if ch == nil && known {
		return h.finish(w, r, v, user, "pwd", idp.MethodDevice)
	}
	if ch == nil {
		return h.finish(w, r, v, user, "pwd")
	}
	return h.toFactor(w, r, v, step{Username: user.Username, Challenge: ch, Methods: []string{"pwd"}})
}

// toFactor sends the browser to the page of a challenge. Where an authenticator
// app is all that can be set up, its secret is made at once.
func (h *Handler) toFactor(w http.ResponseWriter, r *http.Request, v *visit, s step) error {
	s.Page = stepFactor
	ch := s.Challenge
	if ch.Name == setUpFactor && slices.Equal(choices(ch), []string{userpool.FactorTOTP}) {
		return h.toToken(w, r, v, s)
	}
	return h.toStepAt(w, r, v, s)
}

func (h *Handler) toToken(w http.ResponseWriter, r *http.Request, v *visit, s step) error {
	t, err := h.Passwords.AssociateTokenInSignIn(h.origin(r), s.Challenge.Session)
	if err != nil {
		return gone(err)
	}
	s.Token = t.Session
	return h.toStepAt(w, r, v, s)
}

// choices are the factors that a challenge offers.
func choices(ch *userpool.Challenge) []string {
	text := ch.Params["MFAS_CAN_CHOOSE"]
	if ch.Name == setUpFactor {
		text = ch.Params["MFAS_CAN_SETUP"]
	}
	var list []string
	if json.Unmarshal([]byte(text), &list) != nil {
		return nil
	}
	return list
}

// gone turns the end of a session into the page that says so.
func gone(err error) error {
	if userpool.SessionGone(err) {
		return errStepGone
	}
	return err
}

// factorStep returns the step of a second factor. It is proof that this browser
// knew the password.
func (h *Handler) factorStep(r *http.Request, v *visit, token string) (*step, error) {
	s, err := h.step(r, v, stepFactor, token)
	if err == nil && (s == nil || s.Challenge == nil) {
		return nil, errStepGone
	}
	return s, err
}

// showFactor asks for a code, for the choice of a factor, or for a set-up.
func (h *Handler) showFactor(w http.ResponseWriter, r *http.Request) error {
	v, err := h.visit(w, r)
	if v == nil || err != nil {
		return err
	}
	token := r.URL.Query().Get("step")
	s, err := h.factorStep(r, v, token)
	if err != nil {
		return err
	}
	name, page, err := h.factorView(w, r, v, s, token)
	if err != nil {
		return err
	}
	return h.Pages.Render(w, http.StatusOK, name, page)
}

// factorView returns the page of a step and its template.
func (h *Handler) factorView(w http.ResponseWriter, r *http.Request, v *visit, s *step, token string) (string, *view, error) {
	p := h.view(w, r, v, "mfa.title")
	if p.Recovery = r.FormValue("recovery") != ""; p.Recovery {
		p.Title = p.T("recovery.title")
	}
	p.page = stepFactor
	p.Step, p.Username, p.Destination = token, s.Username, s.Challenge.Params["CODE_DELIVERY_DESTINATION"]
	switch s.Challenge.Name {
	case selectFactor:
		for _, f := range choices(s.Challenge) {
			p.Choices = append(p.Choices, choice{f, p.T(factorKeys[f])})
		}
		return "mfachoose.html", p, nil
	case setUpFactor:
		p.Title = p.T("setup.title")
		if s.Token != "" {
			return "mfatoken.html", p, h.showToken(r, p, s.Token)
		}
		p.CanToken, p.CanEmail = slices.Contains(choices(s.Challenge), userpool.FactorTOTP), slices.Contains(choices(s.Challenge), userpool.FactorEmail)
		return "mfasetup.html", p, nil
	}
	p.Remember = h.canRemember(v.pool)
	return "mfa.html", p, nil
}

// showToken puts the secret of a set-up on the page, to scan and to type.
func (h *Handler) showToken(r *http.Request, p *view, session string) error {
	t, err := h.Passwords.TokenInSignIn(h.origin(r), session)
	if err != nil {
		return gone(err)
	}
	image, err := t.Image()
	if err != nil {
		return err
	}
	p.Secret, p.QR = t.Secret, template.URL("data:image/png;base64,"+base64.StdEncoding.EncodeToString(image))
	return nil
}

var factorKeys = map[string]string{
	userpool.FactorTOTP: "mfa.totp", userpool.FactorSMS: "mfa.sms", userpool.FactorEmail: "mfa.email",
}

// submitFactor takes the answer to a step.
func (h *Handler) submitFactor(w http.ResponseWriter, r *http.Request) error {
	v, err := h.submitted(w, r)
	if v == nil || err != nil {
		return err
	}
	token := r.PostForm.Get("step")
	s, err := h.factorStep(r, v, token)
	if err != nil {
		return err
	}
	if s.Challenge.Name == setUpFactor && s.Token == "" && r.PostForm.Has("app") {
		return h.toToken(w, r, v, *s)
	}
	done, err := h.answer(r, v, s)
	if err != nil {
		return h.wrongFactor(w, r, v, s, token, err)
	}
	if err := h.endStep(r, v, token); err != nil {
		return err
	}
	if done.Challenge != nil {
		return h.toFactor(w, r, v, step{Username: s.Username, Challenge: done.Challenge, Methods: s.Methods})
	}
	if err := h.rememberBrowser(w, r, v, done.User); err != nil {
		return err
	}
	v.setUp = s.Token != ""
	return h.finish(w, r, v, done.User, append(s.Methods, done.Methods...)...)
}

// answer hands the form's answer over to the domain.
func (h *Handler) answer(r *http.Request, v *visit, s *step) (*userpool.Progress, error) {
	ctx, session := h.origin(r), s.Challenge.Session
	user, err := h.Store.User(ctx, v.pool.ID, s.Username)
	if err != nil {
		return nil, err
	}
	code, in := fold(r.PostForm.Get("code")), map[string]string{}
	switch s.Challenge.Name {
	case selectFactor:
		in["ANSWER"] = r.PostForm.Get("factor")
	case setUpFactor:
		if s.Token == "" {
			in["EMAIL"] = r.PostForm.Get("email")
			break
		}
		if session, err = h.Passwords.VerifyTokenInSignIn(ctx, s.Token, code, ""); err != nil {
			return nil, err
		}
	default:
		in[s.Challenge.Name+"_CODE"] = code
	}
	return h.Passwords.Answer(ctx, v.actor(), user, s.Challenge.Name, session, in)
}

// wrongFactor shows the page of a step once more.
func (h *Handler) wrongFactor(w http.ResponseWriter, r *http.Request, v *visit, s *step, token string, wrong error) error {
	if userpool.SessionGone(wrong) {
		return gone(wrong)
	}
	name, page, err := h.factorView(w, r, v, s, token)
	if err != nil {
		return err
	}
	return h.again(w, name, page, wrong)
}
