package sts_test

import (
	"crypto/sha1"
	"encoding/base64"
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/poolhouse/poolhouse/sts"
)

const samlTrust = `{"Effect":"Allow","Principal":{"Federated":"arn:aws:iam::000000000000:saml-provider/corp"},"Action":"sts:AssumeRoleWithSAML",` +
	`"Condition":{"StringEquals":{"saml:aud":"https://signin.aws.amazon.com/saml"}}}`

func newSAMLEnv(t testing.TB, trust string) *env {
	e := newEnv(t)
	if _, err := e.CreateSAMLProvider(e.ctx, "corp", idps()[0].metadata(), nil); err != nil {
		t.Fatal(err)
	}
	e.role("dev", trust, readAll)
	return e
}

func (e *env) redeem(raw string, change func(*sts.SAMLRequest)) (*sts.SAMLResult, error) {
	in := sts.SAMLRequest{RoleARN: roleARN("dev"), ProviderARN: providerARN, Response: base64.StdEncoding.EncodeToString([]byte(raw))}
	if change != nil {
		change(&in)
	}
	return e.AssumeRoleWithSAML(e.ctx, in)
}

func TestAssumeRoleWithSAML(t *testing.T) {
	e := newSAMLEnv(t, samlTrust)
	r, err := e.redeem(idps()[0].response(t, e.claim(), e.now()), nil)
	if err != nil {
		t.Fatal(err)
	}
	sum := sha1.Sum([]byte(entityID + account + "/corp"))
	want := sts.SAMLResult{AssumedRole: r.AssumedRole, Subject: "alice", SubjectType: "persistent", Issuer: entityID,
		Audience: awsSAML, NameQualifier: base64.StdEncoding.EncodeToString(sum[:])}
	if *r != want {
		t.Errorf("got %+v, want %+v", r, want)
	}
	p := e.session(r.Credentials)
	if p.ARN != "arn:aws:sts::000000000000:assumed-role/dev/alice" || !r.Credentials.Expiration.Equal(start.Add(time.Hour)) {
		t.Errorf("got %s until %v", p.ARN, r.Credentials.Expiration)
	}
	if p.Keys["saml:sub"][0] != "alice" || p.Keys["saml:aud"] != nil || p.Keys["aws:FederatedProvider"][0] != providerARN {
		t.Errorf("keys of the session: %v", p.Keys)
	}
	if err := e.Authorize(e.ctx, p, "s3:GetObject", object, nil); err != nil {
		t.Error(err)
	}
}

func TestSAMLRefusals(t *testing.T) {
	attribute := func(name, value string) func(*claim) {
		return func(c *claim) { c.attributes = append(c.attributes, [2]string{attributes + name, value}) }
	}
	replace := func(name, value string) func(*claim) {
		return func(c *claim) {
			for i, a := range c.attributes {
				if a[0] == attributes+name {
					c.attributes[i][1] = value
				}
			}
		}
	}
	tests := []struct {
		name   string
		change func(*claim)
		kind   error
		text   string
	}{
		{"expired", func(c *claim) { c.until = start.Add(-time.Second) }, sts.ErrTokenExpired, "expired"},
		{"expired long ago", func(c *claim) { c.until = start.Add(-time.Hour) }, sts.ErrTokenExpired, "expired"},
		{"session ended", func(c *claim) { c.session = start }, sts.ErrTokenExpired, "expired"},
		{"not valid yet", func(c *claim) { c.notBefore = start.Add(4 * time.Minute) }, sts.ErrInvalidToken, ""},
		{"two confirmations", func(c *claim) { c.confirmations = 2 }, sts.ErrInvalidToken, "one bearer SubjectConfirmation"},
		{"another recipient", func(c *claim) { c.recipient = "https://app.example/acs" }, sts.ErrInvalidToken, "required audience"},
		{"another audience", func(c *claim) { c.audience = "https://app.example" }, sts.ErrInvalidToken, "required audience"},
		{"no audience", func(c *claim) { c.audience = "" }, sts.ErrInvalidToken, "required audience"},
		{"another issuer", func(c *claim) { c.issuer = "https://other.example" }, sts.ErrInvalidToken, "Issuer not present in specified provider"},
		{"no session name", func(c *claim) { c.attributes = c.attributes[:1] }, sts.ErrInvalidToken, "RoleSessionName is required in AuthnResponse"},
		{"bad session name", replace("RoleSessionName", "a b"), sts.ErrInvalidToken, "RoleSessionName in AuthnResponse must match [a-zA-Z_0-9+=,.@-]{2,64}"},
		{"two session names", attribute("RoleSessionName", "bob"), sts.ErrInvalidToken, ""},
		{"attribute name in another case", func(c *claim) { c.attributes[1][0] = attributes + "rolesessionname" }, sts.ErrInvalidToken, "RoleSessionName is required"},
		{"bad source identity", attribute("SourceIdentity", "aws:x"), sts.ErrInvalidToken, "Source Identity must match"},
		{"bad duration", attribute("SessionDuration", "60"), sts.ErrInvalidToken, "SessionDuration"},
		{"no name", func(c *claim) { c.nameID = "" }, sts.ErrAccessDenied, "Not authorized to perform sts:AssumeRoleWithSAML"},
		{"another role", replace("Role", roleARN("admin")+","+providerARN), sts.ErrAccessDenied, "Not authorized to perform sts:AssumeRoleWithSAML"},
		{"another provider", replace("Role", roleARN("dev")+",arn:aws:iam::000000000000:saml-provider/x"), sts.ErrAccessDenied, "Not authorized"},
		{"tag without permission", attribute("PrincipalTag:a", "b"), sts.ErrAccessDenied, "Not authorized to perform sts:AssumeRoleWithSAML"},
		{"source identity without permission", attribute("SourceIdentity", "alice"), sts.ErrAccessDenied, "Not authorized to perform sts:AssumeRoleWithSAML"},
	}
	e := newSAMLEnv(t, samlTrust)
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			c := e.claim()
			tt.change(c)
			_, err := e.redeem(idps()[0].response(t, c, e.now()), nil)
			wantFault(t, err, tt.kind, tt.text)
		})
	}
}

