package userpool_test

import (
	"strings"
	"testing"

	"github.com/poolhouse/poolhouse/userpool"
)

func TestOwnDomains(t *testing.T) {
	e := newEstate(t)
	p, other := e.newPool(func(*userpool.Pool) {}), e.newPool(func(*userpool.Pool) {})
	e.ok(e.domain(p.ID, "login"))
	e.ok(e.domain(p.ID, "id.example.com"))
	e.refused(e.domain(p.ID, "second.example.com"), userpool.ErrInvalidParameter, "already has a domain")
	e.refused(e.domain(other.ID, "id.example.com"), userpool.ErrInvalidParameter, "another user pool")
	found, err := e.Domain(t.Context(), "id.example.com")
	e.ok(err)
	same(t, "pool", found.ID, p.ID)

	_, err = e.ReplacePool(t.Context(), p.ID, userpool.NewPool("renamed"))
	e.ok(err)
	kept, err := e.Pool(t.Context(), p.ID)
	e.ok(err)
	same(t, "kept by an update", kept.CustomDomain+" "+kept.Domain, "id.example.com login")
	e.refused(e.DeleteDomain(t.Context(), other.ID, "id.example.com"), userpool.ErrInvalidParameter, "No such domain")
	e.ok(e.DeleteDomain(t.Context(), p.ID, "login"))
	e.refused(e.DeletePool(t.Context(), p.ID), userpool.ErrInvalidParameter, "domain configured")
	e.ok(e.DeleteDomain(t.Context(), p.ID, "id.example.com"))
	e.ok(e.DeletePool(t.Context(), p.ID))
}

func TestOwnDomainsRefused(t *testing.T) {
	e := newEstate(t)
	e.Issuer = func(id userpool.PoolID) string { return "https://Login.Example.com:8443/" + string(id) }
	p := e.newPool(func(*userpool.Pool) {})
	for _, domain := range []string{"login.example.com", "x.auth.login.example.com", "198.51.100.7", "a..b", ".example.com", "example.com.",
		"-a.example.com", "a-.example.com", "UPPER.example.com", "a_b.example.com", "1.2", strings.Repeat("a.", 31) + "ab"} {
		e.refused(e.domain(p.ID, domain), userpool.ErrInvalidParameter, "Custom domain")
	}
	e.ok(e.domain(p.ID, "aws.other.example.com")) // only prefixes are below a name of somebody else's
}

func TestManagedLoginNeedsItsTier(t *testing.T) {
	e := newEstate(t)
	p := e.newPool(func(p *userpool.Pool) { p.Tier = userpool.TierLite })
	_, err := e.CreateDomain(t.Context(), p.ID, "login", userpool.DomainSettings{Version: 2})
	e.refused(err, userpool.ErrFeatureNotInTier, "Managed Login")
	e.ok(e.domain(p.ID, "login"))
	_, err = e.UpdateDomain(t.Context(), p.ID, "login", userpool.DomainSettings{Version: 2})
	e.refused(err, userpool.ErrFeatureNotInTier, "Managed Login")
	_, err = e.UpdateDomain(t.Context(), p.ID, "other", userpool.DomainSettings{Version: 1})
	e.refused(err, userpool.ErrInvalidParameter, "No such domain")

	tier := func(name string) error {
		next := userpool.NewPool("pool")
		next.Tier = name
		_, err := e.ReplacePool(t.Context(), p.ID, next)
		return err
	}
	e.ok(tier(userpool.TierPlus))
	p, err = e.UpdateDomain(t.Context(), p.ID, "login", userpool.DomainSettings{Version: 2})
	e.ok(err)
	same(t, "pages", p.ManagedLogin() && !p.ClassicPages(), true)
	e.refused(tier(userpool.TierLite), userpool.ErrTierChange, "ManagedLoginVersion 1")
	e.ok(tier(userpool.TierEssentials))
	p, err = e.UpdateDomain(t.Context(), p.ID, "login", userpool.DomainSettings{Version: 1})
	e.ok(err)
	same(t, "pages", p.ClassicPages(), true)
	e.ok(tier(userpool.TierLite))
}
