package samlidp_test

import (
	"errors"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/crewjam/saml"

	"github.com/poolhouse/poolhouse/idp/samlidp"
	"github.com/poolhouse/poolhouse/internal/samlxml"
	"github.com/poolhouse/poolhouse/userpool"
)

func fullSettings() *samlidp.PoolSettings {
	return &samlidp.PoolSettings{Pool: poolID, Scopes: []string{"example.org", "students.example.org"}, ErrorURL: "https://example.org/error",
		Display:      samlxml.Display{Name: "Example & Sons", Description: "d", Logo: "https://example.org/l.png", LogoWidth: 80, LogoHeight: 60, Information: "https://example.org/i", Privacy: "https://example.org/p"},
		Organization: samlxml.Organization{Name: "Example", DisplayName: "Example", URL: "https://example.org"},
		Contacts:     []samlxml.Contact{{Kind: "technical", GivenName: "Ann", Email: "ann@example.org"}}}
}

// TestMetadataOfPool reads the settings in the signed document.
func TestMetadataOfPool(t *testing.T) {
	r := newRig(t, nil)
	if err := r.apps.SetPool(t.Context(), fullSettings()); err != nil {
		t.Fatal(err)
	}
	doc, err := r.h.Metadata(t.Context(), poolID)
	if err != nil {
		t.Fatal(err)
	}
	for _, part := range []string{`<shibmd:Scope xmlns:shibmd="urn:mace:shibboleth:metadata:1.0" regexp="false">example.org</shibmd:Scope>`,
		`<mdui:DisplayName xml:lang="en">Example &amp; Sons</mdui:DisplayName>`, `<mdui:Logo height="60" width="80">https://example.org/l.png</mdui:Logo>`,
		`errorURL="https://example.org/error"`, `<md:OrganizationURL xml:lang="en">https://example.org</md:OrganizationURL>`,
		`<md:EmailAddress>mailto:ann@example.org</md:EmailAddress>`, `<alg:SigningMethod`, `validUntil="`, `cacheDuration="PT6H"`} {
		if !strings.Contains(string(doc), part) {
			t.Errorf("no %s in %s", part, doc)
		}
	}
	root, err := samlxml.Parse(doc, samlxml.Metadata())
	if err != nil {
		t.Fatal(err)
	}
	if _, _, err := samlxml.Verify(root.Root(), r.certs(t)); err != nil {
		t.Errorf("signature: %v", err)
	}
	order := regexp.MustCompile(`(?s)<ds:Signature .*<md:Extensions>.*<md:IDPSSODescriptor.*<md:Extensions>.*<md:KeyDescriptor.*<md:NameIDFormat.*<md:SingleSignOnService.*</md:IDPSSODescriptor>.*<md:Organization>.*<md:ContactPerson`)
	if !order.Match(doc) {
		t.Error("not in the order of the schema")
	}
}

// TestMetadataIsKept signs once for many readers, and anew when something changed.
func TestMetadataIsKept(t *testing.T) {
	r := newRig(t, nil)
	read := func() string {
		doc, err := r.h.Metadata(t.Context(), poolID)
		if err != nil {
			t.Fatal(err)
		}
		return string(doc)
	}
	first := read()
	if read() != first {
		t.Error("written twice")
	}
	if err := r.apps.SetPool(t.Context(), fullSettings()); err != nil {
		t.Fatal(err)
	}
	if read() == first {
		t.Error("what changed is not seen")
	}
}

