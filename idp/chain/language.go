package chain

import (
	"net/http"
	"net/url"
)

// maxLanguage bounds what is kept of a reader's languages, in bytes.
const maxLanguage = 256

// languageParams say in which languages somebody reads pages.
var languageParams = []string{"lang", "ui_locales"}

// languageIn is what a query says of the language of pages, and nothing else.
func languageIn(r *http.Request) string {
	said := url.Values{}
	for _, name := range languageParams {
		if v := r.URL.Query().Get(name); v != "" {
			said.Set(name, v)
		}
	}
	if text := said.Encode(); len(text) <= maxLanguage {
		return text
	}
	return ""
}

// spoken is the request with the language that the sign-out began in, unless it has one
// of its own: apps bring nobody's language back.
func (p *plan) spoken(r *http.Request) *http.Request {
	if p.Language == "" || languageIn(r) != "" {
		return r
	}
	out := r.Clone(r.Context())
	if out.URL.RawQuery != "" {
		out.URL.RawQuery += "&"
	}
	out.URL.RawQuery += p.Language
	return out
}
