// Package outbound fetches what users and administrators name by URL, without
// becoming their way into our own network (SSRF). Every connection is judged by
// the address it really goes to, after the name was resolved, so neither a DNS
// answer that changes nor a redirect gets past it.
package outbound

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"syscall"
	"time"
)

// Errors of this package. Their texts are for the log.
var (
	ErrForbidden = errors.New("outbound: address is not allowed")
	ErrTooLarge  = errors.New("outbound: answer is too large")
	ErrStatus    = errors.New("outbound: answer is not 200")
)

const (
	timeout      = 10 * time.Second // for all of a fetch, redirects included
	maxRedirects = 3
)

// A Client fetches documents. The zero value is not usable; see New.
type Client struct {
	http         *http.Client
	allowPrivate bool
}

// New returns a Client that speaks https to public addresses only. allowPrivate
// lifts both rules; it is for demos and tests on one machine.
func New(allowPrivate bool) *Client {
	c := &Client{allowPrivate: allowPrivate}
	dialer := &net.Dialer{Timeout: timeout, Control: c.control}
	c.http = &http.Client{
		Timeout: timeout,
		Transport: &http.Transport{
			Proxy:                 nil, // a proxy would connect where we must not
			DialContext:           dialer.DialContext,
			TLSHandshakeTimeout:   timeout,
			ResponseHeaderTimeout: timeout,
			DisableKeepAlives:     true,
			ForceAttemptHTTP2:     true,
		},
		CheckRedirect: func(r *http.Request, via []*http.Request) error {
			if len(via) > maxRedirects {
				return fmt.Errorf("%w: more than %d redirects", ErrForbidden, maxRedirects)
			}
			return c.checkURL(r.URL)
		},
	}
	return c
}

// Fetch returns the body at an address, at most limit bytes of it; more is
// ErrTooLarge. An address that may not be reached is ErrForbidden.
func (c *Client) Fetch(ctx context.Context, address string, limit int) ([]byte, error) {
	d, err := c.FetchNewer(ctx, address, "", limit)
	if err != nil {
		return nil, err
	}
	return d.Body, nil
}

func (c *Client) checkURL(u *url.URL) error {
	plain := u.Scheme == "http" && c.allowPrivate
	if u.Scheme != "https" && !plain || u.Host == "" || u.User != nil {
		return fmt.Errorf("%w: %q", ErrForbidden, u.Redacted())
	}
	return nil
}

// control runs before each connection, with the resolved address.
func (c *Client) control(_, address string, _ syscall.RawConn) error {
	ap, err := netip.ParseAddrPort(address)
	if err != nil {
		return fmt.Errorf("%w: %q", ErrForbidden, address)
	}
	if !c.allowPrivate && !IsPublic(ap.Addr()) {
		return fmt.Errorf("%w: %s", ErrForbidden, ap.Addr())
	}
	return nil
}

// reserved are ranges that lead inside, or nowhere (RFC 6890), beyond those that
// net/netip knows; the translation prefixes would smuggle IPv4 addresses in.
var reserved = func() []netip.Prefix {
	var all []netip.Prefix
	for _, s := range []string{
		"0.0.0.0/8", "100.64.0.0/10", "192.0.0.0/24", "192.0.2.0/24", "192.88.99.0/24", "198.18.0.0/15",
		"198.51.100.0/24", "203.0.113.0/24", "240.0.0.0/4",
		"::/96", "64:ff9b::/96", "64:ff9b:1::/48", "100::/64", "2001::/23", "2001:db8::/32", "2002::/16", "fec0::/10",
	} {
		all = append(all, netip.MustParsePrefix(s))
	}
	return all
}()

// IsPublic reports whether an address is one of the public internet.
func IsPublic(a netip.Addr) bool {
	a = a.Unmap().WithZone("")
	if !a.IsGlobalUnicast() || a.IsPrivate() || a.IsLoopback() || a.IsLinkLocalUnicast() {
		return false
	}
	for _, p := range reserved {
		if p.Contains(a) {
			return false
		}
	}
	return true
}
