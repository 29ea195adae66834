// Package profile is a person's end of a sign-in on the command line: what `poolhouse
// login` keeps in their home directory, and the credentials that tools get by it. A
// profile is a file of mode 0600. Whoever changes it holds its lock, so that a refresh
// token that rotates is used by one process at a time.
package profile

import (
	"errors"
	"fmt"
	"net/netip"
	"net/url"
	"regexp"
	"strings"
	"time"
)

// Errors of this package. Their texts are for the person at the terminal.
var (
	ErrNoProfile = errors.New("there is no such profile")
	ErrSignedOut = errors.New("the sign-in has ended")
	ErrInvalid   = errors.New("invalid profile")
)

// A Profile is a sign-in and what it is for.
type Profile struct {
	Config

	Tokens      Tokens       `json:"tokens"`
	Credentials *Credentials `json:"credentials,omitempty"` // the last ones; nil for none
}

// A Config says where somebody signs in and what they get for it: the credentials of
// RoleARN, those of their identity in IdentityPool, or, with neither, tokens alone.
type Config struct {
	Issuer   string   `json:"issuer"`    // URL of the OpenID provider
	ClientID string   `json:"client_id"` // a public client; http://127.0.0.1/callback is its redirect URI
	Scopes   []string `json:"scopes"`

	Endpoint     string        `json:"endpoint"` // URL of the AWS APIs
	Region       string        `json:"region"`
	RoleARN      string        `json:"role_arn,omitempty"`
	SessionName  string        `json:"session_name,omitempty"` // of RoleARN; empty: who the ID token names
	Duration     time.Duration `json:"duration,omitempty"`     // of RoleARN's credentials; 0: the server's default
	IdentityPool string        `json:"identity_pool,omitempty"`
}

// Tokens are what the OpenID provider gave.
type Tokens struct {
	Subject string    `json:"subject"` // sub of the ID token
	ID      string    `json:"id_token"`
	Refresh string    `json:"refresh_token,omitempty"`
	Issued  time.Time `json:"issued"`
	Expires time.Time `json:"expires"` // of ID
}

// Credentials are temporary AWS credentials.
type Credentials struct {
	AccessKeyID     string    `json:"access_key_id"`
	SecretAccessKey string    `json:"secret_access_key"`
	SessionToken    string    `json:"session_token"`
	IdentityID      string    `json:"identity_id,omitempty"` // whose, of an identity pool
	Issued          time.Time `json:"issued"`
	Expires         time.Time `json:"expires"`
}

var names = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$`)

// checkName refuses names that would be another file.
func checkName(name string) error {
	if !names.MatchString(name) {
		return fmt.Errorf("%w: name %q must be 1 to 64 letters, digits, dots, dashes or underscores", ErrInvalid, name)
	}
	return nil
}

// Check reports the first thing that is wrong with a Config, and fills in what follows
// from the rest: Endpoint is the issuer's origin by default, Region that of the pool.
func (c *Config) Check() error {
	if err := secure("issuer", c.Issuer); err != nil {
		return err
	}
	u, _ := url.Parse(c.Issuer)
	if c.Endpoint == "" {
		c.Endpoint = u.Scheme + "://" + u.Host
	}
	if c.Region == "" {
		c.Region = "us-east-1"
		if region, _, ok := strings.Cut(c.pool(), "_"); ok {
			c.Region = region
		}
	}
	switch {
	case c.ClientID == "":
		return fmt.Errorf("%w: the client ID is missing", ErrInvalid)
	case c.RoleARN != "" && c.IdentityPool != "":
		return fmt.Errorf("%w: credentials come from a role or from an identity pool, not from both", ErrInvalid)
	}
	return secure("endpoint", c.Endpoint)
}

// secure refuses addresses that would carry tokens in the clear over a network.
func secure(what, address string) error {
	u, err := url.Parse(address)
	switch {
	case err != nil || u.Host == "" || u.User != nil || u.RawQuery != "" || u.Fragment != "":
		return fmt.Errorf("%w: %s %q is not a URL of a server", ErrInvalid, what, address)
	case u.Scheme == "https" || u.Scheme == "http" && loopback(u.Hostname()):
		return nil
	}
	return fmt.Errorf("%w: %s %q is not https", ErrInvalid, what, address)
}

func loopback(host string) bool {
	ip, err := netip.ParseAddr(host)
	return host == "localhost" || err == nil && ip.IsLoopback()
}

var pools = regexp.MustCompile(`/([\w-]+_[0-9A-Za-z]+)$`)

// pool is the ID of the user pool that the issuer stands for, or "".
func (c *Config) pool() string {
	if m := pools.FindStringSubmatch(c.Issuer); m != nil {
		return m[1]
	}
	return ""
}

// login is the name that identity pools know the issuer by.
func (c *Config) login() string {
	if pool := c.pool(); pool != "" {
		region, _, _ := strings.Cut(pool, "_")
		return "cognito-idp." + region + ".amazonaws.com/" + pool
	}
	_, rest, _ := strings.Cut(c.Issuer, "://")
	return rest
}
