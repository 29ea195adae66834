package doctor

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// A Site is the server as its users reach it.
type Site struct {
	URL    string // public URL
	Client *http.Client
	Now    func() time.Time
}

// Reach asks the public URL whether a Poolhouse lives there, and how late it is.
func (s Site) Reach(ctx context.Context) []Finding {
	asked := s.Now()
	resp, body, err := s.get(ctx, "/livez")
	if err != nil {
		return []Finding{unreachable(s.URL, err)}
	}
	if resp.StatusCode != http.StatusOK || body != "ok\n" {
		return []Finding{Bad("Point the name at this server, or have the proxy pass all paths to it.",
			"%s answers %d, but not as Poolhouse does", s.URL, resp.StatusCode)}
	}
	found := []Finding{Good("%s answers", s.URL)}
	if told, err := http.ParseTime(resp.Header.Get("Date")); err == nil {
		found = append(found, Clock(s.URL, told, asked, s.Now(), time.Second))
	}
	if resp.TLS != nil {
		found = append(found, Ends(s.Now(), []Certificate{Of("The certificate of "+s.URL, "Renew it where TLS ends.", resp.TLS.PeerCertificates[0])})...)
	}
	return append(found, s.upgrade(ctx)...)
}

// upgrade looks whether plain HTTP leads to the site or is open beside it.
func (s Site) upgrade(ctx context.Context) []Finding {
	u, err := url.Parse(s.URL)
	if err != nil || u.Scheme != "https" || u.Port() != "" {
		return nil
	}
	plain := Site{URL: "http://" + u.Host, Client: s.Client, Now: s.Now}
	resp, body, err := plain.get(ctx, "/livez")
	if err == nil && resp.StatusCode == http.StatusOK && resp.Request.URL.Scheme == "http" && body == "ok\n" {
		return []Finding{Warn("Have the proxy answer port 80 with a redirect to https.", "%s serves without TLS, too", plain.URL)}
	}
	return nil
}

func (s Site) get(ctx context.Context, path string) (*http.Response, string, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, s.URL+path, nil)
	if err != nil {
		return nil, "", err
	}
	resp, err := s.Client.Do(req)
	if err != nil {
		return nil, "", err
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(io.LimitReader(resp.Body, 1024))
	return resp, string(body), err
}

// unreachable tells the ways apart in which a site cannot be reached.
func unreachable(address string, err error) Finding {
	var (
		dns       *net.DNSError
		authority x509.UnknownAuthorityError
		name      x509.HostnameError
		invalid   x509.CertificateInvalidError
		record    tls.RecordHeaderError
	)
	switch {
	case errors.As(err, &dns):
		return Bad("Make the name known in the DNS, or mend public-url.", "%s: the name is not known", address)
	case errors.As(err, &authority):
		return Bad("Install the whole chain; if the authority is a private one, clients must be told to trust it.", "%s: its certificate is of an authority that this machine does not know", address)
	case errors.As(err, &name), errors.As(err, &invalid):
		return Bad("Get a certificate for the name of public-url.", "%s: %s", address, err)
	case errors.As(err, &record), strings.Contains(err.Error(), "server gave HTTP response to HTTPS client"):
		return Bad("Serve TLS there, or write public-url with http.", "%s does not speak TLS", address)
	case errors.Is(err, context.DeadlineExceeded):
		return Bad("Look at the firewall between here and there.", "%s does not answer in time", address)
	}
	return Bad("Start the server, or mend public-url or the proxy in front.", "%s cannot be reached: %s", address, root(err))
}

// root is an error without the request around it.
func root(err error) error {
	var u *url.Error
	if errors.As(err, &u) {
		return u.Err
	}
	return err
}

// Dial finds whether something listens at host:port.
func Dial(ctx context.Context, what, address, mend string) Finding {
	conn, err := new(net.Dialer).DialContext(ctx, "tcp", address)
	if err != nil {
		return Bad(mend, "%s: %s", what, err)
	}
	_ = conn.Close()
	return Good("%s: %s can be reached", what, address)
}

// HostPort is where a URL leads.
func HostPort(u *url.URL) string {
	if u.Port() != "" {
		return u.Host
	}
	if u.Scheme == "http" {
		return net.JoinHostPort(u.Hostname(), "80")
	}
	return net.JoinHostPort(u.Hostname(), "443")
}
