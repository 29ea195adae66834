package userpool

import (
	"context"
	"slices"
	"strings"
)

// NewPool returns a pool with the defaults of CreateUserPool. Its Schema is the
// standard one; CreatePool takes further attributes.
func NewPool(name string) *Pool {
	return &Pool{
		Name:                  name,
		PasswordPolicy:        PasswordPolicy{MinimumLength: 8, RequireUppercase: true, RequireLowercase: true, RequireNumbers: true, RequireSymbols: true},
		MFA:                   "OFF",
		CaseSensitive:         true,
		Schema:                StandardSchema(),
		TemporaryPasswordDays: 7,
		Recovery:              []string{"verified_email", "verified_phone_number"},
	}
}

// CreatePool adds p and the attributes of schema: standard ones are changed,
// others added as custom attributes. An ID is made unless p has one, which is
// for seeding.
func (s *Service) CreatePool(ctx context.Context, p *Pool, schema []SchemaAttribute) (*Pool, error) {
	if err := p.applySchema(schema); err != nil {
		return nil, err
	}
	if err := p.validate(); err != nil {
		return nil, err
	}
	given := p.ID != ""
	p.Created = s.now()
	p.Modified = p.Created
	for {
		if !given {
			p.ID = PoolID(s.Region + "_" + randomText(9, upperLetters+lowerLetters+digits))
		}
		err := s.Store.CreatePool(ctx, p)
		if err == nil {
			return p, nil
		}
		if given || !isConflict(err) {
			return nil, err
		}
	}
}

// validate checks what a pool's settings must be on their own.
func (p *Pool) validate() error {
	if err := p.PasswordPolicy.validate(); err != nil {
		return err
	}
	if len(p.AliasAttributes) > 0 && len(p.UsernameAttributes) > 0 {
		return invalid("Only one of the aliasAttributes or usernameAttributes can be set in a user pool.")
	}
	for _, list := range []struct {
		member  string
		values  []string
		allowed []string
	}{
		{"AliasAttributes", p.AliasAttributes, []string{"email", "phone_number", "preferred_username"}},
		{"UsernameAttributes", p.UsernameAttributes, []string{"email", "phone_number"}},
		{"AutoVerifiedAttributes", p.AutoVerified, []string{"email", "phone_number"}},
		{"AttributesRequireVerificationBeforeUpdate", p.VerifyBeforeUpdate, p.AutoVerified},
		{"RecoveryMechanisms", p.Recovery, []string{"verified_email", "verified_phone_number", "admin_only"}},
	} {
		for i, v := range list.values {
			if !slices.Contains(list.allowed, v) || slices.Contains(list.values[:i], v) {
				return invalid("Invalid %s: %s.", list.member, v)
			}
		}
	}
	if slices.Contains(p.Recovery, "admin_only") && len(p.Recovery) > 1 {
		return invalid("Invalid account recovery setting. admin_only cannot be combined with other mechanisms.")
	}
	if err := p.checkSenders(); err != nil {
		return err
	}
	if err := p.checkPasskeys(); err != nil {
		return err
	}
	if err := p.checkMFA(); err != nil {
		return err
	}
	if p.LinkEmail.Body != "" && !linkPlace.MatchString(p.LinkEmail.Body) {
		return invalid("EmailMessageByLink has no place for the link, as {##Verify Your Email##} is one.")
	}
	if err := checkTags(p.Tags); err != nil {
		return err
	}
	if err := p.checkTier(); err != nil {
		return err
	}
	if p.TemporaryPasswordDays == 0 {
		p.TemporaryPasswordDays = 7
	}
	return nil
}

// Pools lists pools.
func (s *Service) Pools(ctx context.Context, token string, limit int) ([]*Pool, string, error) {
	return listPage(s, "ListUserPools", token, limit, func(after string, limit int) ([]*Pool, string, error) {
		return s.Store.Pools(ctx, after, limit)
	})
}

