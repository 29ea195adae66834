package oidcrp

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/sync/singleflight"
)

const (
	discoveryLife  = time.Hour        // a discovery document is believed for so long
	discoveryPause = 10 * time.Second // an issuer that failed is not asked again for so long
	maxIssuers     = 4096             // that are remembered
)

// metadata is what an issuer publishes of itself (OpenID Connect Discovery 1.0
// section 3).
type metadata struct {
	Issuer      string   `json:"issuer"`
	Authorize   string   `json:"authorization_endpoint"`
	Token       string   `json:"token_endpoint"`
	UserInfo    string   `json:"userinfo_endpoint"`
	Keys        string   `json:"jwks_uri"`
	EndSession  string   `json:"end_session_endpoint"`
	Credentials []string `json:"token_endpoint_auth_methods_supported"`
	NamesIssuer bool     `json:"authorization_response_iss_parameter_supported"` // RFC 9207
}

// A directory remembers the discovery documents of issuers.
type directory struct {
	client *http.Client
	now    func() time.Time
	flight singleflight.Group

	mu    sync.Mutex
	known map[string]entry
}

// An entry is what was last heard from an issuer.
type entry struct {
	doc   *metadata // nil where nothing was
	read  time.Time // when doc was
	asked time.Time
	err   error // of the last request
}

func newDirectory(f Fetcher, now func() time.Time) *directory {
	return &directory{client: &http.Client{Transport: transport{f}}, now: now, known: map[string]entry{}}
}

// find returns what an issuer publishes. While it cannot be read anew, the last
// document serves: better an old one than none, for whoever signs must still own
// one of its keys.
func (d *directory) find(ctx context.Context, issuer string) (*metadata, error) {
	e, now := d.last(issuer), d.now()
	if e.doc == nil || now.Sub(e.read) >= discoveryLife {
		if e.asked.IsZero() || now.Sub(e.asked) >= discoveryPause {
			var err error
			if e, err = d.ask(ctx, issuer); err != nil {
				return nil, err
			}
		}
	}
	if e.doc == nil {
		return nil, fmt.Errorf("%w: %w", ErrUnreachable, e.err)
	}
	return e.doc, nil
}

func (d *directory) last(issuer string) entry {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.known[issuer]
}

// ask reads the document once for all who wait for it, so it outlives the request
// that asked first.
func (d *directory) ask(ctx context.Context, issuer string) (entry, error) {
	done := d.flight.DoChan(issuer, func() (any, error) {
		doc, err := d.read(context.WithoutCancel(ctx), issuer)
		return d.keep(issuer, doc, err), nil
	})
	select {
	case <-ctx.Done():
		return entry{}, ctx.Err()
	case answer := <-done:
		return answer.Val.(entry), nil
	}
}

var errIssuer = errors.New("oidcrp: another issuer")

// read fetches a document. It must name the issuer that was asked for, or else be
// the one document that Microsoft has for all its tenants.
func (d *directory) read(ctx context.Context, issuer string) (*metadata, error) {
	ctx = oidc.InsecureIssuerURLContext(oidc.ClientContext(ctx, d.client), issuer)
	p, err := oidc.NewProvider(ctx, issuer)
	if err != nil {
		return nil, err
	}
	doc := &metadata{}
	if err := p.Claims(doc); err != nil {
		return nil, err
	}
	if doc.Issuer != issuer && !isTemplateOf(doc.Issuer, issuer) {
		return nil, fmt.Errorf("%w: the document of %q is of the issuer %.200q", errIssuer, issuer, doc.Issuer)
	}
	for _, address := range []string{doc.Authorize, doc.Token, doc.UserInfo, doc.Keys} {
		if address != "" && !isAddress(address) {
			return nil, fmt.Errorf("oidcrp: the document of %q has the address %.200q", issuer, address)
		}
	}
	return doc, nil
}

func (d *directory) keep(issuer string, doc *metadata, err error) entry {
	d.mu.Lock()
	defer d.mu.Unlock()
	e := d.known[issuer]
	if e.asked, e.err = d.now(), err; err == nil {
		e.doc, e.read = doc, e.asked
	}
	if _, ok := d.known[issuer]; !ok && len(d.known) >= maxIssuers {
		d.forgetOldest()
	}
	d.known[issuer] = e
	return e
}

func (d *directory) forgetOldest() {
	oldest, first := "", true
	for issuer, e := range d.known {
		if first || e.asked.Before(d.known[oldest].asked) {
			oldest, first = issuer, false
		}
	}
	delete(d.known, oldest)
}

// tenantTemplate stands for the tenant in the issuer of Microsoft's shared
// documents.
const tenantTemplate = "{tenantid}"

// isTemplateOf reports whether a document's issuer is that of all the tenants that
// an issuer of Microsoft stands for: the same, but for a tenant that is not named.
func isTemplateOf(doc, issuer string) bool {
	before, after, ok := strings.Cut(doc, tenantTemplate)
	if !ok || !strings.HasPrefix(issuer, before) || !strings.HasSuffix(issuer, after) || len(issuer) < len(before)+len(after) {
		return false
	}
	switch issuer[len(before) : len(issuer)-len(after)] {
	case "common", "organizations":
		return true
	}
	return false
}
