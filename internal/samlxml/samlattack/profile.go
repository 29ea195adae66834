package samlattack

import (
	"regexp"
	"strings"
)

const (
	past   = "2001-01-01T00:00:00.000Z"
	future = "2101-01-01T00:00:00.000Z"

	confirmation = `(?s)<saml:SubjectConfirmation .*</saml:SubjectConfirmation>`
	confData     = `(<saml:SubjectConfirmationData[^>]*)`
	restriction  = `(?s)<saml:AudienceRestriction>.*</saml:AudienceRestriction>`
)

// Claims are responses that their issuer signed, and that say what no reader may
// accept: of web SSO (Profiles 4.1.4.3), and of AssumeRoleWithSAML alike.
func (m *Message) Claims() []Attack {
	var all []Attack
	for _, some := range [][]Attack{m.audiences(), m.issuers(), m.times(), m.confirmations()} {
		all = append(all, some...)
	}
	return all
}

func (m *Message) audiences() []Attack {
	const audience = `<saml:Audience>([^<]*)</saml:Audience>`
	other := `<saml:AudienceRestriction><saml:Audience>https://other.example</saml:Audience></saml:AudienceRestriction>`
	return list("audience", map[string]string{
		"another audience":                    m.edit(audience, "<saml:Audience>https://other.example</saml:Audience>"),
		"audience with a suffix":              m.edit(audience, "<saml:Audience>$1/</saml:Audience>"),
		"audience with a space":               m.edit(audience, "<saml:Audience>$1 x</saml:Audience>"),
		"empty audience":                      m.edit(audience, "<saml:Audience></saml:Audience>"),
		"no restriction":                      m.edit(restriction, ""),
		"empty restriction":                   m.edit(restriction, "<saml:AudienceRestriction></saml:AudienceRestriction>"),
		"a second restriction, for another":   m.edit("("+restriction+")", "$1"+other),
		"a first restriction, for another":    m.edit("("+restriction+")", other+"$1"),
		"audience in a foreign element":       m.edit(audience, `<x:Audience xmlns:x="urn:x">$1</x:Audience>`),
		"recipient is another":                m.edit(` Recipient="[^"]*"`, ` Recipient="https://other.example/acs"`),
		"recipient with a suffix":             m.edit(` Recipient="([^"]*)"`, ` Recipient="$1/.."`),
		"recipient of another case in a path": m.edit(` Recipient="([^"]*)"`, ` Recipient="$1?x"`),
		"no recipient":                        m.edit(` Recipient="[^"]*"`, ""),
	})
}

func (m *Message) issuers() []Attack {
	const issuer = `(<saml:Issuer[^>]*>)([^<]*)</saml:Issuer>`
	assertion := m.element(m.whole)
	inAssertion := func(el string) string { return m.sign(Seal{}, strings.Replace(m.whole, assertion, el, 1)) }
	return list("issuer", map[string]string{
		"another issuer":                    m.edit(issuer, "${1}https://other.example</saml:Issuer>"),
		"issuer with a suffix":              m.edit(issuer, "$1$2/</saml:Issuer>"),
		"issuer with a space":               m.edit(issuer, "$1 $2</saml:Issuer>"),
		"empty issuer":                      m.edit(issuer, "$1</saml:Issuer>"),
		"no issuer in the assertion":        inAssertion(m.once(assertion, issuerOf(assertion), "")),
		"two issuers in the assertion":      inAssertion(m.once(assertion, issuerOf(assertion), issuerOf(assertion)+issuerOf(assertion))),
		"the assertion by another":          inAssertion(m.once(assertion, issuerOf(assertion), "<saml:Issuer>https://other.example</saml:Issuer>")),
		"issuer in another namespace":       inAssertion(m.once(assertion, issuerOf(assertion), `<saml:Issuer xmlns:saml="urn:x">x</saml:Issuer>`)),
		"the response by another, unsigned": m.once(m.Good(), issuerOf(m.whole), `<saml:Issuer xmlns:saml="urn:oasis:names:tc:SAML:2.0:assertion">https://other.example</saml:Issuer>`),
	})
}

// issuerOf returns the first Issuer in a text.
func issuerOf(doc string) string {
	start := strings.Index(doc, "<saml:Issuer")
	end := strings.Index(doc, "</saml:Issuer>")
	return doc[start : end+len("</saml:Issuer>")]
}

func (m *Message) times() []Attack {
	return list("times", map[string]string{
		"conditions are over":              m.edit(`(<saml:Conditions[^>]*) NotOnOrAfter="[^"]*"`, `$1 NotOnOrAfter="`+past+`"`),
		"conditions are not yet":           m.edit(`<saml:Conditions NotBefore="[^"]*"`, `<saml:Conditions NotBefore="`+future+`"`),
		"confirmation is over":             m.edit(confData+` NotOnOrAfter="[^"]*"`, `$1 NotOnOrAfter="`+past+`"`),
		"confirmation never ends":          m.edit(confData+` NotOnOrAfter="[^"]*"`, `$1`),
		"confirmation begins":              m.edit(`<saml:SubjectConfirmationData`, `<saml:SubjectConfirmationData NotBefore="`+past+`"`),
		"confirmation begins in future":    m.edit(`<saml:SubjectConfirmationData`, `<saml:SubjectConfirmationData NotBefore="`+future+`"`),
		"session is over":                  m.edit(`<saml:AuthnStatement AuthnInstant="([^"]*)"[^>]*>`, `<saml:AuthnStatement AuthnInstant="$1" SessionNotOnOrAfter="`+past+`">`),
		"issued in the future":             m.edit(` IssueInstant="[^"]*"`, ` IssueInstant="`+future+`"`),
		"issued at no time":                m.edit(` IssueInstant="[^"]*"`, ` IssueInstant="now"`),
		"not issued":                       m.edit(` IssueInstant="[^"]*"`, ""),
		"conditions until no time":         m.edit(`(<saml:Conditions[^>]*) NotOnOrAfter="[^"]*"`, `$1 NotOnOrAfter="never"`),
		"confirmation until no time":       m.edit(confData+` NotOnOrAfter="[^"]*"`, `$1 NotOnOrAfter="never"`),
		"confirmation until an empty time": m.edit(confData+` NotOnOrAfter="[^"]*"`, `$1 NotOnOrAfter=""`),
	})
}