// ReplacePool gives a pool the settings of p, including those left at their
// defaults, as UpdateUserPool does. What cannot change is kept: schema, aliases,
// case rule, domain, the second factors that only SetUserPoolMfaConfig sets, and the
// name where p has none.
func (s *Service) ReplacePool(ctx context.Context, id PoolID, p *Pool) (*Pool, error) {
	if err := s.notImporting(ctx, id); err != nil {
		return nil, err
	}
	return s.ChangePool(ctx, id, func(old *Pool) error {
		next := *p
		next.keepDomains(old)
		if err := next.checkTierChange(old); err != nil {
			return err
		}
		next.Strict, next.OpenID, next.Schema, next.Replicas = old.Strict, old.OpenID, old.Schema, old.Replicas
		next.PasswordSource, next.Logs, next.RemovedKeys = old.PasswordSource, old.Logs, old.RemovedKeys
		next.TOTPMFA, next.EmailMFA, next.MFAEmail, next.Passkeys = old.TOTPMFA, old.EmailMFA, old.MFAEmail, old.Passkeys
		next.AliasAttributes, next.UsernameAttributes, next.CaseSensitive = old.AliasAttributes, old.UsernameAttributes, old.CaseSensitive
		if next.Name == "" {
			next.Name = old.Name
		}
		*old = next
		return nil
	})
}

// ChangePool changes a pool by fn, which may run more than once.
func (s *Service) ChangePool(ctx context.Context, id PoolID, fn func(*Pool) error) (*Pool, error) {
	p, err := s.Store.UpdatePool(ctx, id, func(p *Pool) error {
		if err := fn(p); err != nil {
			return err
		}
		p.Modified = s.now()
		return p.validate()
	})
	return p, namedPool(err, id)
}

// DeletePool deletes a pool with everything in it, its keys included.
func (s *Service) DeletePool(ctx context.Context, id PoolID) error {
	p, err := s.Pool(ctx, id)
	if err != nil {
		return err
	}
	if p.DeletionProtection {
		return invalid("The user pool cannot be deleted because deletion protection is activated. Deletion protection must be inactivated first.")
	}
	if p.Domain != "" || p.CustomDomain != "" {
		return invalid("User pool cannot be deleted. It has a domain configured that should be deleted first.")
	}
	if err := s.notImporting(ctx, id); err != nil {
		return err
	}
	if err := s.Store.DeletePool(ctx, id); err != nil {
		return namedPool(err, id)
	}
	return s.Keys.Drop(ctx, "pool/"+string(id))
}

// AddCustomAttributes adds attributes to a pool's schema.
func (s *Service) AddCustomAttributes(ctx context.Context, id PoolID, attributes []SchemaAttribute) error {
	if err := s.notImporting(ctx, id); err != nil {
		return err
	}
	_, err := s.ChangePool(ctx, id, func(p *Pool) error { return p.addCustom(attributes) })
	return err
}

// CountUsers returns how many users a pool has.
func (s *Service) CountUsers(ctx context.Context, id PoolID) (int, error) {
	return s.Store.CountUsers(ctx, id)
}

// region returns the region that a pool's ID begins with.
func (id PoolID) region() string {
	region, _, _ := strings.Cut(string(id), "_")
	return region
}

// ARN returns the Amazon Resource Name of a pool.
func (s *Service) ARN(id PoolID) string {
	return "arn:aws:cognito-idp:" + id.region() + ":" + s.Account + ":userpool/" + string(id)
}

// PoolOfARN returns the pool that an ARN of this account names, or an
// ErrInvalidParameter.
func (s *Service) PoolOfARN(arn string) (PoolID, error) {
	_, id, ok := strings.Cut(arn, ":userpool/")
	if !ok || s.ARN(PoolID(id)) != arn {
		return "", invalid("Invalid resource ARN: %s", arn)
	}
	return PoolID(id), nil
}
