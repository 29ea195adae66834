package samlxml_test

import (
	"bytes"
	"compress/flate"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/pem"
	"errors"
	"fmt"
	"regexp"
	"strings"
	"testing"

	dsig "github.com/russellhaering/goxmldsig"

	"github.com/poolhouse/poolhouse/internal/samlxml"
	"github.com/poolhouse/poolhouse/internal/samlxml/samlattack"
)

// parts of a document, as an attacker would cut it up.
type parts struct{ whole, assertion, signature, stripped string }

var (
	assertionPart = regexp.MustCompile(`(?s)<saml:Assertion.*</saml:Assertion>`)
	signaturePart = regexp.MustCompile(`(?s)<ds:Signature .*?</ds:Signature>`)
)

// cut takes a Response with a signed assertion apart.
func cut(t testing.TB, raw []byte) parts {
	p := parts{whole: string(raw)}
	p.assertion = assertionPart.FindString(p.whole)
	p.signature = signaturePart.FindString(p.assertion)
	if p.signature == "" {
		t.Fatal("no signed assertion to attack")
	}
	p.stripped = strings.Replace(p.assertion, p.signature, "", 1)
	return p
}

// put replaces the assertion of the Response.
func (p parts) put(assertion string) string {
	return strings.Replace(p.whole, p.assertion, assertion, 1)
}

// afterIssuer puts a Signature where it belongs.
func afterIssuer(el, child string) string {
	return strings.Replace(el, "</saml:Issuer>", "</saml:Issuer>"+child, 1)
}

// attacked is the message that attacks are made of.
func attacked(t testing.TB, raw []byte) *samlattack.Message {
	return samlattack.New(t, raw, keys().idp, "alice@example.org", "mallory@example.org")
}

// TestAttacks holds the reader of responses to every attack on signed messages.
func TestAttacks(t *testing.T) {
	m := attacked(t, write(t, keys().idp, outgoing()))
	for _, a := range m.Attacks() {
		t.Run(a.Class+"/"+a.Name, func(t *testing.T) {
			if r, err := samlxml.VerifyResponse([]byte(a.Doc), idpCerts(), now); err == nil {
				t.Errorf("accepted as %q: %s", r.Assertion.Subject.NameID.Value, a.Doc)
			}
		})
	}
	if _, err := samlxml.VerifyResponse([]byte(m.Good()), idpCerts(), now); err != nil {
		t.Errorf("the message that the attacks differ from: %v", err)
	}
}

// TestClaimsAreSigned: what an issuer must not say is refused for what it says,
// not for how it is signed.
func TestClaimsAreSigned(t *testing.T) {
	for _, a := range attacked(t, write(t, keys().idp, outgoing())).Claims() {
		doc, err := samlxml.Parse([]byte(a.Doc), samlxml.Messages())
		if err != nil {
			t.Fatalf("%s: %v", a.Name, err)
		}
		signatures := doc.FindElements("//Signature")
		if len(signatures) != 1 {
			t.Fatalf("%s: %d signatures", a.Name, len(signatures))
		}
		_, _, err = samlxml.Verify(signatures[0].Parent(), idpCerts())
		if forged := a.Name == "the assertion as an encrypted one"; (err == nil) == forged {
			t.Errorf("%s: %v", a.Name, err)
		}
	}
}

// TestRequestAttacks does the same for requests, whose root is signed.
func TestRequestAttacks(t *testing.T) {
	m := attacked(t, []byte(strings.Replace(authnRequest, ">bob<", ">alice@example.org<", 1)))
	accept := func(doc string) error {
		r, err := samlxml.ParseAuthnRequest([]byte(doc))
		if err != nil {
			return err
		}
		return r.Verify(idpCerts())
	}
	for _, a := range m.Attacks() {
		t.Run(a.Class+"/"+a.Name, func(t *testing.T) {
			if accept(a.Doc) == nil {
				t.Errorf("accepted: %s", a.Doc)
			}
		})
	}
	if err := accept(m.Good()); err != nil {
		t.Errorf("the message that the attacks differ from: %v", err)
	}
}

