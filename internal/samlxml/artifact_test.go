package samlxml_test

import (
	"encoding/base64"
	"strings"
	"testing"

	"github.com/poolhouse/poolhouse/internal/samlxml"
)

func TestArtifact(t *testing.T) {
	const issuer = "https://idp.example"
	a := samlxml.NewArtifact(issuer)
	raw, err := base64.StdEncoding.DecodeString(a)
	if err != nil || len(raw) != 44 || raw[1] != 4 {
		t.Errorf("artifact %x, %v", raw, err)
	}
	if a == samlxml.NewArtifact(issuer) {
		t.Error("two artifacts are the same")
	}
	raw[0] = 1
	for _, other := range []string{"", "x", a + "=", a[:40], samlxml.NewArtifact("https://other.example"), base64.StdEncoding.EncodeToString(raw)} {
		if samlxml.IsArtifact(other, issuer) {
			t.Errorf("%q is taken for an artifact", other)
		}
	}
	if !samlxml.IsArtifact(a, issuer) {
		t.Error("not known again")
	}
}

const resolve = `<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Body><samlp:ArtifactResolve xmlns:samlp="urn:oasis:names:tc:SAML:2.0:protocol" ID="_r" Version="2.0" IssueInstant="2026-11-23T12:00:00Z">` +
	`<saml:Issuer xmlns:saml="urn:oasis:names:tc:SAML:2.0:assertion">https://sp.example</saml:Issuer><samlp:Artifact>AAQ=</samlp:Artifact></samlp:ArtifactResolve></s:Body></s:Envelope>`

func TestArtifactResolveRefused(t *testing.T) {
	if r, err := samlxml.ParseArtifactResolve([]byte(resolve)); err != nil || r.Artifact != "AAQ=" || r.Issuer != "https://sp.example" {
		t.Fatalf("%+v, %v", r, err)
	}
	inner := resolve[strings.Index(resolve, "<samlp:ArtifactResolve"):strings.Index(resolve, "</s:Body>")]
	for name, doc := range map[string]string{
		"without an envelope": inner,
		"two of them":         strings.Replace(resolve, "</s:Body>", strings.Replace(inner, `"_r"`, `"_s"`, 1)+"</s:Body>", 1),
		"two bodies":          strings.Replace(resolve, "</s:Envelope>", "<s:Body/></s:Envelope>", 1),
		"something else":      strings.Replace(resolve, "</s:Body>", "<x/></s:Body>", 1),
		"another version":     strings.Replace(resolve, `"2.0"`, `"1.1"`, 1),
		"no artifact":         strings.ReplaceAll(resolve, "samlp:Artifact>", "samlp:Thing>"),
		"two artifacts":       strings.Replace(resolve, "</samlp:ArtifactResolve>", "<samlp:Artifact>x</samlp:Artifact></samlp:ArtifactResolve>", 1),
		"a DTD":               "<!DOCTYPE x>" + resolve,
		"too long":            resolve + strings.Repeat(" ", 100_000),
	} {
		if _, err := samlxml.ParseArtifactResolve([]byte(doc)); err == nil {
			t.Errorf("%s: taken", name)
		}
	}
}

func FuzzArtifactResolve(f *testing.F) {
	f.Add([]byte(resolve))
	f.Fuzz(func(_ *testing.T, raw []byte) {
		if r, err := samlxml.ParseArtifactResolve(raw); err == nil {
			_ = r.Verify(idpCerts())
		}
	})
}