func TestSAMLSignature(t *testing.T) {
	e := newSAMLEnv(t, samlTrust)
	good := idps()[0].response(t, e.claim(), e.now())
	_, err := e.redeem(strings.Replace(good, ">alice</saml:NameID>", ">admin</saml:NameID>", 1), nil)
	wantFault(t, err, sts.ErrInvalidToken, "Response signature invalid")
	_, err = e.redeem(idps()[1].response(t, e.claim(), e.now()), nil)
	wantFault(t, err, sts.ErrInvalidToken, "Response signature invalid")
	for _, raw := range []string{"", "<x/>", "not xml", good[:len(good)/2]} {
		if _, err := e.redeem(raw, nil); !errors.Is(err, sts.ErrInvalidToken) {
			t.Errorf("%.20q: got %v", raw, err)
		}
	}
	if _, err := e.redeem(good, nil); err != nil {
		t.Errorf("the good one: %v", err)
	}
}

func TestSAMLNames(t *testing.T) {
	e := newSAMLEnv(t, samlTrust)
	try := func(change func(*sts.SAMLRequest)) error {
		_, err := e.redeem(idps()[0].response(t, e.claim(), e.now()), change)
		return err
	}
	wantFault(t, try(func(in *sts.SAMLRequest) { in.ProviderARN += "x" }), sts.ErrInvalidToken, "Specified provider doesn't exist")
	wantFault(t, try(func(in *sts.SAMLRequest) { in.RoleARN += "x" }), sts.ErrAccessDenied, "Not authorized to perform sts:AssumeRoleWithSAML")
	wantFault(t, try(func(in *sts.SAMLRequest) { in.RoleARN = "x" }), sts.ErrValidation, "x is invalid")
	wantFault(t, try(func(in *sts.SAMLRequest) { in.Duration = 2 * time.Hour }), sts.ErrValidation, "Requested DurationSeconds exceeds MaxSessionDuration set for this role.")
}

func TestAnAssertionWorksOnce(t *testing.T) {
	e := newSAMLEnv(t, samlTrust)
	raw := idps()[0].response(t, e.claim(), e.now())
	const users = 16
	var wg sync.WaitGroup
	won := make(chan error, users)
	for range users {
		wg.Go(func() {
			_, err := e.redeem(raw, nil)
			won <- err
		})
	}
	wg.Wait()
	close(won)
	good := 0
	for err := range won {
		if err == nil {
			good++
		} else if !errors.Is(err, sts.ErrInvalidToken) {
			t.Error(err)
		}
	}
	if good != 1 {
		t.Errorf("%d sessions of one assertion", good)
	}
}

