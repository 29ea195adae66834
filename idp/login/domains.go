package login

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"strings"

	"github.com/poolhouse/poolhouse/userpool"
)

// Domains serves a pool's pages at its own host, {prefix}.auth.{Host}, where the
// paths do without the pool's ID as they do at Cognito. The host only chooses the
// pool; links, issuer and cookies never depend on it.
type Domains struct {
	Pools interface {
		PoolByDomain(ctx context.Context, domain string) (*userpool.Pool, error)
	}
	Host string // of the public URL, with its port
	Next http.Handler
}

// ServeHTTP implements http.Handler.
func (d *Domains) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	prefix, ok := strings.CutSuffix(strings.ToLower(r.Host), ".auth."+strings.ToLower(d.Host))
	if !ok || strings.HasPrefix(r.URL.Path, "/static/") {
		d.Next.ServeHTTP(w, r)
		return
	}
	pool, err := d.Pools.PoolByDomain(r.Context(), prefix)
	if errors.Is(err, userpool.ErrDomainNotFound) || errors.Is(err, userpool.ErrPoolNotFound) {
		http.NotFound(w, r)
		return
	}
	if err != nil {
		http.Error(w, "Something went wrong on our side. Please try again in a moment.", http.StatusInternalServerError)
		return
	}
	home := "/" + string(pool.ID)
	if strings.HasPrefix(r.URL.Path, home+"/") { // our own links say it all
		d.Next.ServeHTTP(w, r)
		return
	}
	inner := *r
	inner.URL = new(url.URL)
	*inner.URL = *r.URL
	inner.URL.Path, inner.URL.RawPath = home+r.URL.Path, ""
	d.Next.ServeHTTP(w, &inner)
}
