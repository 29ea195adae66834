package userpool

import (
	"context"
	"errors"
	"net"
	"net/url"
	"strings"
	"time"
)

// DomainSettings are what one of a pool's domains is set to.
type DomainSettings struct {
	Version        int       `json:",omitempty"` // ManagedLoginVersion: 1 classic pages, 2 managed login
	CertificateARN string    `json:",omitempty"` // of a domain of the operator's; reported only
	SecurityPolicy string    `json:",omitempty"` // likewise
	Changed        time.Time `json:",omitzero"`
}

// The versions of a domain's pages.
const (
	classicPages = 1
	managedLogin = 2
)

// ManagedLogin reports whether a domain of the pool shows managed login.
func (p *Pool) ManagedLogin() bool {
	return p.Domain != "" && p.PrefixSettings.Version == managedLogin || p.CustomDomain != "" && p.CustomSettings.Version == managedLogin
}

// ClassicPages reports whether the pool has domains and all show the classic
// pages.
func (p *Pool) ClassicPages() bool {
	return (p.Domain != "" || p.CustomDomain != "") && !p.ManagedLogin()
}

// reservedWords must not be part of a domain prefix.
var reservedWords = []string{"cognito", "aws", "amazon"}

// CreateDomain gives a pool a prefix or, where the name has a dot, a domain of
// the operator's. It can have one of each.
func (s *Service) CreateDomain(ctx context.Context, id PoolID, domain string, set DomainSettings) (*Pool, error) {
	if err := s.checkDomain(id, domain); err != nil {
		return nil, err
	}
	if set.Version == 0 {
		set.Version = classicPages
	}
	p, err := s.ChangePool(ctx, id, func(p *Pool) error {
		name, settings := p.domain(domain)
		if *name != "" {
			return invalid("User pool already has a domain configured.")
		}
		set.Changed = s.now()
		*name, *settings = domain, set
		return p.checkDomain(set)
	})
	if errors.Is(err, ErrDomainExists) {
		return nil, invalid("Domain already associated with another user pool.")
	}
	return p, err
}

// domain returns where the pool keeps a domain of that kind.
func (p *Pool) domain(domain string) (name *string, set *DomainSettings) {
	if strings.Contains(domain, ".") {
		return &p.CustomDomain, &p.CustomSettings
	}
	return &p.Domain, &p.PrefixSettings
}

// checkDomain checks a domain's settings against the pool.
func (p *Pool) checkDomain(set DomainSettings) error {
	switch set.Version {
	case classicPages:
		return nil
	case managedLogin:
		return p.requireTier(TierEssentials, "Managed Login")
	}
	return invalid("ManagedLoginVersion must be 1 or 2.")
}

// checkDomain refuses names that would be confused with others: with AWS's own,
// with an address, or with this server and what it serves below its own name.
func (s *Service) checkDomain(id PoolID, domain string) error {
	if !strings.Contains(domain, ".") {
		for _, word := range reservedWords {
			if strings.Contains(domain, word) {
				return invalid("Domain cannot contain reserved word: %s", word)
			}
		}
		return nil
	}
	own := s.Host(id)
	switch {
	case !isHostName(domain):
		return invalid("Custom domain is not a valid host name.")
	case domain == own || strings.HasSuffix(domain, ".auth."+own):
		return invalid("Custom domain is an address of this server.")
	}
	return nil
}

// Host is the host name of the server, without a port.
func (s *Service) Host(id PoolID) string {
	u, err := url.Parse(s.Issuer(id))
	if err != nil {
		return ""
	}
	return strings.ToLower(u.Hostname())
}

// isHostName accepts names of several labels in lower case that are no address.
func isHostName(name string) bool {
	if len(name) > 63 || net.ParseIP(name) != nil {
		return false
	}
	labels := strings.Split(name, ".")
	for _, l := range labels {
		if l == "" || l[0] == '-' || l[len(l)-1] == '-' || strings.Trim(l, lowerLetters+digits+"-") != "" {
			return false
		}
	}
	return len(labels) > 1 && strings.Trim(labels[len(labels)-1], digits) != ""
}

// Domain returns the pool of a domain, or nil where nobody has it.
func (s *Service) Domain(ctx context.Context, domain string) (*Pool, error) {
	p, err := s.Store.PoolByDomain(ctx, domain)
	if errors.Is(err, ErrDomainNotFound) {
		return nil, nil
	}
	return p, err
}

var errNoDomain = invalid("No such domain or user pool exists.")

// UpdateDomain changes the settings of a pool's domain. Those left empty stay.
func (s *Service) UpdateDomain(ctx context.Context, id PoolID, domain string, set DomainSettings) (*Pool, error) {
	return s.ChangePool(ctx, id, func(p *Pool) error {
		name, settings := p.domain(domain)
		if *name != domain {
			return errNoDomain
		}
		if set.Version != 0 {
			settings.Version = set.Version
		}
		if set.CertificateARN != "" {
			settings.CertificateARN, settings.SecurityPolicy = set.CertificateARN, set.SecurityPolicy
		}
		settings.Changed = s.now()
		return p.checkDomain(*settings)
	})
}

// DeleteDomain takes a domain away from a pool.
func (s *Service) DeleteDomain(ctx context.Context, id PoolID, domain string) error {
	_, err := s.ChangePool(ctx, id, func(p *Pool) error {
		name, settings := p.domain(domain)
		if domain == "" || *name != domain {
			return errNoDomain
		}
		*name, *settings = "", DomainSettings{}
		return nil
	})
	return err
}

// keepDomains gives p the domains of old.
func (p *Pool) keepDomains(old *Pool) {
	p.Domain, p.PrefixSettings = old.Domain, old.PrefixSettings
	p.CustomDomain, p.CustomSettings = old.CustomDomain, old.CustomSettings
}
