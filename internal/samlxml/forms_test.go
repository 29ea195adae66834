package samlxml_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/poolhouse/poolhouse/internal/samlxml"
)

// unsealed is a Signature that xmlsec1 fills in, with a PrefixList.
func unsealed(prefixes string) string {
	const ds = "http://www.w3.org/2000/09/xmldsig#"
	const exclusive = "http://www.w3.org/2001/10/xml-exc-c14n#"
	inclusive := ""
	if prefixes != "" {
		inclusive = `<ec:InclusiveNamespaces xmlns:ec="` + exclusive + `" PrefixList="` + prefixes + `"/>`
	}
	return `<ds:Signature xmlns:ds="` + ds + `"><ds:SignedInfo><ds:CanonicalizationMethod Algorithm="` + exclusive + `"/>` +
		`<ds:SignatureMethod Algorithm="` + samlxml.RSASHA256 + `"/><ds:Reference URI="#_a"><ds:Transforms>` +
		`<ds:Transform Algorithm="` + ds + `enveloped-signature"/><ds:Transform Algorithm="` + exclusive + `">` + inclusive + `</ds:Transform>` +
		`</ds:Transforms><ds:DigestMethod Algorithm="http://www.w3.org/2001/04/xmlenc#sha256"/><ds:DigestValue></ds:DigestValue>` +
		`</ds:Reference></ds:SignedInfo><ds:SignatureValue></ds:SignatureValue></ds:Signature>`
}

// inner wraps content in an element that is signed, inside a root with namespaces and
// attributes that exclusive canonicalisation leaves out, or does not.
func inner(declarations, content string) string {
	return `<r:Root xmlns:r="urn:r" xmlns="urn:d" xmlns:xs="urn:xs" xmlns:q="urn:q" xml:lang="de" xml:space="preserve">` +
		`<a:Assertion xmlns:a="urn:oasis:names:tc:SAML:2.0:assertion" ` + declarations + `ID="_a">SIGNATURE` + content + `</a:Assertion></r:Root>`
}

// TestXMLSecSignsOddForms reads what xmlsec1 signed of XML that is seldom written but
// well defined: the text as it was before, with its two values filled in.
func TestXMLSecSignsOddForms(t *testing.T) {
	dir := t.TempDir()
	key := file(t, dir, "idp.key", keyPEM(t, keys().idp))
	tests := []struct{ name, prefixes, doc string }{
		{"attributes with prefixes", "", inner("", `<a:x q:y="1" xs:z="2" b="3" xml:lang="en"/>`)},
		{"prefix only in a value", "xs", inner("", `<a:x t="xs:string"/>`)},
		{"prefixes redeclared", "xs #default q none", inner("", `<a:x xmlns:xs="urn:other" t="xs:string"><y xmlns=""><z/></y></a:x>`)},
		{"default undeclared at the top", "#default", inner(`xmlns="" `, `<a:x><y xmlns="urn:y"><a:z xmlns=""><w/></a:z></y></a:x>`)},
		{"default undeclared below", "#default", inner("", `<a:x><y xmlns="urn:y"><a:z xmlns=""><w/></a:z></y></a:x>`)},
		{"default undeclared and declared", "", inner("", `<y xmlns=""><b xmlns="urn:b"/></y><xs:c xmlns:xs="urn:2"><xs:d xmlns:xs="urn:xs"/></xs:c>`)},
		{"xml in the list", "xml xs", inner("", `<a:x xml:id="q"/>`)},
		{"references and CDATA", "", inner("", `<y b="&#9;&#10;&#13;&quot;'&lt;>&amp;">&#13;x]]&gt;<![CDATA[<&>"]]></y>`)},
		{"a tab in an attribute", "", inner("", "<y b=\"x\ty\">t\r\nu</y>")},
		{"a line in an attribute", "", inner("", "<y b=\"x\ny\" c='&#10;\"\n'/>")},
		{"a line of two characters", "", inner("", "<y b=\"x\r\ny\r\rz\"\r\n\tc='1'/>")},
		{"Unicode", "", inner("xmlns:\u00e9='urn:e' ", "<\u00e9:a \u00e9:b='\u0085\u2028' \u00e0='&#xA0;'>\u0085</\u00e9:a>")},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			text := strings.Replace(tt.doc, "SIGNATURE", unsealed(tt.prefixes), 1)
			sealed := filepath.Join(dir, "sealed.xml")
			out, err := xmlsec(t, "--sign", "--privkey-pem", key, "--id-attr:ID", assertionID, "--output", sealed, file(t, dir, "x.xml", []byte(text)))
			if err != nil {
				t.Fatalf("xmlsec1 cannot sign: %v\n%s", err, out)
			}
			filled, err := os.ReadFile(sealed)
			if err != nil {
				t.Fatal(err)
			}
			for _, tag := range []string{"ds:DigestValue", "ds:SignatureValue"} {
				_, rest, _ := strings.Cut(string(filled), "<"+tag+">")
				value, _, _ := strings.Cut(rest, "<")
				text = strings.Replace(text, "<"+tag+">", "<"+tag+">"+value, 1)
			}
			if err := verifyInner(t, text); err != nil {
				t.Errorf("%v\n%s", err, text)
			}
			if err := verifyInner(t, strings.Replace(text, "</a:Assertion>", "<b/></a:Assertion>", 1)); !errors.Is(err, samlxml.ErrSignature) {
				t.Errorf("changed: %v", err)
			}
		})
	}
}

func verifyInner(t *testing.T, text string) error {
	t.Helper()
	doc, err := samlxml.Parse([]byte(text), samlxml.Messages())
	if err != nil {
		t.Fatal(err)
	}
	_, _, err = samlxml.Verify(doc.Root().ChildElements()[0], idpCerts())
	return err
}

// TestPrefixBomb: each prefix of the list costs work at each element, so a signer that
// we know must not make it long. A test of size comes before one of the signature.
func TestPrefixBomb(t *testing.T) {
	for n, want := range map[int]error{64: samlxml.ErrSignature, 65: samlxml.ErrTooLarge} {
		text := strings.Replace(inner("", ""), "SIGNATURE", unsealed(strings.Repeat("a ", n)), 1)
		text = strings.Replace(text, "<ds:DigestValue>", "<ds:DigestValue>AAAA", 1)
		if err := verifyInner(t, text); !errors.Is(err, want) {
			t.Errorf("%d prefixes: %v", n, err)
		}
	}
}

// TestWhiteSpaceInAttributes holds attributes to XML 1.0, 3.3.3.
func TestWhiteSpaceInAttributes(t *testing.T) {
	doc, err := samlxml.Parse([]byte("<a\r\n b='1\t2\n3\r\n4\r5&#9;&#10;&#13;&#13;\n\"\n\"'\tc=\"'\n'\"\n xmlns:d='u\nv'>x\r\n\ty<![CDATA[<b c='\n'>]]></a>"), samlxml.Messages())
	if err != nil {
		t.Fatal(err)
	}
	const want = "<a xmlns:d=\"u v\" b=\"1 2 3 4 5&#x9;&#xA;&#xD;&#xD; &quot; &quot;\" c=\"' '\">x\n\ty&lt;b c='\n'&gt;</a>"
	if got := samlxml.Canonical(doc.Root(), nil, []string{"d"}); got != want {
		t.Errorf("got  %q\nwant %q", got, want)
	}
}
