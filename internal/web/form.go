package web

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"unicode/utf8"
)

// FormField is the name of the hidden input that carries the form token.
const FormField = "_csrf"

const formCookie = "ph_form"

// Forms makes and checks form tokens. A browser gets a random cookie; a form
// carries the MAC of that cookie for its scope, so that a page of another site
// can neither read nor guess the token, and one pool's token is no use at another.
type Forms struct {
	Secret []byte // of the keyring
	Secure bool
}

// Token returns the form token of the browser, and sets the cookie if it has
// none yet. Call it before anything is written.
func (f *Forms) Token(w http.ResponseWriter, r *http.Request, scope string) string {
	seed := f.Seed(r)
	if seed == "" {
		raw := make([]byte, 32)
		rand.Read(raw)
		seed = base64.RawURLEncoding.EncodeToString(raw)
		cookie := HostCookie(formCookie, seed, f.Secure)
		http.SetCookie(w, cookie)
		r.AddCookie(cookie) // a second form of the same page agrees
	}
	return f.mac(seed, scope)
}

// Check parses the form of a POST and verifies its token.
func (f *Forms) Check(r *http.Request, scope string) error {
	if err := r.ParseForm(); err != nil {
		return Fail(http.StatusBadRequest, "The form could not be read.", err)
	}
	if !IsText(r.PostForm) {
		return Fail(http.StatusBadRequest, "The form could not be read.", errors.New("web: the form holds no text"))
	}
	seed := f.Seed(r)
	if seed == "" || !hmac.Equal([]byte(f.mac(seed, scope)), []byte(r.PostForm.Get(FormField))) {
		return Fail(http.StatusForbidden, "This form is no longer valid. Go back, reload the page and try again.",
			errors.New("web: form token missing or wrong"))
	}
	return nil
}

// IsText reports whether all values are valid UTF-8 without NUL. Nothing else may
// reach a store: PostgreSQL answers it with an error that looks like its own.
func IsText(values url.Values) bool {
	for _, list := range values {
		if slices.ContainsFunc(list, func(v string) bool { return !utf8.ValidString(v) || strings.Contains(v, "\x00") }) {
			return false
		}
	}
	return true
}

// Seed identifies the browser before it signed in; empty if it has no cookie.
func (f *Forms) Seed(r *http.Request) string {
	c, err := r.Cookie(CookieName(formCookie, f.Secure))
	if err != nil || len(c.Value) != 43 {
		return ""
	}
	return c.Value
}

func (f *Forms) mac(seed, scope string) string {
	h := hmac.New(sha256.New, f.Secret)
	h.Write([]byte(seed + "\x00" + scope))
	return base64.RawURLEncoding.EncodeToString(h.Sum(nil))
}
