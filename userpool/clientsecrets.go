package userpool

import (
	"context"
	"strconv"
	"strings"
	"time"
)

// NewClientSecret returns a random client secret.
func NewClientSecret() string { return randomText(52, lowerLetters+digits) }

// A ClientSecret is one of the at most two secrets of a confidential client. So
// an app can move to a new one before the old one is taken away.
type ClientSecret struct {
	ID      string
	Value   string
	Created time.Time
}

// Secrets lists the client's secrets, the oldest first.
func (c *Client) Secrets() []ClientSecret {
	var all []ClientSecret
	for _, s := range []struct {
		value string
		made  time.Time
	}{{c.Secret, c.SecretMade}, {c.SecondSecret, c.SecondMade}} {
		if s.value == "" {
			continue
		}
		if s.made.IsZero() {
			s.made = c.Created
		}
		all = append(all, ClientSecret{ID: string(c.ID) + "--" + strconv.FormatInt(s.made.UnixMicro(), 10), Value: s.value, Created: s.made})
	}
	return all
}

// AddClientSecret gives a confidential client a second secret, a random one
// where value is empty. ErrLimitExceeded: it has two.
func (s *Service) AddClientSecret(ctx context.Context, pool PoolID, id ClientID, value string) (ClientSecret, error) {
	if _, err := s.Client(ctx, pool, id); err != nil {
		return ClientSecret{}, err
	}
	if value == "" {
		value = NewClientSecret()
	}
	c, err := s.Store.UpdateClient(ctx, pool, id, func(c *Client) error {
		switch {
		case c.Secret == "":
			return invalid("Client %s is a public client and cannot have a secret.", id)
		case c.SecondSecret != "":
			return Fail(ErrLimitExceeded, "An app client can have 2 active secrets. Delete one of them first.")
		case c.CheckSecret(value) == nil:
			return invalid("The app client has this secret already.")
		}
		c.SecondSecret, c.SecondMade = value, s.now()
		if first := c.Secrets()[0].Created; !c.SecondMade.After(first) {
			c.SecondMade = first.Add(time.Microsecond) // the ID says the time
		}
		c.Modified = s.now()
		return c.validateSecrets()
	})
	if err != nil {
		return ClientSecret{}, namedClient(err, id)
	}
	return c.Secrets()[1], nil
}

// ClientSecrets lists the secrets of a client, the oldest first.
func (s *Service) ClientSecrets(ctx context.Context, pool PoolID, id ClientID) ([]ClientSecret, error) {
	c, err := s.Client(ctx, pool, id)
	if err != nil {
		return nil, err
	}
	return c.Secrets(), nil
}

// DeleteClientSecret takes one of two secrets away. The last one stays: a client
// that had one never becomes a public client.
func (s *Service) DeleteClientSecret(ctx context.Context, pool PoolID, id ClientID, secret string) error {
	if _, err := s.Client(ctx, pool, id); err != nil {
		return err
	}
	_, err := s.Store.UpdateClient(ctx, pool, id, func(c *Client) error {
		all := c.Secrets()
		at := -1
		for i := range all {
			if all[i].ID == secret {
				at = i
			}
		}
		switch {
		case at < 0:
			return Fail(ErrNotFound, "Client secret "+secret+" does not exist.")
		case len(all) == 1:
			return invalid("The last secret of an app client cannot be deleted.")
		case at == 0:
			c.Secret, c.SecretMade = c.SecondSecret, c.SecondMade
		}
		c.SecondSecret, c.SecondMade = "", time.Time{}
		c.Modified = s.now()
		return nil
	})
	return namedClient(err, id)
}

// keepFrom gives c what an update of its Cognito settings leaves alone: the secrets
// of old, and what is set for OpenID Connect.
func (c *Client) keepFrom(old *Client) {
	c.Secret, c.SecretMade = old.Secret, old.SecretMade
	c.SecondSecret, c.SecondMade = old.SecondSecret, old.SecondMade
	c.Created, c.OpenID = old.Created, old.OpenID
}

// validateSecrets refuses secrets that are not one line: stores rely on it.
func (c *Client) validateSecrets() error {
	if strings.ContainsAny(c.Secret+c.SecondSecret, "\r\n\x00") {
		return invalid("A client secret cannot have line breaks.")
	}
	return nil
}