func TestPoolSettingsRefused(t *testing.T) {
	r := newRig(t, nil)
	for name, change := range map[string]func(*samlidp.PoolSettings){
		"scope":            func(p *samlidp.PoolSettings) { p.Scopes = []string{"Example Org"} },
		"a script":         func(p *samlidp.PoolSettings) { p.ErrorURL = "javascript:alert(1)" },
		"display unnamed":  func(p *samlidp.PoolSettings) { p.Display.Name = "" },
		"logo unsized":     func(p *samlidp.PoolSettings) { p.Display.LogoWidth = 0 },
		"half organised":   func(p *samlidp.PoolSettings) { p.Organization.URL = "" },
		"contact's kind":   func(p *samlidp.PoolSettings) { p.Contacts[0].Kind = "boss" },
		"contact's e-mail": func(p *samlidp.PoolSettings) { p.Contacts[0].Email = "Ann <ann@example.org>" },
	} {
		p := fullSettings()
		change(p)
		if err := r.apps.SetPool(t.Context(), p); !errors.Is(err, userpool.ErrInvalidParameter) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

const (
	subjectIDName  = "urn:oasis:names:tc:SAML:attribute:subject-id"
	pairwiseIDName = "urn:oasis:names:tc:SAML:attribute:pairwise-id"
)

// asking adds the entity attribute by which an app asks for a subject identifier.
func asking(s *samlidp.Spec, value string) {
	ext := `<Extensions xmlns="urn:oasis:names:tc:SAML:2.0:metadata"><a:EntityAttributes xmlns:a="urn:oasis:names:tc:SAML:metadata:attribute">` +
		`<Attribute xmlns="urn:oasis:names:tc:SAML:2.0:assertion" Name="urn:oasis:names:tc:SAML:profiles:subject-id:req" NameFormat="` + formatURI + `"><AttributeValue>` + value + `</AttributeValue></Attribute>` +
		`</a:EntityAttributes></Extensions>`
	at := strings.Index(*s.MetadataXML, "<SPSSODescriptor")
	*s.MetadataXML = (*s.MetadataXML)[:at] + ext + (*s.MetadataXML)[at:]
}

func TestSubjectIdentifiers(t *testing.T) {
	pairwise := regexp.MustCompile(`^[a-z2-7]{32}@example\.org$`)
	for name, tt := range map[string]struct {
		asked, set string
		name       string // of the one attribute
		value      *regexp.Regexp
	}{
		"set to subject-id":   {"", "subject-id", subjectIDName, regexp.MustCompile(`^sub-alice@example\.org$`)},
		"asked for subject":   {"subject-id", "", subjectIDName, regexp.MustCompile(`^sub-alice@example\.org$`)},
		"asked for any":       {"any", "", pairwiseIDName, pairwise},
		"asked for pairwise":  {"pairwise-id", "", pairwiseIDName, pairwise},
		"asked, set to none":  {"pairwise-id", "none", "", nil},
		"set to another":      {"subject-id", "pairwise-id", pairwiseIDName, pairwise},
		"asked for none":      {"none", "", "", nil},
		"asked for nonsense":  {"everything", "", "", nil},
		"nobody asked for it": {"", "", "", nil},
	} {
		t.Run(name, func(t *testing.T) {
			r := newRig(t, func(s *samlidp.Spec) {
				s.Settings = &samlidp.Settings{SubjectID: tt.set}
				if tt.asked != "" {
					asking(s, tt.asked)
				}
			})
			if got := r.told(t, nil); len(got) != 0 {
				t.Errorf("told %v without a scope", got)
			}
			if err := r.apps.SetPool(t.Context(), fullSettings()); err != nil {
				t.Fatal(err)
			}
			got := r.told(t, nil)
			if tt.name == "" {
				if len(got) > 0 {
					t.Errorf("told %v", got)
				}
				return
			}
			if v := valuesOf(got[tt.name]); len(got) != 1 || len(v) != 1 || !tt.value.MatchString(v[0]) || got[tt.name].NameFormat != formatURI {
				t.Errorf("told %v", got)
			}
		})
	}
}

// TestAllowCreate refuses to make a name where the request forbids it, and uses the one
// that was made before.
func TestAllowCreate(t *testing.T) {
	r := newRig(t, nil)
	forbid := func(q *saml.AuthnRequest) { q.NameIDPolicy.AllowCreate = ptr(false) }
	p, _ := r.ask(t, forbid)
	wantRefusal(t, r, p, saml.StatusInvalidNameIDPolicy)
	p, _ = r.ask(t, nil)
	first := r.verified(t, p).Assertion.Subject.NameID.Value
	p, _ = r.ask(t, forbid)
	if got := r.verified(t, p).Assertion.Subject.NameID.Value; got != first {
		t.Errorf("name %q, and before %q", got, first)
	}
}

func keyIDs(t *testing.T, r *rig) (states []string, certs []samlidp.Certificate) {
	t.Helper()
	certs, err := r.apps.Certificates(t.Context(), poolID)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range certs {
		states = append(states, string(c.State))
	}
	return states, certs
}

// TestRollover goes through all of a roll-over: two certificates are published, an app
// may sign with the new one early, the rest changes at once, the old one goes.
func TestRollover(t *testing.T) {
	r := newRig(t, nil)
	next, err := r.apps.StartRollover(t.Context(), poolID, "", clock.Now().AddDate(0, 1, 0))
	if err != nil {
		t.Fatal(err)
	}
	states, all := keyIDs(t, r)
	if !slices.Equal(states, []string{"active", "next"}) || len(r.certs(t)) != 2 || next.SignsFrom.IsZero() || all[0].Kind != "RSA_2048" {
		t.Fatalf("after the start: %q, %+v", states, next)
	}
	signedBy := func() int {
		p, _ := r.ask(t, nil)
		out := r.verified(t, p)
		return slices.IndexFunc(all, func(c samlidp.Certificate) bool { return c.Certificate.Equal(out.SignedBy) })
	}
	if signedBy() != 0 {
		t.Error("the next key signs before its time")
	}
	if _, err := r.apps.Update(t.Context(), poolID, r.app.ID, samlidp.Spec{Settings: &samlidp.Settings{SigningKeyID: next.KeyID}}); err != nil {
		t.Fatal(err)
	}
	if signedBy() != 1 {
		t.Error("the app's own key does not sign")
	}
	if _, err := r.apps.Update(t.Context(), poolID, r.app.ID, samlidp.Spec{Settings: &samlidp.Settings{}}); err != nil {
		t.Fatal(err)
	}
	if err := r.apps.AdvanceRollover(t.Context(), poolID, "RSA_2048"); err != nil {
		t.Fatal(err)
	}
	if states, _ := keyIDs(t, r); !slices.Equal(states, []string{"active", "retired"}) || signedBy() != 1 {
		t.Errorf("after the switch: %q", states)
	}
	if err := r.apps.AdvanceRollover(t.Context(), poolID, ""); err != nil {
		t.Fatal(err)
	}
	if states, _ := keyIDs(t, r); !slices.Equal(states, []string{"active"}) || signedBy() != 1 {
		t.Errorf("in the end: %q", states)
	}
	if err := r.apps.AdvanceRollover(t.Context(), poolID, ""); !errors.Is(err, userpool.ErrPrecondition) {
		t.Errorf("with nothing to do: %v", err)
	}
}

func TestRolloverAborted(t *testing.T) {
	r := newRig(t, nil)
	if err := r.apps.AbortRollover(t.Context(), poolID, ""); !errors.Is(err, userpool.ErrPrecondition) {
		t.Errorf("nothing to abort: %v", err)
	}
	next, err := r.apps.StartRollover(t.Context(), poolID, "", clock.Now().AddDate(0, 0, -1))
	if !errors.Is(err, userpool.ErrInvalidParameter) {
		t.Errorf("a date gone by: %+v, %v", next, err)
	}
	if _, err := r.apps.StartRollover(t.Context(), poolID, "", time.Time{}); err != nil {
		t.Fatal(err)
	}
	if err := r.apps.AbortRollover(t.Context(), poolID, ""); err != nil {
		t.Fatal(err)
	}
	if states, _ := keyIDs(t, r); !slices.Equal(states, []string{"active"}) {
		t.Errorf("%q", states)
	}
	if _, err := r.apps.StartRollover(t.Context(), poolID, "EC_P256", clock.Now().AddDate(0, 1, 0)); !errors.Is(err, userpool.ErrPrecondition) {
		t.Errorf("a kind that the pool has none of: %v", err)
	}
}

// TestPinnedKeyIsGone signs with the active key once the one that the app is set to
// was revoked.
func TestPinnedKeyIsGone(t *testing.T) {
	r := newRig(t, func(s *samlidp.Spec) { s.Settings = &samlidp.Settings{SigningKeyID: "0123"} })
	p, _ := r.ask(t, nil)
	r.verified(t, p)
}
