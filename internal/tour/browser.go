package tour

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"

	"golang.org/x/net/html"
)

// A page is where a browser stands.
type page struct {
	url    *url.URL
	status int
	body   string
	forms  []form
}

// A form is an HTML form and the values it would send.
type form struct {
	action string
	method string
	fields url.Values
}

// maxHops bounds redirects and form posts on one way through the pages.
const maxHops = 20

// browse opens address and goes where a person would: it follows redirects,
// fills in the sign-in form, and stops at the first page that stop accepts or
// that leads nowhere. Redirects away from the endpoint are not followed: the
// page then has the status of the redirect and its target as address.
func (t *Tour) browse(ctx context.Context, address string, fill map[string]string, stop func(*page) bool) (*page, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return nil, err
	}
	signedIn := false
	for range maxHops {
		p, err := t.open(req)
		if err != nil {
			return nil, err
		}
		if p.status >= 300 && p.status < 400 && !strings.HasPrefix(p.url.String(), t.Endpoint+"/") {
			return p, nil
		}
		if stop(p) {
			return p, nil
		}
		if p.status >= 300 && p.status < 400 {
			req, err = http.NewRequestWithContext(ctx, http.MethodGet, p.url.String(), nil)
		} else {
			req, err = t.submit(ctx, p, fill, &signedIn)
		}
		if err != nil || req == nil {
			return p, err
		}
	}
	return nil, errors.New("more than 20 redirects")
}

// submit returns the request that the page's form makes: a SAML message that
// posts itself, or the sign-in form, once. It returns nil where neither is.
func (t *Tour) submit(ctx context.Context, p *page, fill map[string]string, signedIn *bool) (*http.Request, error) {
	for _, f := range p.forms {
		saml := f.fields.Has("SAMLResponse") || f.fields.Has("SAMLRequest")
		login := f.fields.Has("username") && f.fields.Has("password") && !*signedIn && fill != nil
		if !saml && !login {
			continue
		}
		if login {
			*signedIn = true
			for k, v := range fill {
				f.fields.Set(k, v)
			}
		}
		return f.request(ctx, p.url)
	}
	return nil, nil
}

func (f form) request(ctx context.Context, base *url.URL) (*http.Request, error) {
	target, err := base.Parse(f.action)
	if err != nil {
		return nil, err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, target.String(), strings.NewReader(f.fields.Encode()))
	if err != nil {
		return nil, err
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	req.Header.Set("Origin", base.Scheme+"://"+base.Host)
	return req, nil
}

func (t *Tour) open(req *http.Request) (*page, error) {
	resp, err := t.HTTP.Do(req)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(io.LimitReader(resp.Body, 4<<20))
	if err != nil {
		return nil, err
	}
	p := &page{url: req.URL, status: resp.StatusCode, body: string(body)}
	if to := resp.Header.Get("Location"); to != "" {
		if p.url, err = req.URL.Parse(to); err != nil {
			return nil, fmt.Errorf("redirect to %q: %w", to, err)
		}
		return p, nil
	}
	p.forms = forms(p.body)
	return p, nil
}

// forms returns the POST forms of a page.
func forms(body string) []form {
	var out []form
	z := html.NewTokenizer(strings.NewReader(body))
	for tt := z.Next(); tt != html.ErrorToken; tt = z.Next() {
		if tt != html.StartTagToken && tt != html.SelfClosingTagToken {
			continue
		}
		t := z.Token()
		attr := map[string]string{}
		for _, a := range t.Attr {
			attr[a.Key] = a.Val
		}
		switch t.Data {
		case "form":
			out = append(out, form{attr["action"], strings.ToLower(attr["method"]), url.Values{}})
		case "input", "button":
			if n := len(out); n > 0 && attr["name"] != "" {
				out[n-1].fields.Set(attr["name"], attr["value"])
			}
		}
	}
	return out
}
