package harness

import (
	"context"
	"io"
	"net"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"strings"
	"testing"

	"golang.org/x/net/html"
)

// A Browser is a web browser without a screen or scripts: cookies, redirects
// and forms, which is all that the hosted pages and the apps need.
type Browser struct {
	// Header is added to every request, as a proxy or a hostile client does.
	Header http.Header

	client *http.Client
}

// A Page is one answer. URL is where it came from or, of a redirect, where it
// leads to.
type Page struct {
	URL    *url.URL
	Status int
	Header http.Header
	Body   string
	Forms  []Form
}

// A Form is a form of a page, with the values that it would send.
type Form struct {
	Action string
	Post   bool
	Fields url.Values
}

// maxHops bounds redirects and forms on one walk.
const maxHops = 20

// NewBrowser returns a browser without cookies. A nil transport is the usual one.
func NewBrowser(t testing.TB, transport http.RoundTripper) *Browser {
	t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	return &Browser{client: &http.Client{Jar: jar, Transport: transport, CheckRedirect: func(*http.Request, []*http.Request) error {
		return http.ErrUseLastResponse
	}}}
}

// Dialing returns a transport that connects to address whatever the host of the
// request is, as if a name server said so.
func Dialing(t testing.TB, address string) *http.Transport {
	t.Helper()
	transport := &http.Transport{DialContext: func(ctx context.Context, network, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, network, address)
	}}
	t.Cleanup(transport.CloseIdleConnections)
	return transport
}

// Transport is how the browser reaches servers.
func (b *Browser) Transport() http.RoundTripper { return b.client.Transport }

// Open answers with one page; it follows no redirect.
func (b *Browser) Open(t testing.TB, address string) *Page {
	t.Helper()
	return b.do(t, http.MethodGet, address, nil, "")
}

// Submit sends a form of a page.
func (b *Browser) Submit(t testing.TB, p *Page, f Form) *Page {
	t.Helper()
	to, err := p.URL.Parse(f.Action)
	if err != nil {
		t.Fatal(err)
	}
	if f.Post {
		return b.do(t, http.MethodPost, to.String(), f.Fields, p.URL.Scheme+"://"+p.URL.Host)
	}
	to.RawQuery = f.Fields.Encode()
	return b.Open(t, to.String())
}

// Walk opens an address and goes where a person would: it follows redirects,
// lets SAML messages post themselves and fills in the sign-in form once, unless
// who is nil. It ends at the first page that stop accepts, or that leads nowhere.
func (b *Browser) Walk(t testing.TB, address string, who *Person, stop func(*Page) bool) *Page {
	t.Helper()
	p := b.Open(t, address)
	for range maxHops {
		switch form := p.next(who); {
		case stop != nil && stop(p):
			return p
		case p.Redirects():
			p = b.Open(t, p.URL.String())
		case form == nil && p.onward() != "":
			p = b.Open(t, p.onward())
		case form == nil:
			return p
		default:
			if form.Fields.Has("password") {
				who = nil
			}
			p = b.Submit(t, p, *form)
		}
	}
	t.Fatalf("more than %d pages from %s to %s", maxHops, address, p.URL)
	return nil
}

// SignIn walks from address to the first address that begins with callback.
func (b *Browser) SignIn(t testing.TB, address string, who *Person, callback string) *url.URL {
	t.Helper()
	p := b.Walk(t, address, who, Leads(callback))
	if !Leads(callback)(p) {
		t.Fatalf("the sign-in ended at %s, status %d:\n%s", p.URL, p.Status, p.Body)
	}
	return p.URL
}

// Cookies are the cookies that the browser would send to an address.
func (b *Browser) Cookies(t testing.TB, address string) []*http.Cookie {
	t.Helper()
	u, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	return b.client.Jar.Cookies(u)
}

// Leads accepts a redirect to an address that begins with prefix.
func Leads(prefix string) func(*Page) bool {
	return func(p *Page) bool { return p.Redirects() && strings.HasPrefix(p.URL.String(), prefix) }
}

// Redirects reports whether the page is a redirect.
func (p *Page) Redirects() bool { return p.Header.Get("Location") != "" }

// onward is where a page goes on to by itself, without being asked.
func (p *Page) onward() string {
	_, rest, _ := strings.Cut(p.Body, `<meta http-equiv="refresh" content="`)
	_, rest, _ = strings.Cut(rest, "url=")
	to, _, ok := strings.Cut(rest, `"`)
	u, err := p.URL.Parse(html.UnescapeString(to))
	if !ok || err != nil {
		return ""
	}
	return u.String()
}

// Form returns the first form that has a field of that name, else nil.
func (p *Page) Form(field string) *Form {
	for i := range p.Forms {
		if p.Forms[i].Fields.Has(field) {
			return &p.Forms[i]
		}
	}
	return nil
}

// next returns the form that a person would send, filled in.
func (p *Page) next(who *Person) *Form {
	for _, message := range []string{"SAMLResponse", "SAMLRequest"} {
		if f := p.Form(message); f != nil {
			return f
		}
	}
	f := p.Form("password")
	if f == nil || who == nil {
		return nil
	}
	f.Fields.Set("username", who.Username)
	f.Fields.Set("password", who.Password)
	return f
}

func (b *Browser) do(t testing.TB, method, address string, form url.Values, origin string) *Page {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, address, strings.NewReader(form.Encode()))
	if err != nil {
		t.Fatal(err)
	}
	if method == http.MethodPost {
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		req.Header.Set("Origin", origin)
	}
	for name, values := range b.Header {
		req.Header[name] = values
	}
	if host := b.Header.Get("Host"); host != "" {
		req.Host = host
	}
	resp, err := b.client.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	if to := refresh(string(body)); to != "" && resp.Header.Get("Location") == "" {
		resp.Header.Set("Location", to)
	}
	p := &Page{URL: req.URL, Status: resp.StatusCode, Header: resp.Header, Body: string(body), Forms: forms(string(body))}
	if p.Redirects() {
		if p.URL, err = req.URL.Parse(resp.Header.Get("Location")); err != nil {
			t.Fatal(err)
		}
	}
	return p
}

// refresh is where a page goes on to by itself, at once; empty where it does not.
func refresh(body string) string {
	z := html.NewTokenizer(strings.NewReader(body))
	for tt := z.Next(); tt != html.ErrorToken; tt = z.Next() {
		if tag := z.Token(); tag.Data == "meta" {
			attr := map[string]string{}
			for _, a := range tag.Attr {
				attr[a.Key] = a.Val
			}
			if to, ok := strings.CutPrefix(attr["content"], "0;url="); ok && attr["http-equiv"] == "refresh" {
				return to
			}
		}
	}
	return ""
}

func forms(body string) []Form {
	var all []Form
	z := html.NewTokenizer(strings.NewReader(body))
	for tt := z.Next(); tt != html.ErrorToken; tt = z.Next() {
		if tt != html.StartTagToken && tt != html.SelfClosingTagToken {
			continue
		}
		tag := z.Token()
		attr := map[string]string{}
		for _, a := range tag.Attr {
			attr[a.Key] = a.Val
		}
		switch tag.Data {
		case "form":
			all = append(all, Form{attr["action"], strings.EqualFold(attr["method"], "post"), url.Values{}})
		case "input", "button":
			_, ticked := attr["checked"]
			if n := len(all); n > 0 && attr["name"] != "" && (attr["type"] != "checkbox" || ticked) {
				all[n-1].Fields.Set(attr["name"], attr["value"])
			}
		}
	}
	return all
}