func TestTampering(t *testing.T) {
	p := cut(t, write(t, keys().idp, outgoing()))
	swap := func(old, new string) string {
		if !strings.Contains(p.whole, old) {
			t.Fatalf("no %q to replace", old)
		}
		return strings.Replace(p.whole, old, new, 1)
	}
	digest := regexp.MustCompile(`<ds:DigestValue>([^<]+)</ds:DigestValue>`).FindString(p.whole)
	reference := regexp.MustCompile(`<ds:Reference.*</ds:Reference>`).FindString(p.whole)
	info := regexp.MustCompile(`<ds:SignedInfo>.*</ds:SignedInfo>`).FindString(p.whole)
	const exclusive = `<ds:Transform Algorithm="http://www.w3.org/2001/10/xml-exc-c14n#"></ds:Transform>`
	tests := []struct {
		name, doc string
		want      error
	}{
		{"name changed", swap("alice@", "mallory@"), samlxml.ErrSignature},
		{"comment in the name", swap("alice@example.org", "alice@example.org<!-- -->.evil.org"), samlxml.ErrMalformed},
		{"processing instruction in the name", swap("alice@", "<?x?>alice@"), samlxml.ErrMalformed},
		{"element in the name", swap("alice@", "<b/>alice@"), samlxml.ErrSignature},
		{"two references", swap(reference, reference+reference), samlxml.ErrSignature},
		{"two SignedInfo", swap(info, info+info), samlxml.ErrSignature},
		{"foreign SignedInfo before", swap(info, `<x:SignedInfo xmlns:x="urn:x"/>`+info), samlxml.ErrSignature},
		{"foreign element in SignedInfo", swap(reference, `<x:Reference xmlns:x="urn:x"/>`+reference), samlxml.ErrSignature},
		{"parameter of the canonicalisation of SignedInfo", swap(`<ds:CanonicalizationMethod Algorithm="http://www.w3.org/2001/10/xml-exc-c14n#">`, `<ds:CanonicalizationMethod Algorithm="http://www.w3.org/2001/10/xml-exc-c14n#"><x/>`), samlxml.ErrAlgorithm},
		{"two signatures", swap(p.signature, p.signature+p.signature), samlxml.ErrSignature},
		{"two digest values", swap(digest, digest+digest), samlxml.ErrSignature},
		{"element in the digest value", swap(digest, strings.Replace(digest, "<ds:DigestValue>", "<ds:DigestValue><x/>", 1)), samlxml.ErrSignature},
		{"comment in the digest value", swap(digest, strings.Replace(digest, "<ds:DigestValue>", "<ds:DigestValue><!--x-->", 1)), samlxml.ErrMalformed},
		{"empty reference", swap(`URI="#_assertion"`, `URI=""`), samlxml.ErrSignature},
		{"reference to the response", swap(`URI="#_assertion"`, `URI="#_response"`), samlxml.ErrSignature},
		{"external reference", swap(`URI="#_assertion"`, `URI="http://evil.example/"`), samlxml.ErrSignature},
		{"XPointer reference", swap(`URI="#_assertion"`, `URI="#xpointer(id('_assertion'))"`), samlxml.ErrSignature},
		{"XSLT", swap(exclusive, `<ds:Transform Algorithm="http://www.w3.org/TR/1999/REC-xslt-19991116"/>`), samlxml.ErrAlgorithm},
		{"XPath", swap(exclusive, exclusive+`<ds:Transform Algorithm="http://www.w3.org/TR/1999/REC-xpath-19991116"/>`), samlxml.ErrAlgorithm},
		{"no canonicalisation", swap(exclusive, ""), samlxml.ErrAlgorithm},
		{"canonicalisation with comments", swap(`Method Algorithm="http://www.w3.org/2001/10/xml-exc-c14n#"`, `Method Algorithm="http://www.w3.org/2001/10/xml-exc-c14n#WithComments"`), samlxml.ErrAlgorithm},
		{"SHA-1 signature", swap("2001/04/xmldsig-more#rsa-sha256", "2000/09/xmldsig#rsa-sha1"), samlxml.ErrAlgorithm},
		{"SHA-1 digest", swap("2001/04/xmlenc#sha256", "2000/09/xmldsig#sha1"), samlxml.ErrAlgorithm},
		{"MD5 signature", swap("xmldsig-more#rsa-sha256", "xmldsig-more#rsa-md5"), samlxml.ErrAlgorithm},
		{"ECDSA method on an RSA key", swap("xmldsig-more#rsa-sha256", "xmldsig-more#ecdsa-sha256"), samlxml.ErrAlgorithm},
		{"no signature value", swap("<ds:SignatureValue>", "<ds:SignatureValue></ds:SignatureValue><ds:SignatureValue>"), samlxml.ErrSignature},
		{"an object in the signature", swap("</ds:Signature>", "<ds:Object/></ds:Signature>"), samlxml.ErrSignature},
		{"text beside a NameID in a value", attacked(t, []byte(p.whole)).Signed(">staff<", "><saml:NameID>x</saml:NameID>admin<"), samlxml.ErrMalformed},
		{"no status", swap("samlp:Status>", "samlp:Extensions>"), samlxml.ErrMalformed},
		{"DTD", "<!DOCTYPE x>" + p.whole, samlxml.ErrMalformed},
		{"entity", `<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]>` + swap("alice@", "&e;"), samlxml.ErrMalformed},
		{"undefined entity", swap("alice@", "&e;alice@"), samlxml.ErrMalformed},
		{"duplicate attribute", swap(`Version="2.0"`, `Version="2.0" Version="2.0"`), samlxml.ErrMalformed},
		{"attribute shadowed by prefix", swap(`ID="_assertion"`, `ID="_assertion" saml:ID="_evil"`), samlxml.ErrMalformed},
		{"undeclared prefix", swap("<saml:Subject>", "<saml:Subject><x:y/>"), samlxml.ErrMalformed},
		{"second root", p.whole + "<x/>", samlxml.ErrMalformed},
		{"UTF-16 declared", `<?xml version="1.0" encoding="UTF-16"?>` + p.whole, samlxml.ErrMalformed},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := samlxml.VerifyResponse([]byte(tt.doc), idpCerts(), now)
			if !errors.Is(err, tt.want) {
				t.Errorf("error %v, want %v", err, tt.want)
			}
		})
	}
}

