package samlxml_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/beevik/etree"

	"github.com/poolhouse/poolhouse/internal/samlxml"
)

func entityOf(id string) string {
	return `<md:EntityDescriptor entityID="` + id + `" validUntil="2027-01-01T00:00:00Z"><md:SPSSODescriptor protocolSupportEnumeration="urn:oasis:names:tc:SAML:2.0:protocol">` +
		`<md:AssertionConsumerService index="0" Binding="urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST" Location="` + id + `/acs"/></md:SPSSODescriptor></md:EntityDescriptor>`
}

const aggregateHead = `<md:EntitiesDescriptor xmlns:md="urn:oasis:names:tc:SAML:2.0:metadata" ID="_all" validUntil="2026-12-01T00:00:00Z" cacheDuration="PT1H">`

func aggregate() string {
	return aggregateHead + entityOf("https://one.example") + `<md:EntitiesDescriptor>` + entityOf("https://two.example") + `</md:EntitiesDescriptor></md:EntitiesDescriptor>`
}

func TestSelectSP(t *testing.T) {
	raw, err := samlxml.SelectSP([]byte(aggregate()), "https://two.example", nil)
	if err != nil {
		t.Fatal(err)
	}
	m, err := samlxml.ParseSPMetadata(raw)
	if err != nil {
		t.Fatal(err)
	}
	if m.Entity.EntityID != "https://two.example" || !m.ValidUntil.Equal(time.Date(2026, 12, 1, 0, 0, 0, 0, time.UTC)) || m.CacheFor != time.Hour {
		t.Errorf("metadata %+v", m)
	}
}

// TestSelectSigned reads nothing but what the pinned key signed.
func TestSelectSigned(t *testing.T) {
	doc := etree.NewDocument()
	if err := doc.ReadFromString(aggregate()); err != nil {
		t.Fatal(err)
	}
	signed, err := keys().idp.SignElement(doc.Root())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := samlxml.SelectSP([]byte(signed), "https://two.example", keys().idp.Certificate); err != nil {
		t.Error(err)
	}
	wrapped := aggregateHead[:len(aggregateHead)-1] + `>` + strings.Replace(signed, `ID="_all"`, `ID="_all"`, 1) + entityOf("https://evil.example") + `</md:EntitiesDescriptor>`
	for name, tt := range map[string]struct{ doc, entity string }{
		"unsigned":           {aggregate(), "https://two.example"},
		"changed":            {strings.Replace(signed, "https://two.example/acs", "https://evil.example/acs", 1), "https://two.example"},
		"wrapped":            {strings.Replace(wrapped, `ID="_all"`, `ID="_outer"`, 1), "https://evil.example"},
		"signed by another":  {signed, "https://two.example"},
		"one that is absent": {signed, "https://three.example"},
		"which of them":      {signed, ""},
	} {
		signer := keys().idp.Certificate
		if name == "signed by another" {
			signer = keys().other.Certificate
		}
		if _, err := samlxml.SelectSP([]byte(tt.doc), tt.entity, signer); err == nil {
			t.Errorf("%s: selected", name)
		}
	}
}

func TestSelectLimits(t *testing.T) {
	long := aggregateHead + strings.Repeat(" ", 10<<20) + `</md:EntitiesDescriptor>`
	if _, err := samlxml.SelectSP([]byte(long), "x", nil); !errors.Is(err, samlxml.ErrTooLarge) {
		t.Errorf("error %v", err)
	}
}

func FuzzSelectSP(f *testing.F) {
	f.Add([]byte(aggregate()), "https://two.example")
	f.Add([]byte(entityOf("a")), "")
	f.Fuzz(func(t *testing.T, raw []byte, id string) {
		one, err := samlxml.SelectSP(raw, id, nil)
		if err != nil {
			return
		}
		if _, err := samlxml.Parse(one, samlxml.Metadata()); err != nil {
			t.Fatalf("what was selected cannot be read: %v\n%s", err, one)
		}
	})
}
