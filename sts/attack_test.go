package sts_test

import (
	"crypto/x509"
	"strings"
	"testing"

	"github.com/poolhouse/poolhouse/internal/samlxml"
	"github.com/poolhouse/poolhouse/internal/samlxml/samlattack"
	"github.com/poolhouse/poolhouse/sts"
)

// attacked is an assertion for AWS to attack: alice's, where mallory would be
// admin. Both names are short enough for a session name.
func attacked(t *testing.T, e *env, change func(*claim)) *samlattack.Message {
	t.Helper()
	c := e.claim()
	c.nameID = "alice@example.org"
	c.session = start.Add(3 * 3600e9)
	if change != nil {
		change(c)
	}
	return samlattack.New(t, []byte(idps()[0].response(t, c, e.now())), idps()[0].signer(t), "alice@example.org", "mallory@example.org")
}

// TestAttacks holds AssumeRoleWithSAML to every attack on responses.
func TestAttacks(t *testing.T) {
	e := newSAMLEnv(t, samlTrust)
	m := attacked(t, e, nil)
	for _, a := range append(m.Attacks(), m.Claims()...) {
		t.Run(a.Class+"/"+a.Name, func(t *testing.T) {
			if r, err := e.redeem(a.Doc, nil); err == nil {
				t.Errorf("%s is given a session: %s", r.Subject, a.Doc)
			}
		})
	}
	if _, err := e.redeem(m.Good(), nil); err != nil {
		t.Errorf("the message that the attacks differ from: %v", err)
	}
	if _, err := e.redeem(m.Good(), nil); err == nil {
		t.Error("replayed")
	}
}

// signer is the key in the form that attacks are signed with.
func (i *idp) signer(t *testing.T) samlxml.Signer {
	t.Helper()
	cert, err := x509.ParseCertificate(i.cert)
	if err != nil {
		t.Fatal(err)
	}
	return samlxml.Signer{Key: i.key, Certificate: cert}
}

// TestAttributeAttacks: attributes count by their whole name alone, and none
// counts twice.
func TestAttributeAttacks(t *testing.T) {
	e := newSAMLEnv(t, samlTrust)
	m := attacked(t, e, nil)
	role := `<saml:Attribute Name="` + attributes + `Role">`
	name := `<saml:Attribute Name="` + attributes + `RoleSessionName">`
	value := "<saml:AttributeValue>alice</saml:AttributeValue>"
	for what, doc := range map[string]string{
		"role by its friendly name":         m.Signed(role, `<saml:Attribute FriendlyName="`+attributes+`Role" Name="x">`),
		"role by a name with a space":       m.Signed(role, `<saml:Attribute Name=" `+attributes+`Role">`),
		"session name by its friendly name": m.Signed(name, `<saml:Attribute FriendlyName="`+attributes+`RoleSessionName" Name="x">`),
		"session name of another case":      m.Signed(attributes+"RoleSessionName", attributes+"rolesessionname"),
		"session name with two values":      m.Signed(value, value+"<saml:AttributeValue>admin</saml:AttributeValue>"),
		"session name twice":                m.Signed(name+value+"</saml:Attribute>", name+value+"</saml:Attribute>"+name+value+"</saml:Attribute>"),
		"session name and a NameID":         m.Signed(value, "<saml:AttributeValue>alice<saml:NameID>admin</saml:NameID></saml:AttributeValue>"),
		"session name with markup":          m.Signed(value, "<saml:AttributeValue>&lt;b&gt;alice</saml:AttributeValue>"),
		"session name with a line break":    m.Signed(value, "<saml:AttributeValue>alice\nlevel=error</saml:AttributeValue>"),
		"encrypted attribute":               m.Signed("</saml:AttributeStatement>", "<saml:EncryptedAttribute></saml:EncryptedAttribute></saml:AttributeStatement>"),
	} {
		t.Run(what, func(t *testing.T) {
			r, err := e.redeem(doc, nil)
			if err == nil {
				t.Errorf("a session: %+v", r)
			} else if strings.Contains(err.Error(), "admin") || strings.Contains(err.Error(), "<b>") {
				t.Errorf("the refusal repeats the assertion: %v", err)
			}
		})
	}
}

// TestAttributeTwiceHasAllValues: a condition sees every value, whichever came
// first.
func TestAttributeTwiceHasAllValues(t *testing.T) {
	const trust = `{"Effect":"Allow","Principal":{"Federated":"` + providerARN + `"},"Action":"sts:AssumeRoleWithSAML",` +
		`"Condition":{"ForAllValues:StringEquals":{"saml:edupersonaffiliation":"staff"}}}`
	e := newSAMLEnv(t, trust)
	affiliation := func(value string) [2]string { return [2]string{"urn:oid:1.3.6.1.4.1.5923.1.1.1.1", value} }
	for _, values := range [][]string{{"staff", "guest"}, {"guest", "staff"}, {"staff"}} {
		c := e.claim()
		for _, v := range values {
			c.attributes = append(c.attributes, affiliation(v))
		}
		_, err := e.redeem(idps()[0].response(t, c, e.now()), nil)
		if allowed := err == nil; allowed != (len(values) == 1) {
			t.Errorf("%v: %v", values, err)
		}
	}
}

// TestEncryptedAssertionIsRefused: nothing is decrypted here, so nothing can be
// learnt from how it fails.
func TestEncryptedAssertionIsRefused(t *testing.T) {
	e := newSAMLEnv(t, samlTrust)
	m := attacked(t, e, nil)
	head, rest, _ := strings.Cut(m.Good(), "<saml:Assertion")
	_, tail, _ := strings.Cut(rest, "</saml:Assertion>")
	const open, end = `<saml:EncryptedAssertion xmlns:saml="urn:oasis:names:tc:SAML:2.0:assertion">`, "</saml:EncryptedAssertion>"
	for _, content := range []string{"", `<xenc:EncryptedData xmlns:xenc="http://www.w3.org/2001/04/xmlenc#"/>`} {
		_, err := e.redeem(head+open+content+end+tail, nil)
		wantFault(t, err, sts.ErrInvalidToken, "Could not parse the SAML response")
	}
}
