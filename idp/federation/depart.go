package federation

import (
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/poolhouse/poolhouse/idp/login"
	"github.com/poolhouse/poolhouse/internal/web"
	"github.com/poolhouse/poolhouse/sp"
)

// maxMemo bounds what is kept of a question, in bytes.
const maxMemo = 4 << 10

// Depart implements login.Federation.
func (h *Handler) Depart(w http.ResponseWriter, r *http.Request, t *login.Trip) error {
	if err := h.Pages.Limit(w, r, t.Visit); err != nil {
		return err
	}
	state := newToken()
	d, err := h.Service.Depart(r.Context(), &sp.Ask{Provider: t.Provider, State: state, Force: t.Force, Hint: t.Hint, Locales: t.Locales, Base: h.base(r)})
	if err == nil && len(d.Memo) > maxMemo {
		err = fmt.Errorf("%w: %d bytes are to be kept", sp.ErrUnusable, len(d.Memo))
	}
	if err != nil {
		return h.fail(w, r, t.Visit, t.Provider, err)
	}
	a := asked{pin: pin{t.Provider.Name, t.Provider.Created, t.Visit.Query().Encode(), h.mark(w, r)}, Memo: d.Memo, Force: t.Force, At: h.Now()}
	if err := h.putAs(r.Context(), nsAsked, t.Visit.Pool().ID, state, a, askedLife); err != nil {
		return err
	}
	if d.Form == nil {
		w.Header().Set("Location", d.Address)
		w.WriteHeader(http.StatusSeeOther)
		return nil
	}
	return h.post(w, r, t, d)
}

// base is the address of the pool that the browser visits, if that is a domain of the
// pool: its cookies come along there and nowhere else. Who asks the provider takes no
// other than the pool's.
func (h *Handler) base(r *http.Request) string {
	scheme := "http://"
	if h.Secure {
		scheme = "https://"
	}
	return scheme + strings.ToLower(r.Host)
}

// post has the browser carry the question to the provider by a form.
func (h *Handler) post(w http.ResponseWriter, r *http.Request, t *login.Trip, d *sp.Departure) error {
	if u, err := url.Parse(d.Address); err != nil || u.Scheme != "https" && u.Scheme != "http" {
		return fmt.Errorf("federation: a form cannot be sent to %q", d.Address)
	}
	page := web.Post{To: d.Address, App: t.Provider.Name, Script: h.Script, Text: h.Pages.PostText(r, t.Provider.Name)}
	for _, name := range slices.Sorted(maps.Keys(d.Form)) {
		page.Fields = append(page.Fields, web.PostField{Name: name, Value: d.Form.Get(name)})
	}
	return page.Write(w)
}