// TestHarmless holds what a strict reader must still accept.
func TestHarmless(t *testing.T) {
	p := cut(t, write(t, keys().idp, outgoing()))
	value := regexp.MustCompile(`<ds:SignatureValue>([^<]{8})`)
	for name, doc := range map[string]string{
		"declaration":              `<?xml version="1.0" encoding="UTF-8"?>` + "\n" + p.whole + "\n",
		"byte order mark":          "\ufeff" + `<?xml version="1.0" encoding="utf-8"?>` + p.whole,
		"no KeyInfo":               regexp.MustCompile(`<ds:KeyInfo>.*</ds:KeyInfo>`).ReplaceAllString(p.whole, ""),
		"base64 laid out":          value.ReplaceAllString(p.whole, "<ds:SignatureValue>\n    $1\n    "),
		"CDATA, which c14n drops":  strings.Replace(p.whole, "alice@", "<![CDATA[alice@]]>", 1),
		"inherited default prefix": strings.Replace(p.whole, "<samlp:Response ", `<samlp:Response xmlns="urn:x" xmlns:unused="urn:y" `, 1),
	} {
		r, err := samlxml.VerifyResponse([]byte(doc), idpCerts(), now)
		if err != nil {
			t.Errorf("%s: %v", name, err)
		} else if got := r.Assertion.Subject.NameID.Value; got != "alice@example.org" {
			t.Errorf("%s: name %q", name, got)
		}
	}
}

func TestKeyInfoIsIgnored(t *testing.T) {
	// mallory signs with a key of her own and encloses its certificate.
	raw := write(t, keys().other, outgoing())
	if _, err := samlxml.VerifyResponse(raw, idpCerts(), now); !errors.Is(err, samlxml.ErrSignature) {
		t.Errorf("foreign key: %v", err)
	}
	// The enclosed certificate is the trusted one, the signature mallory's.
	impostor := keys().other
	impostor.Certificate = keys().idp.Certificate
	if _, err := samlxml.VerifyResponse(write(t, impostor, outgoing()), idpCerts(), now); !errors.Is(err, samlxml.ErrSignature) {
		t.Errorf("swapped certificate: %v", err)
	}
	// A good signature with somebody else's certificate enclosed is still good.
	odd := keys().idp
	odd.Certificate = keys().other.Certificate
	if _, err := samlxml.VerifyResponse(write(t, odd, outgoing()), idpCerts(), now); err != nil {
		t.Errorf("good key, odd hint: %v", err)
	}
	if _, err := samlxml.VerifyResponse(raw, nil, now); !errors.Is(err, samlxml.ErrSignature) {
		t.Errorf("no certificates at all: %v", err)
	}
}

