package login

import (
	"cmp"
	"html/template"
	"net/http"
	"net/url"
	"path"
	"slices"
	"strings"

	"golang.org/x/text/language"

	"github.com/poolhouse/poolhouse/internal/web"
	"github.com/poolhouse/poolhouse/internal/words"
	"github.com/poolhouse/poolhouse/userpool"
)

// A Frame is what the layout of every hosted page reads. What a page of another
// room shows embeds one.
type Frame struct {
	Lang       *words.Language
	Title      string
	PoolName   string
	ClientName string
	Path       string       // of the pool
	Query      template.URL // of the visit, with its question mark; url.Values wrote it
	CSRF       string
	Step       string
	Brand      *brand // nil for our own look
	Logo       string // address of the app's, on this server; may be empty

	Error, Notice, Detail string

	page  string // last part of the address of this page
	query url.Values
	all   []*words.Language
}

// Frame returns the frame of a page about a pool, and about a client unless that is
// nil. The title is a key of the catalogue. The page's forms carry the frame's CSRF
// and are checked by Forms, with the pool as scope.
func (h *Handler) Frame(w http.ResponseWriter, r *http.Request, p *userpool.Pool, c *userpool.Client, title string) Frame {
	l := h.Words.For(wanted(r)...)
	f := Frame{Lang: l, Title: l.Text(title), PoolName: p.Name, Path: "/" + string(p.ID), Query: template.URL("?" + r.URL.RawQuery),
		CSRF: h.Forms.Token(w, r, string(p.ID)), page: strings.TrimPrefix(path.Clean(r.URL.Path), "/"+string(p.ID)+"/"), query: r.URL.Query(), all: h.Words.Languages()}
	var id userpool.ClientID
	if c != nil {
		f.ClientName, id = c.Name, c.ID
		if logo := c.OpenID.Logo; logo != nil {
			f.Logo = brandingPath(p.ID) + logo.File()
		}
	}
	f.Query = template.URL("?" + f.query.Encode()) // never the bytes of the request
	f.Brand = h.brand(r, p, id)
	return f
}

// T returns a text of the page's language, with pairs of name and value for its
// placeholders.
func (f *Frame) T(key string, pairs ...string) string { return f.Lang.Text(key, pairs...) }

// Spoken is the query that keeps the language a reader chose, with its question mark:
// for forms whose address says nothing else.
func (f *Frame) Spoken() template.URL {
	if said := web.Languages(f.query); len(said) > 0 {
		return template.URL("?" + said.Encode())
	}
	return ""
}

// Pool is what the person would call the pool, or us.
func (f *Frame) Pool() string { return cmp.Or(f.PoolName, "Poolhouse") }

// PostText is what the page says that posts an answer to an app, for who reads pages
// asked for as r is.
func (h *Handler) PostText(r *http.Request, app string) web.PostText {
	l := h.Words.For(wanted(r)...)
	return web.PostText{Lang: l.Tag, Dir: l.Dir, Lead: l.Text("post.lead", "app", app), Button: l.Text("common.continue")}
}

// A tongue leads to this page in another language.
type tongue struct {
	Tag, Name string
	Address   string
}

// Tongues are the languages that the page can be read in besides its own.
func (f *Frame) Tongues() []tongue {
	var list []tongue
	for _, l := range f.all {
		if l == f.Lang {
			continue
		}
		q := url.Values{}
		for name, values := range f.query {
			q[name] = values
		}
		q.Set("lang", l.Tag)
		if f.Step != "" {
			q.Set("step", f.Step)
		}
		list = append(list, tongue{l.Tag, l.Name, f.Path + "/" + f.page + "?" + q.Encode()})
	}
	return list
}

// wanted are the tags of the languages that a page should be in, the best first:
// those that the app asks for, then the browser's.
func wanted(r *http.Request) []string {
	q := r.URL.Query()
	tags := strings.Fields(q.Get("ui_locales"))
	if lang := q.Get("lang"); lang != "" {
		tags = slices.Insert(tags, 0, lang)
	}
	return append(tags[:min(len(tags), 10)], languages(r)...)
}

// maxLanguages bounds the Accept-Language header, in bytes: nobody needs more.
const maxLanguages = 256

// languages returns what a browser says its user reads, the best first.
func languages(r *http.Request) (list []string) {
	header := r.Header.Get("Accept-Language")
	if len(header) > maxLanguages {
		return nil
	}
	tags, _, err := language.ParseAcceptLanguage(header)
	if err != nil {
		return nil
	}
	for _, t := range tags {
		list = append(list, t.String())
	}
	return list
}
