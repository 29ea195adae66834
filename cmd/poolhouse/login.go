package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"runtime"
	"time"

	"github.com/cli/browser"

	"github.com/poolhouse/poolhouse/internal/profile"
)

// profileFlag names what `poolhouse login` keeps.
type profileFlag struct {
	Profile string `help:"Name under which the sign-in is kept." default:"default"`
}

// session acts for the profile.
func (f profileFlag) session(e *env) (*profile.Session, error) {
	dir, err := profile.Home(e.getenv)
	return &profile.Session{Dir: dir, Name: f.Profile, HTTP: clientOf(), Now: time.Now,
		Warn: func(err error) { fmt.Fprintln(e.stderr, "poolhouse: kept credentials are used:", err) }}, err
}

func clientOf() *http.Client { return &http.Client{Timeout: 30 * time.Second} }

// loginCmd signs a person in.
type loginCmd struct {
	profileFlag

	Issuer       string        `help:"URL of the OpenID provider, for instance https://id.example.com/us-east-1_AbCdEfGhI. What is left out here and below stays as it was at the last sign-in."`
	ClientID     string        `help:"ID of a public app client with the callback URL http://127.0.0.1/callback."`
	Scope        []string      `help:"Scopes to ask for (default: openid)."`
	RoleARN      string        `help:"Role whose credentials to get." name:"role-arn"`
	SessionName  string        `help:"Name of the role session (default: the user's name)."`
	Duration     time.Duration `help:"How long the role's credentials last, from 15m to what the role allows."`
	IdentityPool string        `help:"ID of an identity pool whose credentials to get instead of a role's."`
	Endpoint     string        `help:"URL of the AWS APIs (default: where the issuer is)."`
	Region       string        `help:"Region of the AWS APIs (default: the pool's)."`
	Device       bool          `help:"Sign in with a browser elsewhere, by a code. The default where this machine has no screen."`
	NoBrowser    bool          `help:"Print the page's address instead of opening it."`
}

// Run signs in and keeps what came of it.
func (c *loginCmd) Run(e *env) error {
	s, err := c.session(e)
	if err != nil {
		return err
	}
	p, err := s.Dir.Load(c.Profile)
	if errors.Is(err, profile.ErrNoProfile) {
		p, err = new(profile.Profile), nil
	}
	if err != nil {
		return err
	}
	next := c.over(p.Config)
	if err := next.Check(); err != nil {
		return fmt.Errorf("%w: %w", errUsage, err)
	}
	tokens, err := c.signIn(e, next)
	if err != nil {
		return err
	}
	err = s.Dir.Update(e.ctx, c.Profile, true, func(p *profile.Profile) error {
		*p = profile.Profile{Config: next, Tokens: tokens}
		return nil
	})
	if err == nil {
		fmt.Fprintf(e.stderr, "Signed in. Profile: %s\n", c.Profile)
	}
	return err
}

// over lays what the command line says over what was kept.
func (c *loginCmd) over(kept profile.Config) profile.Config {
	for _, f := range []struct {
		to   *string
		from string
	}{{&kept.Issuer, c.Issuer}, {&kept.ClientID, c.ClientID}, {&kept.Endpoint, c.Endpoint}, {&kept.Region, c.Region}, {&kept.SessionName, c.SessionName}} {
		if f.from != "" {
			*f.to = f.from
		}
	}
	if len(c.Scope) > 0 || len(kept.Scopes) == 0 {
		kept.Scopes = append([]string{"openid"}, c.Scope...)
	}
	if c.Issuer != "" && c.Endpoint == "" { // another server
		kept.Endpoint, kept.Region = "", c.Region
	}
	if c.RoleARN != "" || c.IdentityPool != "" {
		kept.RoleARN, kept.IdentityPool = c.RoleARN, c.IdentityPool
	}
	if c.Duration != 0 {
		kept.Duration = c.Duration
	}
	return kept
}

func (c *loginCmd) signIn(e *env, cfg profile.Config) (profile.Tokens, error) {
	at := &profile.SignIn{HTTP: clientOf(), Now: time.Now, Out: e.stderr}
	if c.Device || !c.NoBrowser && headless(e.getenv) {
		return at.Device(e.ctx, cfg)
	}
	if !c.NoBrowser {
		browser.Stdout, browser.Stderr = io.Discard, io.Discard
		at.Open = browser.OpenURL
	}
	return at.Browser(e.ctx, cfg)
}

// headless reports whether no browser of this machine could show a page to whoever
// runs the command.
func headless(getenv func(string) string) bool {
	if getenv("SSH_CONNECTION") != "" {
		return true
	}
	return runtime.GOOS == "linux" && getenv("DISPLAY") == "" && getenv("WAYLAND_DISPLAY") == "" && getenv("WSL_DISTRO_NAME") == "" && getenv("BROWSER") == ""
}

// logoutCmd ends a sign-in.
type logoutCmd struct{ profileFlag }

// Run revokes the refresh token and forgets the profile.
func (c *logoutCmd) Run(e *env) error {
	s, err := c.session(e)
	if err != nil {
		return err
	}
	return s.SignOut(e.ctx)
}

// credentialsCmd is for credential_process.
type credentialsCmd struct{ profileFlag }

// Run prints credentials as SDKs read them from a process.
func (c *credentialsCmd) Run(e *env) error {
	s, err := c.session(e)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(e.ctx, time.Minute) // for the process before us, too
	defer cancel()
	got, err := s.Credentials(ctx)
	if err != nil {
		return err
	}
	return json.NewEncoder(e.stdout).Encode(map[string]any{"Version": 1, "AccessKeyId": got.AccessKeyID,
		"SecretAccessKey": got.SecretAccessKey, "SessionToken": got.SessionToken, "Expiration": got.Expires.UTC().Format(time.RFC3339)})
}