func (m *Message) confirmations() []Attack {
	method := func(name string) string {
		return m.edit(`cm:bearer`, `cm:`+name)
	}
	xsi := ` xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"`
	return list("confirmation", map[string]string{
		"no confirmation":                   m.edit(confirmation, ""),
		"sender vouches":                    method("sender-vouches"),
		"holder of key":                     method("holder-of-key"),
		"unknown method":                    m.edit(`urn:oasis:names:tc:SAML:2.0:cm:bearer`, "urn:x"),
		"no data":                           m.edit(`(?s)<saml:SubjectConfirmationData.*</saml:SubjectConfirmationData>`, ""),
		"no subject":                        m.edit(`(?s)<saml:Subject>.*</saml:Subject>`, ""),
		"two subjects":                      m.edit(`(?s)(<saml:Subject>.*</saml:Subject>)`, "$1$1"),
		"encrypted subject":                 m.edit(`(?s)<saml:NameID.*</saml:NameID>`, "<saml:EncryptedID></saml:EncryptedID>"),
		"two names":                         m.edit(`(?s)(<saml:NameID.*</saml:NameID>)`, "$1$1"),
		"no conditions":                     m.edit(`(?s)<saml:Conditions.*</saml:Conditions>`, ""),
		"two conditions":                    m.edit(`(?s)(<saml:Conditions.*</saml:Conditions>)`, "$1$1"),
		"unknown condition":                 m.edit(`</saml:Conditions>`, `<saml:Condition`+xsi+` xsi:type="x"></saml:Condition></saml:Conditions>`),
		"foreign condition":                 m.edit(`</saml:Conditions>`, `<x:Condition xmlns:x="urn:x"></x:Condition></saml:Conditions>`),
		"no authentication":                 m.edit(`(?s)<saml:AuthnStatement.*</saml:AuthnStatement>`, ""),
		"authorization decision":            m.edit(`<saml:AuthnStatement `, `<saml:AuthzDecisionStatement></saml:AuthzDecisionStatement><saml:AuthnStatement `),
		"another version":                   m.edit(` Version="2.0"`, ` Version="1.1"`),
		"no version":                        m.edit(` Version="2.0"`, ""),
		"no status":                         m.edit(`(?s)<samlp:Status>.*</samlp:Status>`, ""),
		"status is a failure":               m.edit(`status:Success`, "status:Responder"),
		"status is a look-alike":            m.edit(`status:Success`, "status:success"),
		"two statuses":                      m.edit(`(?s)(<samlp:Status>.*</samlp:Status>)`, "$1$1"),
		"another kind of message":           m.edit(`samlp:Response`, "samlp:ArtifactResponse"),
		"another protocol":                  m.edit(`SAML:2.0:protocol`, "SAML:1.1:protocol"),
		"the assertion is the root":         m.element(m.Good()),
		"the assertion is a sibling":        strings.Replace(m.Good(), m.element(m.Good()), "<samlp:Extensions>"+m.element(m.Good())+"</samlp:Extensions>", 1),
		"the assertion as an encrypted one": strings.ReplaceAll(m.Good(), "saml:Assertion", "saml:EncryptedAssertion"),
	})
}

// Solicited are answers that their issuer signed, to something else than the
// request that is pending.
func (m *Message) Solicited() []Attack {
	const to = ` InResponseTo="[^"]*"`
	return list("in-response-to", map[string]string{
		"to another request":                  m.edit(to, ` InResponseTo="_forged"`),
		"to none":                             m.edit(to, ""),
		"to an empty one":                     m.edit(to, ` InResponseTo=""`),
		"confirmed for another":               m.edit(confData+to, `$1 InResponseTo="_forged"`),
		"confirmed for none":                  m.edit(confData+to, `$1`),
		"the response to another, unsigned":   m.outside(to, ` InResponseTo="_forged"`),
		"the response to none, unsigned":      m.outside(to, ""),
		"the destination another, unsigned":   m.outside(` Destination="[^"]*"`, ` Destination="https://other.example/acs"`),
		"the status a failure, unsigned":      m.outside(`status:Success`, "status:Responder"),
		"the ID that of the request":          m.edit(` ID="[^"]*"`, ` ID="_request"`),
		"a second confirmation makes it good": m.edit(`(<saml:SubjectConfirmation .*</saml:SubjectConfirmation>)`, strings.Repeat(`<saml:SubjectConfirmation Method="urn:oasis:names:tc:SAML:2.0:cm:bearer"><saml:SubjectConfirmationData InResponseTo="_forged"></saml:SubjectConfirmationData></saml:SubjectConfirmation>`, 2)),
	})
}

// outside changes the Response, which nobody signed, around the signed assertion.
func (m *Message) outside(pattern, with string) string {
	m.t.Helper()
	doc := m.Good()
	head, rest, _ := strings.Cut(doc, "<saml:Assertion")
	re := regexp.MustCompile(pattern)
	if !re.MatchString(head) {
		m.t.Fatalf("nothing matches %q in %s", pattern, head)
	}
	return re.ReplaceAllString(head, with) + "<saml:Assertion" + rest
}
