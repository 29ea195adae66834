package userpool

import (
	"context"
	"net/url"
)

// passwordElsewhere stands in place of the hash of a user whose password another
// directory has: the pool's PasswordSource is asked at the first sign-in. It is no
// hash, so it matches no password, and setting one replaces it.
const passwordElsewhere = "$elsewhere$"

// A PasswordSource is the user pool that imported users still have their passwords
// in: an app client of it that may use USER_PASSWORD_AUTH.
type PasswordSource struct {
	Endpoint string // of its API
	Region   string
	Client   ClientID
	Secret   string // sealed at rest; empty for a public client
}

// A PasswordQuestion asks a source whether a password is a user's.
type PasswordQuestion struct {
	Endpoint, Region           string
	Client                     ClientID
	Secret, Username, Password string
}

// A PasswordVerdict is what a source says.
type PasswordVerdict struct {
	Right         bool
	Sub           string // of the user; empty where a challenge came before the tokens
	Temporary     bool   // the user has to choose a new password first
	SMS           bool   // the user's second factor is a code by SMS
	ResetRequired bool   // the source wants a new password set by a code
}

// A PasswordAsker asks sources. An error says that there was no verdict.
type PasswordAsker interface {
	// Allows refuses an endpoint that this server must not call.
	Allows(endpoint *url.URL) error
	Ask(ctx context.Context, q PasswordQuestion) (*PasswordVerdict, error)
}

// SetPasswordSource names the pool that has the passwords of imported users. An
// empty endpoint takes it away: those without a password then set one by a code.
func (s *Service) SetPasswordSource(ctx context.Context, pool PoolID, endpoint, region string, client ClientID, secret string) error {
	var source *PasswordSource
	if endpoint != "" {
		at, err := url.Parse(endpoint)
		if err != nil || s.Passwords == nil || s.Passwords.Allows(at) != nil {
			return invalid("Endpoint is not an address that this server may call: https and public.")
		}
		source = &PasswordSource{Endpoint: endpoint, Region: region, Client: client, Secret: secret}
	}
	_, err := s.ChangePool(ctx, pool, func(p *Pool) error {
		p.PasswordSource = source
		return nil
	})
	return err
}
