package web

import (
	"maps"
	"net/http"
	"net/url"
)

// languageParams say in which languages somebody reads pages.
var languageParams = []string{"lang", "ui_locales"}

// maxLanguages is more than any list of preferred languages has, in bytes.
const maxLanguages = 256

// Languages is what a query says of the language of pages, and nothing else. What is
// too long for a list of languages is none.
func Languages(q url.Values) url.Values {
	out := url.Values{}
	for _, name := range languageParams {
		if said := q.Get(name); said != "" && len(said) <= maxLanguages {
			out.Set(name, said)
		}
	}
	return out
}

// Spoken is a browser's request as it would be with the languages of said, which the
// server kept while the browser was elsewhere. A query that has languages of its own
// keeps those: the reader chose them.
func Spoken(r *http.Request, said url.Values) *http.Request {
	query, more := r.URL.Query(), Languages(said)
	if len(more) == 0 || len(Languages(query)) > 0 {
		return r
	}
	maps.Copy(query, more)
	return WithQuery(r, query)
}

// WithQuery is a browser's request as it would be with another query.
func WithQuery(r *http.Request, query url.Values) *http.Request {
	changed, address := r.WithContext(r.Context()), *r.URL
	address.RawQuery = query.Encode()
	changed.URL = &address
	return changed
}
