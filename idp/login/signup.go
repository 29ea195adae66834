package login

import (
	"net/http"

	"github.com/poolhouse/poolhouse/internal/web"
	"github.com/poolhouse/poolhouse/userpool"
)

// mayRegister refuses sign-up where the pool or the flow has none.
func (v *visit) mayRegister() error {
	if v.client == nil || v.pool.AllowAdminCreateOnly {
		return web.Fail(http.StatusNotFound, "Accounts here are made by an administrator.", nil)
	}
	return nil
}

func (h *Handler) showSignUp(w http.ResponseWriter, r *http.Request) error {
	v, err := h.visit(w, r)
	if v == nil || err != nil {
		return err
	}
	if err := v.mayRegister(); err != nil {
		return err
	}
	return h.Pages.Render(w, http.StatusOK, "signup.html", h.signUpView(w, r, v))
}

func (h *Handler) signUpView(w http.ResponseWriter, r *http.Request, v *visit) *view {
	p := h.view(w, r, v, "signup.title")
	p.Username = r.PostForm.Get("username")
	p.UsernameIsAttribute = len(v.pool.UsernameAttributes) > 0
	p.Attributes, p.Optional = askFor(p.Lang, v.pool, nil, r.PostForm), fieldsOf(p.Lang, v.pool, wished(v.pool, v.client), r.PostForm)
	ways := h.Passwords.Ways(v.pool, v.actor())
	p.NoPassword = ways.Email || ways.SMS
	p.Terms = h.terms(r, v, p.Lang)
	return p
}

// submitSignUp makes the account and asks for the code that was sent.
func (h *Handler) submitSignUp(w http.ResponseWriter, r *http.Request) error {
	v, err := h.submitted(w, r)
	if v == nil || err != nil {
		return err
	}
	if err := v.mayRegister(); err != nil {
		return err
	}
	in := userpool.SignUp{Username: r.PostForm.Get("username"), Password: r.PostForm.Get("password"),
		Attributes: answers(v.pool, v.client, r.PostForm)}
	if names := v.pool.UsernameAttributes; len(names) > 0 {
		in.Username = in.Attributes[names[0]]
	}
	user, d, err := h.Accounts.SignUp(h.origin(r), v.client, in)
	if err != nil {
		return h.again(w, "signup.html", h.signUpView(w, r, v), err)
	}
	if user.Status == userpool.Confirmed {
		seeOther(w, v.address("login", "done", "1"))
		return nil
	}
	return h.toStepAt(w, r, v, step{Page: stepConfirm, Username: in.Username, Destination: destination(d)})
}

func (h *Handler) showConfirm(w http.ResponseWriter, r *http.Request) error {
	v, err := h.visit(w, r)
	if v == nil || err != nil {
		return err
	}
	p, err := h.stepView(w, r, v, stepConfirm, "confirm.title", r.URL.Query().Get("step"))
	if err != nil {
		return err
	}
	return h.Pages.Render(w, http.StatusOK, "confirm.html", p)
}

func (h *Handler) submitConfirm(w http.ResponseWriter, r *http.Request) error {
	v, err := h.submitted(w, r)
	if v == nil || err != nil {
		return err
	}
	name := r.PostForm.Get("username")
	err = h.Accounts.ConfirmSignUp(h.origin(r), v.actor(), name, fold(r.PostForm.Get("code")), false)
	if err != nil {
		return h.confirmAgain(w, r, v, err)
	}
	seeOther(w, v.address("login", "done", "1"))
	return nil
}

// submitResend sends another code, and shows the same page again.
func (h *Handler) submitResend(w http.ResponseWriter, r *http.Request) error {
	v, err := h.submitted(w, r)
	if v == nil || err != nil {
		return err
	}
	name := r.PostForm.Get("username")
	d, err := h.Accounts.ResendCode(h.origin(r), v.actor(), name)
	if err != nil {
		return h.confirmAgain(w, r, v, err)
	}
	return h.toStepAt(w, r, v, step{Page: stepConfirm, Username: name, Destination: destination(d)})
}

func (h *Handler) confirmAgain(w http.ResponseWriter, r *http.Request, v *visit, err error) error {
	p, viewErr := h.stepView(w, r, v, stepConfirm, "confirm.title", r.PostForm.Get("step"))
	if viewErr != nil {
		return viewErr
	}
	p.Username = r.PostForm.Get("username")
	return h.again(w, "confirm.html", p, err)
}
