package profile

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"

	"github.com/poolhouse/poolhouse/internal/awsclient"
)

// ahead is how long before their end credentials and tokens are replaced, where they
// live at least four times as long. SDKs ask for new ones a quarter of an hour ahead.
const ahead = 15*time.Minute + 30*time.Second

// A Session acts for somebody who has signed in.
type Session struct {
	Dir  Dir
	Name string // of the profile
	HTTP *http.Client
	Now  func() time.Time
	Warn func(error) // told of what failed where the caller is still served
}

// Credentials returns credentials that live on for a while: the kept ones, or new
// ones. While no new ones can be had, kept ones that are not over will do.
func (s *Session) Credentials(ctx context.Context) (got *Credentials, err error) {
	err = s.Dir.Update(ctx, s.Name, false, func(p *Profile) error {
		kept := p.Credentials
		named := kept != nil && (kept.IdentityID != "" || p.IdentityPool == "") // older releases did not keep it
		if named && s.Now().Before(renewal(kept.Issued, kept.Expires)) {
			got = kept
			return nil
		}
		fresh, err := s.renewed(ctx, p)
		switch {
		case err == nil:
			p.Credentials, got = fresh, fresh
		case kept != nil && s.Now().Before(kept.Expires) && !errors.Is(err, ErrSignedOut):
			got = kept
			s.Warn(err)
			err = nil
		}
		return err
	})
	return got, err
}

func (s *Session) renewed(ctx context.Context, p *Profile) (*Credentials, error) {
	issued := s.Now().UTC()
	if err := s.refresh(ctx, p); err != nil {
		return nil, err
	}
	client := awsclient.New(p.Endpoint, p.Region)
	if s.HTTP.Transport != nil {
		client.HTTP.Transport = s.HTTP.Transport
	}
	c, err := exchange(ctx, client, p.Config, p.Tokens.ID)
	if err != nil {
		return nil, err
	}
	c.Issued = issued
	return c, nil
}

// Tokens returns tokens that live on for a while.
func (s *Session) Tokens(ctx context.Context) (got Tokens, err error) {
	err = s.Dir.Update(ctx, s.Name, false, func(p *Profile) error {
		err := s.refresh(ctx, p)
		got = p.Tokens
		return err
	})
	return got, err
}

// refresh gets new tokens unless the profile's live on.
func (s *Session) refresh(ctx context.Context, p *Profile) error {
	if s.Now().Before(renewal(p.Tokens.Issued, p.Tokens.Expires)) {
		return nil
	}
	ctx = oidc.ClientContext(ctx, s.HTTP)
	at, err := discover(ctx, p.Config, s.Now)
	if err != nil {
		return err
	}
	p.Tokens, err = at.refresh(ctx, p.Tokens)
	if errors.Is(err, ErrSignedOut) {
		p.Credentials = nil
		return fmt.Errorf("%w: run: poolhouse login --profile %s", err, s.Name)
	}
	return err
}

// renewal is when something that lives from issued to expires is to be replaced.
func renewal(issued, expires time.Time) time.Time {
	return expires.Add(-min(ahead, expires.Sub(issued)/4))
}

// SignOut ends the sign-in at the provider and forgets the profile. The profile is
// forgotten even where the provider cannot be reached.
func (s *Session) SignOut(ctx context.Context) error {
	p, err := s.Dir.Load(s.Name)
	if errors.Is(err, ErrNoProfile) {
		return err
	}
	if err == nil {
		err = s.revoke(ctx, p)
	}
	return errors.Join(err, s.Dir.Delete(ctx, s.Name))
}

// revoke revokes the refresh token (RFC 7009).
func (s *Session) revoke(ctx context.Context, p *Profile) error {
	if p.Tokens.Refresh == "" {
		return nil
	}
	ctx = oidc.ClientContext(ctx, s.HTTP)
	at, err := discover(ctx, p.Config, s.Now)
	if err != nil {
		return err
	}
	if at.revoke == "" {
		return errors.New("the issuer cannot revoke tokens: the sign-in ends when they expire")
	}
	form := url.Values{"token": {p.Tokens.Refresh}, "token_type_hint": {"refresh_token"}, "client_id": {p.ClientID}}
	resp, err := s.HTTP.PostForm(at.revoke, form)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return fmt.Errorf("the issuer did not revoke the token: %s", resp.Status)
	}
	return nil
}
