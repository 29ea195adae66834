package login

import (
	"errors"
	"net/http"
	"slices"

	"github.com/poolhouse/poolhouse/idp"
	"github.com/poolhouse/poolhouse/internal/ephemeral"
	"github.com/poolhouse/poolhouse/internal/web"
	"github.com/poolhouse/poolhouse/userpool"
)

// finish starts the session of a user who proved all that was asked for, under a new
// id, and sends the browser back. Where a function withholds it the form is shown
// again and says so.
func (h *Handler) finish(w http.ResponseWriter, r *http.Request, v *visit, user *userpool.User, methods ...string) error {
	if err := h.Passwords.Finish(h.origin(r), v.pool, v.actor(), user, finished(methods)); err != nil {
		return h.loginAgain(w, r, v, "", err)
	}
	from, err := h.linkWaiting(r, v, user)
	if fault := (*userpool.Fault)(nil); errors.As(err, &fault) {
		return h.loginAgain(w, r, v, "", errNotLinked)
	}
	if err != nil {
		return err
	}
	to, err := h.enter(w, r, v, user, from, methods...)
	if err != nil {
		return err
	}
	if err := h.rememberUser(w, r, v.pool, user); err != nil {
		return err
	}
	return h.offer(w, r, v, user, v.setUp, to)
}

var errNotLinked = userpool.Fail(userpool.ErrNotAuthorized, "The account cannot be linked.")

// linkWaiting makes somebody from a provider one with the user who has just signed in,
// where the visit is for that.
func (h *Handler) linkWaiting(r *http.Request, v *visit, user *userpool.User) (*idp.Upstream, error) {
	token := v.query.Get(linkParam)
	if token == "" || h.Federation == nil {
		return nil, nil
	}
	from, err := h.Federation.Link(r.WithContext(h.origin(r)), v.pool, v.actor(), token, user)
	v.query.Del(linkParam)
	return from, err
}

// finished says how a sign-in went, by what was proved.
func finished(methods []string) userpool.Finished {
	has := func(name string) bool { return slices.Contains(methods, name) }
	return userpool.Finished{MFA: has("mfa"), Both: has("mfa") && has(methodPasskey) && !has("otp") && !has("sms"), Custom: has(firstMethods[byCustom])}
}

// destination is where a sign-in leads: what a Gate keeps, once, or the authorize
// endpoint.
func (h *Handler) destination(r *http.Request, v *visit) (string, error) {
	token := v.query.Get(continueParam)
	if token == "" {
		return v.address("oauth2/authorize"), nil
	}
	raw, err := h.Ephemeral.Take(r.Context(), nsContinue, string(v.pool.ID)+"/"+token)
	if errors.Is(err, ephemeral.ErrNotFound) {
		return "", web.Fail(http.StatusBadRequest, textSignInGone, err)
	}
	return string(raw), err
}

// errStepGone is a step that this browser is not at, or not any more.
var errStepGone = errors.New("login: the step is over, or of another browser")

// orGone shows the page for errStepGone, which leads to the beginning.
func (h *Handler) orGone(next web.Handler) web.Handler {
	return func(w http.ResponseWriter, r *http.Request) error {
		err := next(w, r)
		if !errors.Is(err, errStepGone) {
			return err
		}
		v, err := h.visit(w, r)
		if v == nil || err != nil {
			return err
		}
		v.query.Del(linkParam) // it leads nowhere any more
		p := h.view(w, r, v, "error.title")
		p.Error, p.Again = p.T("problem.step-gone"), v.address("login")
		return h.Pages.Render(w, http.StatusBadRequest, "error.html", p)
	}
}
