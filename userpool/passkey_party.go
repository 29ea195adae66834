package userpool

import (
	"net/netip"
	"net/url"
	"slices"
	"strings"
)

// takesPasskeys reports whether users of the pool may sign in by passkeys.
func (p *Pool) takesPasskeys() bool { return slices.Contains(p.FirstFactors, challengePasskey) }

// relyingParty returns the host name that a pool's passkeys are made for: the one
// that is configured, else that of the pool's domain, else that of its issuer. An
// address is no name that passkeys can be made for.
func (p *Pool) relyingParty(issuer string) (string, error) {
	if p.Passkeys.RelyingParty != "" {
		return p.Passkeys.RelyingParty, nil
	}
	u, err := url.Parse(issuer)
	if err != nil {
		return "", err
	}
	host := u.Hostname()
	if _, err := netip.ParseAddr(host); p.CustomDomain == "" && (err == nil || host == "") {
		return "", Fail(ErrPasskeysNotConfigured, "The user pool has no relying party ID: set WebAuthnConfiguration.RelyingPartyId.")
	}
	switch {
	case p.CustomDomain != "":
		host = p.CustomDomain
	case p.Domain != "":
		host = p.Domain + ".auth." + host
	}
	return strings.ToLower(host), nil
}

// checkPasskeys refuses a relying party that no browser would take.
func (p *Pool) checkPasskeys() error {
	name := p.Passkeys.RelyingParty
	if name != "" && name != "localhost" && !isHostName(name) {
		return invalid("Invalid RelyingPartyId: %s. It is a host name, without scheme and port.", name)
	}
	return nil
}
