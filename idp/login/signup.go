package login

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/poolhouse/poolhouse/internal/web"
	"github.com/poolhouse/poolhouse/internal/words"
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
	p.Attributes = askFor(p.Lang, v.pool, nil, r.PostForm)
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
		Attributes: answers(v.pool, r.PostForm)}
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

// A field is an attribute that a form asks for.
type field struct{ Name, Label, Type, Autocomplete, Value string }

// askFor returns the attributes that a user of the pool needs and does not have.
func askFor(l *words.Language, p *userpool.Pool, have map[string]string, typed url.Values) []field {
	var fields []field
	for _, name := range needed(p) {
		if have[name] != "" {
			continue
		}
		fields = append(fields, field{Name: name, Label: label(l, name), Type: inputType(name), Autocomplete: autocomplete(name),
			Value: typed.Get("attribute:" + name)})
	}
	return fields
}

// needed are the attributes that the pool requires, signs in by, or sends codes to.
func needed(p *userpool.Pool) []string {
	var names []string
	for _, a := range p.Schema {
		if a.Required && a.Name != "sub" {
			names = append(names, a.Name)
		}
	}
	for _, name := range append(slices.Clone(p.UsernameAttributes[:min(1, len(p.UsernameAttributes))]), p.AutoVerified...) {
		if !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	return names
}

// answers reads the attributes of a form, and only those that it asked for: the
// browser decides about no other.
func answers(p *userpool.Pool, form url.Values) map[string]string {
	out := map[string]string{}
	for _, name := range needed(p) {
		if v := strings.TrimSpace(form.Get("attribute:" + name)); v != "" {
			out[name] = v
		}
	}
	return out
}

// label is what an attribute is called. A custom one has the name that it was given.
func label(l *words.Language, attribute string) string {
	if key := "attribute." + attribute; l.Has(key) {
		return l.Text(key)
	}
	name := strings.ReplaceAll(strings.TrimPrefix(attribute, "custom:"), "_", " ")
	first, size := utf8.DecodeRuneInString(name)
	return string(unicode.ToUpper(first)) + name[size:]
}

func inputType(attribute string) string {
	switch attribute {
	case "email":
		return "email"
	case "phone_number":
		return "tel"
	case "birthdate":
		return "date"
	case "picture", "website", "profile":
		return "url"
	}
	return "text"
}

func autocomplete(attribute string) string {
	names := map[string]string{"email": "email", "phone_number": "tel", "name": "name", "given_name": "given-name",
		"family_name": "family-name", "nickname": "nickname", "birthdate": "bday", "website": "url", "locale": "language"}
	if a, ok := names[attribute]; ok {
		return a
	}
	return "off"
}
