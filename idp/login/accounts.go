package login

import (
	"cmp"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"slices"
	"strings"

	"github.com/poolhouse/poolhouse/internal/web"
	"github.com/poolhouse/poolhouse/userpool"
)

// The accounts that a browser remembers are the names that somebody ticked the box
// for: they are in a cookie of the pool's own, sealed, and prove nothing.
const (
	accountsCookie = "ph_accounts_"
	maxAccounts    = 5
	maxAccount     = 256             // bytes of a name
	accountsLife   = 180 * 24 * 3600 // seconds
)

func accountsAAD(pool userpool.PoolID) string { return "login/accounts/" + string(pool) }

// remembered returns the names, the latest first.
func (h *Handler) remembered(r *http.Request, pool userpool.PoolID) (names []string) {
	c, err := r.Cookie(web.CookieName(accountsCookie+string(pool), h.Forms.Secure))
	if err != nil || h.Sealer == nil || len(c.Value) > 4096 {
		return nil
	}
	sealed, err := base64.RawURLEncoding.DecodeString(c.Value)
	if err != nil {
		return nil
	}
	plain, err := h.Sealer.Open(sealed, accountsAAD(pool))
	if err != nil || json.Unmarshal(plain, &names) != nil {
		return nil // of another key, or not ours
	}
	return names[:min(len(names), maxAccounts)]
}

// remember writes the names; without any the cookie goes.
func (h *Handler) remember(w http.ResponseWriter, pool userpool.PoolID, names []string) error {
	c := web.HostCookie(accountsCookie+string(pool), "", h.Forms.Secure)
	c.MaxAge = -1
	if len(names) > 0 {
		plain, err := json.Marshal(names[:min(len(names), maxAccounts)])
		if err != nil {
			return err
		}
		sealed, err := h.Sealer.Seal(plain, accountsAAD(pool))
		if err != nil {
			return err
		}
		c.Value, c.MaxAge = base64.RawURLEncoding.EncodeToString(sealed), accountsLife
	}
	http.SetCookie(w, c)
	return nil
}

const wishCookie = "ph_remember"

// noteRemember keeps the box that was ticked until the sign-in is over.
func (h *Handler) noteRemember(w http.ResponseWriter, r *http.Request, v *visit) {
	if h.Sealer == nil || !r.PostForm.Has("remember") {
		return
	}
	c := web.HostCookie(wishCookie, "1", h.Forms.Secure)
	http.SetCookie(w, c)
	r.AddCookie(c) // it may be over at once
}

// rememberUser adds who has signed in, if they wanted that or were there before.
func (h *Handler) rememberUser(w http.ResponseWriter, r *http.Request, p *userpool.Pool, u *userpool.User) error {
	if h.Sealer == nil {
		return nil
	}
	names, name := h.remembered(r, p.ID), knownAs(p, u)
	_, err := r.Cookie(web.CookieName(wishCookie, h.Forms.Secure))
	if err != nil && !slices.Contains(names, name) || len(name) > maxAccount {
		return nil
	}
	if err == nil {
		c := web.HostCookie(wishCookie, "", h.Forms.Secure)
		c.MaxAge = -1
		http.SetCookie(w, c)
	}
	names = slices.DeleteFunc(names, func(n string) bool { return n == name })
	return h.remember(w, p.ID, slices.Insert(names, 0, name))
}

// knownAs is a name that the user can sign in by, and knows.
func knownAs(p *userpool.Pool, u *userpool.User) string {
	for _, name := range p.UsernameAttributes {
		if a := u.Attributes[name]; a != "" {
			return a
		}
	}
	return u.Username
}

// wantsChoice reports whether the app lets people choose who signs in, and nobody is
// chosen yet.
func (v *visit) wantsChoice(r *http.Request) bool {
	asked := slices.Contains(strings.Fields(v.asked.Get("prompt")), "select_account")
	return asked && !r.URL.Query().Has("chosen") && v.hint(r) == ""
}

// hint is the name that the form begins with: one that was chosen, or the app's.
func (v *visit) hint(r *http.Request) string {
	return cmp.Or(r.URL.Query().Get("login_hint"), v.asked.Get("login_hint"))
}

// An account is a name in the list, and where it leads.
type account struct{ Name, Address string }

func (h *Handler) showAccounts(w http.ResponseWriter, r *http.Request, v *visit, names []string) error {
	p := h.view(w, r, v, "accounts.title")
	for _, n := range names {
		p.Accounts = append(p.Accounts, account{n, v.address("login", "login_hint", n, "chosen", "1")})
	}
	p.Other = v.address("login", "chosen", "1")
	return h.Pages.Render(w, http.StatusOK, "accounts.html", p)
}

// submitForget takes a name out of the list.
func (h *Handler) submitForget(w http.ResponseWriter, r *http.Request) error {
	v, err := h.submitted(w, r)
	if v == nil || err != nil {
		return err
	}
	names := slices.DeleteFunc(h.remembered(r, v.pool.ID), func(n string) bool { return n == r.PostForm.Get("name") })
	if err := h.remember(w, v.pool.ID, names); err != nil {
		return err
	}
	seeOther(w, v.address("login"))
	return nil
}