func TestSAMLSessionLife(t *testing.T) {
	tests := []struct {
		name   string
		change func(*claim)
		asked  time.Duration
		want   time.Duration
	}{
		{"SessionNotOnOrAfter", func(c *claim) { c.session = start.Add(2 * time.Second) }, 0, 2 * time.Second},
		{"SessionDuration shortens", func(c *claim) {
			c.attributes = append(c.attributes, [2]string{attributes + "SessionDuration", "1800"})
		}, time.Hour, 30 * time.Minute},
		{"SessionDuration never lengthens", func(c *claim) {
			c.attributes = append(c.attributes, [2]string{attributes + "SessionDuration", "43200"})
		}, 20 * time.Minute, 20 * time.Minute},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			e := newSAMLEnv(t, samlTrust)
			c := e.claim()
			tt.change(c)
			r, err := e.redeem(idps()[0].response(t, c, e.now()), func(in *sts.SAMLRequest) { in.Duration = tt.asked })
			if err != nil {
				t.Fatal(err)
			}
			if got := r.Credentials.Expiration.Sub(start); got != tt.want {
				t.Errorf("got %v", got)
			}
			e.advance(tt.want)
			if _, _, err := e.Credential(e.ctx, r.Credentials.AccessKeyID, r.Credentials.SessionToken); !errors.Is(err, sts.ErrExpiredCredential) {
				t.Errorf("afterwards: %v", err)
			}
		})
	}
}

func TestSAMLConditionsAndTags(t *testing.T) {
	const trust = `{"Effect":"Allow","Principal":{"Federated":"arn:aws:iam::000000000000:saml-provider/corp"},"Action":["sts:AssumeRoleWithSAML","sts:TagSession","sts:SetSourceIdentity"],` +
		`"Condition":{"StringEquals":{"saml:iss":"https://idp.example/metadata","saml:sub_type":"persistent","saml:doc":"000000000000/corp","aws:RequestTag/Team":"blue","sts:SourceIdentity":"alice"},` +
		`"ForAnyValue:StringEquals":{"saml:edupersonaffiliation":"staff"}}}`
	e := newSAMLEnv(t, trust)
	full := func() *claim {
		c := e.claim()
		c.attributes = append(c.attributes, [2]string{attributes + "PrincipalTag:Team", "blue"}, [2]string{attributes + "TransitiveTagKeys", "Team"},
			[2]string{attributes + "SourceIdentity", "alice"}, [2]string{"urn:oid:1.3.6.1.4.1.5923.1.1.1.1", "staff"})
		c.attributes[0][1] = providerARN + "," + roleARN("dev") // the other order
		c.recipient = publicURL + "/saml"
		return c
	}
	r, err := e.redeem(idps()[0].response(t, full(), e.now()), nil)
	if err != nil {
		t.Fatal(err)
	}
	p := e.session(r.Credentials)
	if r.SourceIdentity != "alice" || p.Keys["aws:PrincipalTag/Team"][0] != "blue" || r.PackedPolicy == nil {
		t.Errorf("got %+v %v", r, p.Keys)
	}
	for i := 2; i < 6; i++ {
		c := full()
		c.attributes[i][1] = "wrong"
		if _, err := e.redeem(idps()[0].response(t, c, e.now()), nil); err == nil {
			t.Errorf("%s: a wrong value was let in", c.attributes[i][0])
		}
	}
}

func TestSAMLMetadata(t *testing.T) {
	e := newEnv(t)
	for _, m := range []string{"", "<x/>", "\ufeff" + idps()[0].metadata()} {
		_, err := e.CreateSAMLProvider(e.ctx, "corp", m, nil)
		wantFault(t, err, sts.ErrInvalidInput, "Could not parse metadata")
	}
	if _, err := e.CreateSAMLProvider(e.ctx, "corp", idps()[1].metadata(), nil); err != nil {
		t.Fatal(err)
	}
	e.role("dev", samlTrust, "")
	raw := idps()[0].response(t, e.claim(), e.now())
	if _, err := e.redeem(raw, nil); err == nil {
		t.Error("signed by a key that is not in the metadata")
	}
	if err := e.UpdateSAMLProvider(e.ctx, providerARN, idps()[0].metadata()); err != nil {
		t.Fatal(err)
	}
	if _, err := e.redeem(raw, nil); err != nil {
		t.Errorf("after the roll-over: %v", err)
	}
}
