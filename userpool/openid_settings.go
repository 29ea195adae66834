package userpool

import (
	"context"
	"encoding/json"
	"net/url"
	"slices"

	"github.com/poolhouse/poolhouse/internal/jose"
)

// maxSector bounds a sector identifier document, in bytes.
const maxSector = 64 << 10

// PutOpenIDClient gives a client settings in place of all that it has beyond Cognito's.
// It checks them, and makes the keys that tokens will be signed with.
func (s *Service) PutOpenIDClient(ctx context.Context, pool PoolID, id ClientID, settings *OpenIDClient) (*Client, error) {
	p, err := s.Pool(ctx, pool)
	if err != nil {
		return nil, err
	}
	c, err := s.Client(ctx, pool, id)
	if err != nil {
		return nil, err
	}
	next := *c
	next.OpenID = settings.Clone()
	next.OpenID.Registered, next.OpenID.RegistrationToken, next.OpenID.Logo = c.OpenID.Registered, c.OpenID.RegistrationToken, c.OpenID.Logo
	if err := s.settleOpenID(ctx, p, &next); err != nil {
		return nil, err
	}
	updated, err := s.Store.UpdateClient(ctx, pool, id, func(c *Client) error {
		token := c.OpenID.RegistrationToken
		c.OpenID, c.Modified = next.OpenID.Clone(), s.now()
		c.OpenID.RegistrationToken = token
		return nil
	})
	return updated, namedClient(err, id)
}

// settleOpenID checks a client's settings, finds its sector, makes the keys that the
// settings need, and reads its logo.
func (s *Service) settleOpenID(ctx context.Context, p *Pool, c *Client) error {
	if err := c.validateOpenID(); err != nil {
		return err
	}
	for _, id := range c.OpenID.ExchangeFrom {
		if _, err := s.Client(ctx, p.ID, ClientID(id)); err != nil {
			return err
		}
	}
	if err := s.settleSector(ctx, c); err != nil {
		return err
	}
	if err := s.makeKeys(ctx, c); err != nil {
		return err
	}
	s.settleLogo(ctx, c)
	return nil
}

// settleSector finds the host that pairwise subjects are for (OpenID Connect Core
// section 8.1): of the document that lists all redirect addresses, which is read
// now, or of the addresses themselves, if that is one host.
func (s *Service) settleSector(ctx context.Context, c *Client) error {
	c.OpenID.Sector = ""
	if c.OpenID.SectorURI != "" {
		if err := s.checkSector(ctx, c); err != nil {
			return err
		}
		u, err := url.Parse(c.OpenID.SectorURI)
		if err != nil {
			return err
		}
		c.OpenID.Sector = u.Hostname()
		return nil
	}
	if !c.OpenID.Pairwise {
		return nil
	}
	for _, raw := range c.CallbackURLs {
		u, err := url.Parse(raw)
		if err != nil {
			return err
		}
		if c.OpenID.Sector != "" && c.OpenID.Sector != u.Hostname() {
			return invalid("subject_type pairwise needs sector_identifier_uri where redirect addresses have several hosts.")
		}
		c.OpenID.Sector = u.Hostname()
	}
	return nil
}

// checkSector reads the document at sector_identifier_uri.
func (s *Service) checkSector(ctx context.Context, c *Client) error {
	if s.Fetch == nil {
		return invalid("sector_identifier_uri: this server fetches nothing.")
	}
	raw, err := s.Fetch.Fetch(ctx, c.OpenID.SectorURI, maxSector)
	if err != nil {
		s.Log.WarnContext(ctx, "a sector identifier document could not be read", "client", c.ID, "error", err)
		return invalid("sector_identifier_uri: the document could not be read.")
	}
	var listed []string
	if json.Unmarshal(raw, &listed) != nil {
		return invalid("sector_identifier_uri: the document is no list of addresses.")
	}
	for _, u := range c.CallbackURLs {
		if !slices.Contains(listed, u) {
			return invalid("sector_identifier_uri: the document does not list %s.", u)
		}
	}
	return nil
}

// makeKeys makes the keys for a client's tokens, so that they are published before
// something is signed with them, and the one that its requests are encrypted to.
func (s *Service) makeKeys(ctx context.Context, c *Client) error {
	o := c.OpenID
	needs := map[string][]string{useAccess: {o.AccessToken.Algorithm},
		useID: {o.IDToken.Algorithm, o.UserInfo.Algorithm, o.Authorization.Algorithm, o.Introspection.Algorithm}}
	for use, algorithms := range needs {
		for _, alg := range algorithms {
			if alg = orRS256(alg); alg == jose.RS256 {
				continue // every pool has those
			}
			if _, err := s.Keys.Signer(ctx, tokenScope(c.Pool, use, alg), alg); err != nil {
				return err
			}
		}
	}
	if o.Request.KeyManager == "" {
		return nil
	}
	_, err := s.Keys.Signer(ctx, requestScope(c.Pool), jose.RS256) // an RSA key, of which only that counts
	return err
}

// SetOpenIDPool gives a pool the mode and the settings of its OpenID provider.
func (s *Service) SetOpenIDPool(ctx context.Context, pool PoolID, strict bool, settings OpenIDPool) (*Pool, error) {
	if !slices.Contains([]string{RegistrationOff, RegistrationToken, RegistrationOpen}, settings.Registration) {
		return nil, invalid("Registration is neither off nor token nor open.")
	}
	if strict && settings.ImplicitClients {
		return nil, invalid("A strict pool sends no tokens by the browser.")
	}
	p, err := s.Store.UpdatePool(ctx, pool, func(p *Pool) error {
		p.Strict, p.OpenID, p.Modified = strict, settings, s.now()
		return nil
	})
	return p, namedPool(err, pool)
}