// TestHMACConfusion signs with HMAC and the public certificate as the secret.
func TestHMACConfusion(t *testing.T) {
	p := cut(t, write(t, keys().idp, outgoing()))
	doc := strings.Replace(p.whole, "2001/04/xmldsig-more#rsa-sha256", "2001/04/xmldsig-more#hmac-sha256", 1)
	info := regexp.MustCompile(`<ds:SignedInfo>.*</ds:SignedInfo>`).FindString(doc)
	info = strings.Replace(info, "<ds:SignedInfo>", `<ds:SignedInfo xmlns:ds="http://www.w3.org/2000/09/xmldsig#">`, 1)
	secret := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: keys().idp.Certificate.Raw})
	mac := hmac.New(sha256.New, secret)
	mac.Write([]byte(info))
	value := "<ds:SignatureValue>" + base64.StdEncoding.EncodeToString(mac.Sum(nil)) + "</ds:SignatureValue>"
	doc = regexp.MustCompile(`<ds:SignatureValue>[^<]+</ds:SignatureValue>`).ReplaceAllLiteralString(doc, value)
	if _, err := samlxml.VerifyResponse([]byte(doc), idpCerts(), now); !errors.Is(err, samlxml.ErrAlgorithm) {
		t.Errorf("error %v", err)
	}
}

// TestSHA1Downgrade presents a document that really is signed with SHA-1.
func TestSHA1Downgrade(t *testing.T) {
	p := cut(t, write(t, keys().idp, outgoing()))
	for method, want := range map[string]error{dsig.RSASHA1SignatureMethod: samlxml.ErrAlgorithm, dsig.RSASHA512SignatureMethod: nil} {
		if _, err := samlxml.VerifyResponse([]byte(p.put(signedBy(t, p.stripped, method))), idpCerts(), now); !errors.Is(err, want) {
			t.Errorf("%s: error %v, want %v", method, err, want)
		}
	}
}

func TestBombs(t *testing.T) {
	many := func(n int, f func(int) string) string {
		var b strings.Builder
		for i := range n {
			b.WriteString(f(i))
		}
		return b.String()
	}
	constant := func(s string) func(int) string { return func(int) string { return s } }
	lol := `<!DOCTYPE l [<!ENTITY a "lol">` + many(9, func(i int) string {
		return fmt.Sprintf(`<!ENTITY %c "%s">`, 'b'+i, strings.Repeat(fmt.Sprintf("&%c;", 'a'+i), 10))
	}) + `]><l>&j;</l>`
	tests := []struct {
		name, doc string
		want      error
	}{
		{"billion laughs", lol, samlxml.ErrMalformed},
		{"nesting", many(65, constant("<a>")) + many(65, constant("</a>")), samlxml.ErrTooLarge},
		{"elements", "<a>" + many(2000, constant("<b/>")) + "</a>", samlxml.ErrTooLarge},
		{"prefixes", "<a>" + many(65, func(i int) string { return fmt.Sprintf(`<b xmlns:p%d="u"/>`, i) }) + "</a>", samlxml.ErrTooLarge},
		{"attributes", "<a " + many(65, func(i int) string { return fmt.Sprintf(`b%d="" `, i) }) + "/>", samlxml.ErrTooLarge},
		{"size", "<a>" + strings.Repeat("x", 100_000) + "</a>", samlxml.ErrTooLarge},
		{"not UTF-8", "<a>\xff</a>", samlxml.ErrMalformed},
		{"empty", "", samlxml.ErrMalformed},
		{"unclosed", "<a>", samlxml.ErrMalformed},
		{"crossed", "<a><b></a></b>", samlxml.ErrMalformed},
		{"text outside", "x<a/>", samlxml.ErrMalformed},
		{"redefined xml", `<a xmlns:xml="urn:x"/>`, samlxml.ErrMalformed},
		{"emptied prefix", `<a xmlns:b=""/>`, samlxml.ErrMalformed},
		{"duplicate ID", `<a ID="x"><b Id="x"/></a>`, samlxml.ErrMalformed},
		{"declarations' prefix on an element", `<xmlns:a/>`, samlxml.ErrMalformed},
		{"prefix out of its scope", `<a><b xmlns:c="u"/><c:d/></a>`, samlxml.ErrMalformed},
		{"namespace that canonicalisation would repeat", `<a xmlns:b="` + strings.Repeat("u", 257) + `"/>`, samlxml.ErrTooLarge},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if _, err := samlxml.Parse([]byte(tt.doc), samlxml.Messages()); !errors.Is(err, tt.want) {
				t.Errorf("error %v, want %v", err, tt.want)
			}
		})
	}
}

func TestDeflateBomb(t *testing.T) {
	var b bytes.Buffer
	w, _ := flate.NewWriter(&b, flate.BestCompression)
	w.Write(make([]byte, 50<<20))
	w.Close()
	if _, err := samlxml.Inflate(b.Bytes(), 100_000); !errors.Is(err, samlxml.ErrTooLarge) {
		t.Errorf("error %v", err)
	}
}
