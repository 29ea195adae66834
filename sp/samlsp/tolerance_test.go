package samlsp_test

import (
	"crypto"
	"crypto/rand"
	"crypto/sha1" // #nosec: what the setting is about
	"encoding/base64"
	"errors"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/crewjam/saml"

	"github.com/poolhouse/poolhouse/internal/samlxml"
	"github.com/poolhouse/poolhouse/sp"
	"github.com/poolhouse/poolhouse/sp/samlsp"
	"github.com/poolhouse/poolhouse/userpool"
)

// TestLogoutSkew: the tolerance of clocks that a provider has counts for its logout
// messages as for its assertions, and a request is remembered for as long.
func TestLogoutSkew(t *testing.T) {
	name := &saml.NameID{Value: subject}
	for _, binding := range logoutBindings {
		lax := newRig(t, func(p *userpool.Provider) { p.Settings.SAML.Skew = 10 * time.Minute })
		old := lax.at(name, -12*time.Minute)
		must[*samlsp.Logout](t)(lax.receive(trusted(), old, binding))
		lax.clock.Advance(50 * time.Second)
		if _, err := lax.receive(trusted(), old, binding); !errors.Is(err, sp.ErrInvalid) {
			t.Errorf("twice: %v", err)
		}
		if _, err := lax.receive(trusted(), lax.at(name, -14*time.Minute), binding); !errors.Is(err, sp.ErrInvalid) {
			t.Errorf("too old: %v", err)
		}
		strict := newRig(t, func(p *userpool.Provider) { p.Settings.SAML.Skew = time.Second })
		if _, err := strict.receive(trusted(), strict.at(name, time.Minute), binding); !errors.Is(err, sp.ErrInvalid) {
			t.Errorf("a clock that is ahead: %v", err)
		}
	}
}

// TestLogoutSHA1: so does its setting of SHA-1.
func TestLogoutSHA1(t *testing.T) {
	signed := func(r *rig) string {
		out := must[*samlxml.Sending](t)(trusted().SendLogout(r.ask(&saml.NameID{Value: subject}), saml.HTTPRedirectBinding, logoutURL, ""))
		u, _ := url.Parse(out.Address)
		query := strings.Split(u.RawQuery, "&SigAlg=")[0] + "&SigAlg=" + url.QueryEscape("http://www.w3.org/2000/09/xmldsig#rsa-sha1")
		sum := sha1.Sum([]byte(query)) // #nosec
		value := must[[]byte](t)(trusted().Key.Sign(rand.Reader, sum[:], crypto.SHA1))
		return logoutURL + "?" + query + "&Signature=" + url.QueryEscape(base64.StdEncoding.EncodeToString(value))
	}
	strict := newRig(t, nil)
	if _, err := strict.bring(signed(strict), nil); !errors.Is(err, sp.ErrInvalid) {
		t.Errorf("without the setting: %v", err)
	}
	lax := newRig(t, func(p *userpool.Provider) { p.Settings.SAML.SHA1 = true })
	if _, err := lax.bring(signed(lax), nil); err != nil {
		t.Errorf("with the setting: %v", err)
	}
}

func withScopes(scopes ...string) string {
	all := ""
	for _, s := range scopes {
		kind := "false"
		if text, ok := strings.CutPrefix(s, "~"); ok {
			kind, s = "true", text
		}
		all += `<shibmd:Scope xmlns:shibmd="urn:mace:shibboleth:metadata:1.0" regexp="` + kind + `">` + s + `</shibmd:Scope>`
	}
	return strings.Replace(metadata(idpEntity, trusted()), "<KeyDescriptor>", "<Extensions>"+all+"</Extensions><KeyDescriptor>", 1)
}

