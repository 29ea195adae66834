package login

import (
	"net/http"
	"slices"
	"strings"

	"github.com/poolhouse/poolhouse/userpool"
)

// showNewPassword asks a user with a temporary password for one of their own.
func (h *Handler) showNewPassword(w http.ResponseWriter, r *http.Request) error {
	v, err := h.visit(w, r)
	if v == nil || err != nil {
		return err
	}
	token := r.URL.Query().Get("step")
	s, user, err := h.forced(r, v, token)
	if err != nil {
		return err
	}
	return h.Pages.Render(w, http.StatusOK, "newpassword.html", h.newPasswordView(w, r, v, s, user, token))
}

func (h *Handler) newPasswordView(w http.ResponseWriter, r *http.Request, v *visit, s *step, user *userpool.User, token string) *view {
	p := h.view(w, r, v, "newpassword.title")
	p.Username, p.Step, p.FocusPassword = s.Username, token, true
	p.Attributes = askFor(p.Lang, v.pool, user.Attributes, r.PostForm)
	return p
}

// forced returns the step and user of a forced password change. The step is proof
// that this browser knew the temporary password.
func (h *Handler) forced(r *http.Request, v *visit, token string) (*step, *userpool.User, error) {
	s, err := h.step(r, v, stepNewPassword, token)
	if err != nil {
		return nil, nil, err
	}
	if s == nil {
		return nil, nil, errStepGone
	}
	user, err := h.Store.User(r.Context(), v.pool.ID, s.Username)
	if err != nil {
		return nil, nil, err
	}
	if !user.PasswordChanged.Equal(s.Changed) {
		return nil, nil, errStepGone
	}
	return s, user, nil
}

// submitNewPassword sets the password, and goes on with the sign-in.
func (h *Handler) submitNewPassword(w http.ResponseWriter, r *http.Request) error {
	v, err := h.submitted(w, r)
	if v == nil || err != nil {
		return err
	}
	token := r.PostForm.Get("step")
	s, user, err := h.forced(r, v, token)
	if err != nil {
		return err
	}
	changed, err := h.Passwords.ChangeForcedPassword(h.origin(r), v.pool, v.actor(), user, r.PostForm.Get("password"),
		answers(v.pool, nil, r.PostForm))
	if err != nil {
		return h.again(w, "newpassword.html", h.newPasswordView(w, r, v, s, user, token), err)
	}
	if err := h.endStep(r, v, token); err != nil {
		return err
	}
	return h.next(w, r, v, changed)
}

// showForgot asks whose password is lost.
func (h *Handler) showForgot(w http.ResponseWriter, r *http.Request) error {
	v, err := h.visit(w, r)
	if v == nil || err != nil {
		return err
	}
	p := h.view(w, r, v, "forgot.title")
	s, err := h.step(r, v, stepForgot, r.URL.Query().Get("step"))
	if err != nil {
		return err
	}
	if s != nil {
		p.Username, p.Notice = s.Username, p.T("forgot.required")
	}
	return h.Pages.Render(w, http.StatusOK, "forgot.html", p)
}

// submitForgot sends the code.
func (h *Handler) submitForgot(w http.ResponseWriter, r *http.Request) error {
	v, err := h.submitted(w, r)
	if v == nil || err != nil {
		return err
	}
	name := r.PostForm.Get("username")
	d, err := h.Accounts.ForgotPassword(h.origin(r), v.actor(), name)
	if err != nil {
		p := h.view(w, r, v, "forgot.title")
		p.Username = name
		return h.again(w, "forgot.html", p, err)
	}
	return h.toStepAt(w, r, v, step{Page: stepReset, Username: name, Destination: destination(d)})
}

// showReset asks for the code and the new password.
func (h *Handler) showReset(w http.ResponseWriter, r *http.Request) error {
	v, err := h.visit(w, r)
	if v == nil || err != nil {
		return err
	}
	p, err := h.stepView(w, r, v, stepReset, "reset.title", r.URL.Query().Get("step"))
	if err != nil {
		return err
	}
	return h.Pages.Render(w, http.StatusOK, "reset.html", p)
}

// submitReset sets the new password. The user then signs in with it.
func (h *Handler) submitReset(w http.ResponseWriter, r *http.Request) error {
	v, err := h.submitted(w, r)
	if v == nil || err != nil {
		return err
	}
	err = h.Accounts.ConfirmForgotPassword(h.origin(r), v.actor(), r.PostForm.Get("username"), fold(r.PostForm.Get("code")),
		r.PostForm.Get("password"))
	if err != nil {
		p, viewErr := h.stepView(w, r, v, stepReset, "reset.title", r.PostForm.Get("step"))
		if viewErr != nil {
			return viewErr
		}
		p.Username = r.PostForm.Get("username")
		return h.again(w, "reset.html", p, err)
	}
	seeOther(w, v.address("login", "done", "1"))
	return nil
}

// stepView is a view of a page that follows from another one, or was come to on
// its own, days later: then the user says who they are.
func (h *Handler) stepView(w http.ResponseWriter, r *http.Request, v *visit, page, title, token string) (*view, error) {
	p := h.view(w, r, v, title)
	s, err := h.step(r, v, page, token)
	if err != nil {
		return nil, err
	}
	if s != nil {
		p.Step, p.Username, p.Destination = token, s.Username, s.Destination
	}
	if page == stepConfirm && v.pool.VerifyByLink {
		p.ByLink = strings.Contains(p.Destination, "@") || p.Destination == "" && !slices.Contains(v.pool.AutoVerified, "phone_number")
	}
	return p, nil
}

func destination(d *userpool.Delivery) string {
	if d == nil {
		return ""
	}
	return d.Destination
}
