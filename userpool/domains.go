package userpool

import (
	"context"
	"errors"
	"strings"
)

// reservedWords must not be part of a domain.
var reservedWords = []string{"cognito", "aws", "amazon"}

// CreateDomain gives a pool its domain prefix.
func (s *Service) CreateDomain(ctx context.Context, id PoolID, domain string) error {
	for _, word := range reservedWords {
		if strings.Contains(domain, word) {
			return invalid("Domain cannot contain reserved word: %s", word)
		}
	}
	_, err := s.ChangePool(ctx, id, func(p *Pool) error {
		if p.Domain != "" {
			return invalid("User pool already has a domain configured.")
		}
		p.Domain = domain
		return nil
	})
	if errors.Is(err, ErrDomainExists) {
		return invalid("Domain already associated with another user pool.")
	}
	return err
}

// Domain returns the pool of a domain, or nil where nobody has it.
func (s *Service) Domain(ctx context.Context, domain string) (*Pool, error) {
	p, err := s.Store.PoolByDomain(ctx, domain)
	if errors.Is(err, ErrDomainNotFound) {
		return nil, nil
	}
	return p, err
}

// DeleteDomain takes a pool's domain away.
func (s *Service) DeleteDomain(ctx context.Context, id PoolID, domain string) error {
	_, err := s.ChangePool(ctx, id, func(p *Pool) error {
		if domain == "" || p.Domain != domain {
			return invalid("No such domain or user pool exists.")
		}
		p.Domain = ""
		return nil
	})
	return err
}
