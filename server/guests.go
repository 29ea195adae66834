package server

import (
	"fmt"
	"os"

	"github.com/poolhouse/poolhouse/sts/identity"
	"github.com/poolhouse/poolhouse/sts/policy"
)

// guestScope returns the session policies of identity pools' guests.
func (c *Config) guestScope() (identity.GuestScope, error) {
	switch c.GuestPolicy {
	case "", "aws":
		return identity.DefaultGuestScope(), nil
	case "off":
		return identity.GuestScope{}, nil
	}
	text, err := os.ReadFile(c.GuestPolicy)
	if err != nil {
		return identity.GuestScope{}, fmt.Errorf("guest-policy: %w", err)
	}
	if _, err := policy.Parse(policy.Session, string(text)); err != nil {
		return identity.GuestScope{}, fmt.Errorf("guest-policy %s: %w", c.GuestPolicy, err)
	}
	return identity.GuestScope{Policy: string(text), PolicyARNs: c.GuestPolicyARNs}, nil
}
