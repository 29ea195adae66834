package userpool_test

import (
	"regexp"
	"testing"

	"github.com/poolhouse/poolhouse/userpool"
)

func (e *estate) domain(id userpool.PoolID, name string) error {
	_, err := e.CreateDomain(e.Context(), id, name, userpool.DomainSettings{})
	return err
}

func TestCreatePool(t *testing.T) {
	e := newEstate(t)
	p := e.newPool(nil)
	if !regexp.MustCompile(`^us-east-1_[0-9A-Za-z]{9}$`).MatchString(string(p.ID)) {
		t.Errorf("ID %q", p.ID)
	}
	seeded := e.newPool(func(p *userpool.Pool) { p.ID = "us-east-1_Demo00001" })
	same(t, "given ID", seeded.ID, "us-east-1_Demo00001")
	_, err := e.CreatePool(t.Context(), seeded, nil)
	e.refused(err, userpool.ErrConflict, "")
	same(t, "ARN", e.ARN(seeded.ID), "arn:aws:cognito-idp:us-east-1:000000000000:userpool/us-east-1_Demo00001")
	_, err = e.Pool(t.Context(), "us-east-1_Nowhere01")
	e.refused(err, userpool.ErrPoolNotFound, "User pool us-east-1_Nowhere01 does not exist.")
}

func TestPoolRules(t *testing.T) {
	for _, tt := range []struct {
		name   string
		change func(*userpool.Pool)
		text   string
	}{
		{"short minimum", func(p *userpool.Pool) { p.PasswordPolicy.MinimumLength = 5 }, "minimum length"},
		{"long history", func(p *userpool.Pool) { p.PasswordPolicy.History = 25 }, "history"},
		{"both kinds of names", func(p *userpool.Pool) {
			p.AliasAttributes, p.UsernameAttributes = []string{"email"}, []string{"email"}
		}, "Only one of the aliasAttributes or usernameAttributes"},
		{"unknown alias", func(p *userpool.Pool) { p.AliasAttributes = []string{"nickname"} }, "AliasAttributes: nickname"},
		{"alias twice", func(p *userpool.Pool) { p.AliasAttributes = []string{"email", "email"} }, "AliasAttributes"},
		{"verify before update without auto-verify", func(p *userpool.Pool) { p.VerifyBeforeUpdate = []string{"phone_number"} }, "phone_number"},
		{"admin_only and more", func(p *userpool.Pool) { p.Recovery = []string{"admin_only", "verified_email"} }, "admin_only"},
		{"MFA", func(p *userpool.Pool) { p.MFA = "ON" }, "MfaConfiguration ON"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			e := newEstate(t)
			p := userpool.NewPool("pool")
			p.AutoVerified = []string{"email"}
			tt.change(p)
			_, err := e.CreatePool(t.Context(), p, nil)
			e.refused(err, userpool.ErrInvalidParameter, tt.text)
		})
	}
}

func TestPoolSchema(t *testing.T) {
	e := newEstate(t)
	p := e.newPool(nil,
		userpool.SchemaAttribute{Name: "email", Mutable: true, Required: true},
		userpool.SchemaAttribute{Name: "team", Type: "String", Mutable: true, Max: "9"},
		userpool.SchemaAttribute{Name: "rank", Type: "Number", Developer: true})
	same(t, "email required", p.Attribute("email").Required, true)
	same(t, "custom", p.Attribute("custom:team").Max, "9")
	same(t, "developer", p.Attribute("dev:custom:rank").Type, "Number")
	for name, attribute := range map[string]userpool.SchemaAttribute{
		"required":     {Name: "a", Required: true},
		"exists":       {Name: "team"},
		"unknown type": {Name: "b", Type: "Blob"},
		"bad bounds":   {Name: "c", Min: "9", Max: "1"},
		"no number":    {Name: "d", Max: "x"},
		"no name":      {},
		"long name":    {Name: "a12345678901234567890"},
	} {
		t.Run(name, func(t *testing.T) {
			err := e.AddCustomAttributes(t.Context(), p.ID, []userpool.SchemaAttribute{attribute})
			e.refused(err, userpool.ErrInvalidParameter, "")
		})
	}
	many := make([]userpool.SchemaAttribute, 49)
	for i := range many {
		many[i].Name = string(rune('a'+i%26)) + string(rune('a'+i/26))
	}
	err := e.AddCustomAttributes(t.Context(), p.ID, many)
	e.refused(err, userpool.ErrInvalidParameter, "50")
	e.ok(e.AddCustomAttributes(t.Context(), p.ID, many[:48]))
}