// TestScopes: a provider says nothing of other domains than those of its metadata.
func TestScopes(t *testing.T) {
	const eppn = "urn:oid:1.3.6.1.4.1.5923.1.1.1.6"
	for name, tt := range map[string]struct {
		scopes   []string
		setting  string
		value    string
		accepted bool
	}{
		"its own":               {[]string{"example.org"}, "", "ana@example.org", true},
		"in other letters":      {[]string{"example.org"}, "", "ana@Example.ORG", true},
		"another's":             {[]string{"example.org"}, "", "ana@other.example", false},
		"one below":             {[]string{"example.org"}, "", "ana@x.example.org", false},
		"one that ends so":      {[]string{"example.org"}, "", "ana@notexample.org", false},
		"no scope":              {[]string{"example.org"}, "", "ana", false},
		"two":                   {[]string{"example.org"}, "", "ana@example.org@other.example", false},
		"pattern":               {[]string{"~([a-z]+\\.)?example\\.org"}, "", "ana@x.example.org", true},
		"pattern, not anchored": {[]string{"~example\\.org"}, "", "ana@example.org.evil.example", false},
		"none named":            {nil, "", "ana@other.example", true},
		"none named, listed":    {nil, eppn, "ana@other.example", false},
	} {
		r := newRig(t, func(p *userpool.Provider) {
			p.Details["MetadataFile"] = metadata(idpEntity, trusted())
			if tt.scopes != nil {
				p.Details["MetadataFile"] = withScopes(tt.scopes...)
			}
			if tt.setting != "" {
				p.Settings.SAML.ScopedAttributes = []string{tt.setting}
			}
		})
		a, err := r.signIn(r.p, func(o *samlxml.Outgoing) {
			o.Assertion.AttributeStatements[0].Attributes[0].Name = eppn
			o.Assertion.AttributeStatements[0].Attributes[0].Values = []saml.AttributeValue{{Value: tt.value}}
		})
		if err != nil || (len(a.Claims[eppn]) == 1) != tt.accepted || len(a.Claims["groups"]) != 2 {
			t.Errorf("%s: %+v %v", name, a, err)
		}
	}
	r := newRig(t, func(p *userpool.Provider) {
		p.Details["MetadataFile"], p.Settings.SAML.SubjectAttribute = withScopes("example.org"), eppn
	})
	_, err := r.signIn(r.p, func(o *samlxml.Outgoing) {
		o.Assertion.AttributeStatements[0].Attributes[0] = saml.Attribute{Name: eppn, Values: []saml.AttributeValue{{Value: "root@other.example"}}}
	})
	if !errors.Is(err, sp.ErrInvalid) {
		t.Errorf("a subject of another domain: %v", err)
	}
	for name, scope := range map[string]string{"half-a-group": "~x)|(?:.*", "costly": "~" + strings.Repeat("(.?){1000}", 20)} {
		p := r.provider(name, func(p *userpool.Provider) { p.Details["MetadataFile"] = withScopes(scope) })
		if _, err := r.Depart(t.Context(), &sp.Ask{Provider: p}); !errors.Is(err, sp.ErrUnusable) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestValidUntilRequired: where the settings bound it, metadata has to end, and soon enough.
func TestValidUntilRequired(t *testing.T) {
	r := newRig(t, nil)
	for name, tt := range map[string]struct {
		until time.Duration
		days  int
		ok    bool
	}{
		"nothing asked, nothing there": {0, 0, true},
		"asked, nothing there":         {0, 14, false},
		"soon enough":                  {13 * 24 * time.Hour, 14, true},
		"too late":                     {15 * 24 * time.Hour, 14, false},
		"over":                         {-time.Hour, 14, false},
	} {
		doc := metadata(idpEntity, trusted())
		if tt.until != 0 {
			doc = strings.Replace(doc, " entityID=", ` validUntil="`+samlxml.Time(r.clock.Now().Add(tt.until))+`" entityID=`, 1)
		}
		p := r.provider(strings.NewReplacer(" ", "-", ",", "").Replace(name), func(p *userpool.Provider) {
			p.Details["MetadataFile"], p.Settings.SAML.MetadataValidDays = doc, tt.days
		})
		_, err := r.Depart(t.Context(), &sp.Ask{Provider: p})
		if tt.ok != (err == nil) || err != nil && !errors.Is(err, sp.ErrUnusable) {
			t.Errorf("%s: %v", name, err)
		}
		if _, err = r.Check(t.Context(), p); tt.ok != (err == nil) || err != nil && !errors.Is(err, userpool.ErrInvalidParameter) {
			t.Errorf("%s, checked: %v", name, err)
		}
	}
}

// TestMetadataQuery: a server of queries is asked for one entity, and no other counts.
func TestMetadataQuery(t *testing.T) {
	const server, at = "https://mdq.example/global", "https://mdq.example/global/entities/https:%2F%2Fidp.example%2Fmetadata"
	r := newRig(t, func(p *userpool.Provider) {
		p.Details, p.Settings.SAML.MetadataQueryEntity = map[string]string{"MetadataURL": server}, idpEntity
	})
	if _, err := r.Depart(t.Context(), &sp.Ask{Provider: r.p}); !errors.Is(err, sp.ErrUnreachable) {
		t.Errorf("nothing there: %v", err)
	}
	r.web.docs[at] = metadata("https://other.example", trusted())
	if _, err := r.Depart(t.Context(), &sp.Ask{Provider: r.p}); !errors.Is(err, sp.ErrUnusable) {
		t.Errorf("another entity: %v", err)
	}
	if _, err := r.Check(t.Context(), r.p); !errors.Is(err, userpool.ErrInvalidParameter) {
		t.Errorf("another entity, checked: %v", err)
	}
	r.web.docs[at] = metadata(idpEntity, trusted())
	if a, err := r.signIn(r.p, nil); err != nil || a.Subject != subject {
		t.Fatalf("%+v %v", a, err)
	}
	r.web.docs[at] = metadata(idpEntity, signers()[1]) + "\n" // another ETag
	r.clock.Advance(7 * time.Hour)
	if n := r.refresh(); n != 1 {
		t.Errorf("refreshed %d", n)
	}
	if _, err := r.signIn(r.p, nil); !errors.Is(err, sp.ErrInvalid) {
		t.Errorf("the key that was replaced: %v", err)
	}
}
