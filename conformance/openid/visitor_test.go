package openid_test

import (
	"html"
	"net/http"
	"regexp"
	"strings"
	"testing"

	"github.com/poolhouse/poolhouse/conformance/harness"
)

// A visitor is a person at a browser without scripts.
type visitor struct {
	*harness.Browser
	who *harness.Person

	denies  bool // says no when asked for consent
	signIns int  // how often the pages asked for a password
	asked   int  // how often for consent
	seen    []*harness.Page
}

// visitor is alice at a browser that has never been here.
func (o *op) visitor(t *testing.T) *visitor {
	t.Helper()
	return &visitor{Browser: harness.NewBrowser(t, o.HTTP.Transport), who: &o.alice}
}

// signingIn bounds how many passwords are checked at once: the server itself sheds
// what is more, and that is tested elsewhere.
var signingIn = make(chan struct{}, 2)

const maxPages = 20

// walk goes where a person goes who wants to sign in, until the browser is sent to
// an address that begins with target, holds a form for it, or has nowhere to go.
func (v *visitor) walk(t *testing.T, p *harness.Page, target string) *harness.Page {
	t.Helper()
	for range maxPages {
		v.seen = append(v.seen, p)
		if p.Redirects() {
			if strings.HasPrefix(p.URL.String(), target) {
				return p
			}
			p = v.Open(t, p.URL.String())
			continue
		}
		if formTo(p, target) != nil {
			return p
		}
		if next := v.tellApps(t, p); next != nil {
			p = next
			continue
		}
		form := v.fill(p)
		if form == nil {
			return p
		}
		p = v.submit(t, p, *form)
	}
	t.Fatalf("more than %d pages, the last one is %s", maxPages, p.URL)
	return nil
}

// submit sends a form, and not many passwords at once.
func (v *visitor) submit(t *testing.T, p *harness.Page, f harness.Form) *harness.Page {
	t.Helper()
	if f.Fields.Has("password") {
		signingIn <- struct{}{}
		defer func() { <-signingIn }()
	}
	return v.Submit(t, p, f)
}

var (
	frame  = regexp.MustCompile(`<iframe src="([^"]+)"`)
	onward = regexp.MustCompile(`<a id="next" href="([^"]+)"`)
)

// tellApps loads the frames of a page that tells apps of a sign-out, and returns where
// the page goes on to; nil for any other page.
func (v *visitor) tellApps(t *testing.T, p *harness.Page) *harness.Page {
	t.Helper()
	next := onward.FindStringSubmatch(p.Body)
	if next == nil {
		return nil
	}
	for _, m := range frame.FindAllStringSubmatch(p.Body, -1) {
		v.Open(t, html.UnescapeString(m[1]))
	}
	u, err := p.URL.Parse(html.UnescapeString(next[1]))
	if err != nil {
		t.Fatal(err)
	}
	return &harness.Page{URL: u, Status: p.Status, Header: http.Header{"Location": {u.String()}}}
}

// fill returns the form that the person sends, or nil: the password, the answer to a
// question for consent, a yes to a sign-out.
func (v *visitor) fill(p *harness.Page) *harness.Form {
	if f := p.Form("password"); f != nil && v.who != nil {
		v.signIns++
		f.Fields.Set("username", v.who.Username)
		f.Fields.Set("password", v.who.Password)
		return f
	}
	if f := p.Form("decision"); f != nil {
		v.asked++
		f.Fields.Set("decision", "allow")
		if v.denies {
			f.Fields.Set("decision", "deny")
		}
		return f
	}
	for i := range p.Forms {
		if f := &p.Forms[i]; f.Post && strings.HasSuffix(f.Action, "/logout/confirm") {
			return f
		}
	}
	return nil
}

// formTo returns the page's form that sends itself to target, or nil.
func formTo(p *harness.Page, target string) *harness.Form {
	for i := range p.Forms {
		if f := &p.Forms[i]; f.Post && strings.HasPrefix(f.Action, target) {
			return f
		}
	}
	return nil
}