func TestReplacePool(t *testing.T) {
	e := newEstate(t)
	p := e.newPool(func(p *userpool.Pool) {
		p.AliasAttributes, p.CaseSensitive, p.PasswordPolicy.MinimumLength = []string{"email"}, false, 20
		p.Tags = map[string]string{"a": "b"}
	}, userpool.SchemaAttribute{Name: "team"})
	e.ok(e.domain(p.ID, "login"))
	got, err := e.ReplacePool(t.Context(), p.ID, userpool.NewPool(""))
	e.ok(err)
	same(t, "reset policy", got.PasswordPolicy.MinimumLength, 8)
	same(t, "reset tags", len(got.Tags), 0)
	same(t, "reset verification", len(got.AutoVerified), 0)
	same(t, "kept name", got.Name, "pool")
	same(t, "kept case rule", got.CaseSensitive, false)
	same(t, "kept aliases", got.AliasAttributes[0], "email")
	same(t, "kept domain", got.Domain, "login")
	same(t, "kept schema", got.Attribute("custom:team") != nil, true)
}

func TestDeletePool(t *testing.T) {
	e := newEstate(t)
	p := e.newPool(func(p *userpool.Pool) { p.DeletionProtection = true })
	before, err := e.Keys.Signer(t.Context(), "pool/"+string(p.ID)+"/id", "RS256")
	e.ok(err)
	e.refused(e.DeletePool(t.Context(), p.ID), userpool.ErrInvalidParameter, "deletion protection")
	_, err = e.ChangePool(t.Context(), p.ID, func(p *userpool.Pool) error { p.DeletionProtection = false; return nil })
	e.ok(err)
	e.ok(e.domain(p.ID, "login"))
	e.refused(e.DeletePool(t.Context(), p.ID), userpool.ErrInvalidParameter, "It has a domain configured")
	e.ok(e.DeleteDomain(t.Context(), p.ID, "login"))
	e.ok(e.DeletePool(t.Context(), p.ID))
	e.refused(e.DeletePool(t.Context(), p.ID), userpool.ErrPoolNotFound, string(p.ID))
	after, err := e.Keys.Signer(t.Context(), "pool/"+string(p.ID)+"/id", "RS256")
	e.ok(err)
	if before.ID == after.ID {
		t.Error("a deleted pool left its signing key behind")
	}
}

func TestDomain(t *testing.T) {
	e := newEstate(t)
	a, b := e.newPool(nil), e.newPool(nil)
	for _, word := range []string{"my-cognito", "awslogin", "amazon"} {
		e.refused(e.domain(a.ID, word), userpool.ErrInvalidParameter, "Domain cannot contain reserved word")
	}
	e.ok(e.domain(a.ID, "login"))
	e.refused(e.domain(a.ID, "second"), userpool.ErrInvalidParameter, "already has a domain")
	e.refused(e.domain(b.ID, "login"), userpool.ErrInvalidParameter, "Domain already associated with another user pool.")
	e.refused(e.DeleteDomain(t.Context(), b.ID, "login"), userpool.ErrInvalidParameter, "")
	e.refused(e.DeleteDomain(t.Context(), b.ID, ""), userpool.ErrInvalidParameter, "")
	p, err := e.Domain(t.Context(), "login")
	e.ok(err)
	same(t, "owner", p.ID, a.ID)
	p, err = e.Domain(t.Context(), "nobody")
	e.ok(err)
	same(t, "nobody's domain", p, nil)
}

func TestPageTokens(t *testing.T) {
	e := newEstate(t)
	a, b := e.newPool(nil), e.newPool(nil)
	for range 3 {
		e.newClient(a, nil)
	}
	_, next, err := e.Clients(t.Context(), a.ID, "", 2)
	e.ok(err)
	for name, token := range map[string]string{"forged": "AAAA", "not base64": "%%", "cut": next[:len(next)-2]} {
		t.Run(name, func(t *testing.T) {
			_, _, err := e.Clients(t.Context(), a.ID, token, 2)
			e.refused(err, userpool.ErrInvalidParameter, "pagination token")
		})
	}
	_, _, err = e.Clients(t.Context(), b.ID, next, 2)
	e.refused(err, userpool.ErrInvalidParameter, "pagination token")
	_, _, err = e.Groups(t.Context(), a.ID, next, 2)
	e.refused(err, userpool.ErrInvalidParameter, "pagination token")
	rest, last, err := e.Clients(t.Context(), a.ID, next, 2)
	e.ok(err)
	same(t, "rest", len(rest), 1)
	same(t, "last token", last, "")
	e.clock.Advance(61 * 60 * 1e9)
	_, _, err = e.Clients(t.Context(), a.ID, next, 2)
	e.refused(err, userpool.ErrInvalidParameter, "pagination token")
}
