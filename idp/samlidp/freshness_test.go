package samlidp_test

import (
	"encoding/pem"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/beevik/etree"

	"github.com/poolhouse/poolhouse/idp/samlidp"
	"github.com/poolhouse/poolhouse/internal/samlxml"
	"github.com/poolhouse/poolhouse/userpool"
)

// A publisher serves metadata that changes, with its ETag.
type publisher struct {
	*httptest.Server
	doc    string
	status int
	asked  int
	sent   int // whole documents
}

func publish(t *testing.T, doc string) *publisher {
	t.Helper()
	p := &publisher{doc: doc}
	p.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		p.asked++
		tag := `"` + string(rune('a'+len(p.doc)%26)) + `"`
		w.Header().Set("ETag", tag)
		switch {
		case p.status != 0:
			w.WriteHeader(p.status)
		case r.Header.Get("If-None-Match") == tag:
			w.WriteHeader(http.StatusNotModified)
		default:
			p.sent++
			_, _ = w.Write([]byte(p.doc))
		}
	}))
	t.Cleanup(p.Close)
	return p
}

// following is a rig whose app's metadata comes from a publisher.
func following(t *testing.T) (*rig, *publisher) {
	t.Helper()
	var p *publisher
	r := newRig(t, func(s *samlidp.Spec) {
		p = publish(t, *s.MetadataXML)
		s.MetadataXML, s.MetadataURL = nil, &p.URL
	})
	return r, p
}

// refresh lets time pass and does what is due.
func (r *rig) refresh(t *testing.T, after time.Duration) *samlidp.Application {
	t.Helper()
	clock.Advance(after)
	for {
		found, err := r.apps.Refresh(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if !found {
			break
		}
	}
	a, err := r.db.SAML().Application(t.Context(), poolID, r.app.ID)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

func TestRefresh(t *testing.T) {
	r, p := following(t)
	if a := r.refresh(t, time.Minute); p.asked != 1 || a.Fresh.Due.IsZero() {
		t.Errorf("asked %d times at once, due %s", p.asked, a.Fresh.Due)
	}
	r.refresh(t, 7*time.Hour)
	a := r.refresh(t, 7*time.Hour)
	if p.asked != 3 || p.sent != 2 || !a.Fresh.Changed.IsZero() || !a.Modified.Equal(r.app.Modified) {
		t.Errorf("asked %d times, got %d documents, %+v", p.asked, p.sent, a.Fresh)
	}
	p.doc = strings.ReplaceAll(p.doc, spACS, "https://sp.example/moved")
	a = r.refresh(t, 7*time.Hour)
	if !slices.Equal(a.ACS, []string{"https://sp.example/moved"}) || !a.Modified.After(r.app.Modified) {
		t.Errorf("not taken: %+v", a)
	}
	want := []string{"added AssertionConsumerService https://sp.example/moved", "removed AssertionConsumerService " + spACS}
	if !slices.Equal(a.Fresh.Difference, want) {
		t.Errorf("difference %q", a.Fresh.Difference)
	}
	if p := r.get(t, r.apps.InitiateURL(a)); p.action != "https://sp.example/moved" {
		t.Errorf("answers go to %q", p.action)
	}
}

// TestRefreshKeepsTheLastGood holds on to what worked, whatever comes, and comes back
// ever later.
func TestRefreshKeepsTheLastGood(t *testing.T) {
	for name, tt := range map[string]struct {
		change  func(*publisher)
		problem string
	}{
		"gone":            {func(p *publisher) { p.status = http.StatusNotFound }, "could not be fetched"},
		"nonsense":        {func(p *publisher) { p.doc = "<html/>" }, "not that of a SAML"},
		"too long":        {func(p *publisher) { p.doc += strings.Repeat(" ", 1<<20) }, "could not be fetched"},
		"another's":       {func(p *publisher) { p.doc = strings.ReplaceAll(p.doc, spEntity, "https://evil.example/m") }, "another entity ID"},
		"no longer valid": {func(p *publisher) { p.doc = expire(p.doc) }, "no longer valid"},
	} {
		t.Run(name, func(t *testing.T) {
			r, p := following(t)
			tt.change(p)
			a := r.refresh(t, 7*time.Hour)
			if a.Fresh.Failures != 1 || !strings.Contains(a.Fresh.Problem, tt.problem) || !slices.Equal(a.ACS, r.app.ACS) || a.MetadataXML != r.app.MetadataXML {
				t.Fatalf("%+v", a.Fresh)
			}
			if w := r.apps.Warnings(a); len(w) == 0 || !strings.Contains(w[len(w)-1], "last good") {
				t.Errorf("warnings %q", w)
			}
			first := a.Fresh.Due.Sub(clock.Now())
			a = r.refresh(t, first+time.Second)
			if a.Fresh.Failures != 2 || a.Fresh.Due.Sub(clock.Now()) <= first {
				t.Errorf("no back-off: %s, then %s", first, a.Fresh.Due.Sub(clock.Now()))
			}
			r.verified(t, r.get(t, r.apps.InitiateURL(a)+"?again"))
		})
	}
}

// expire makes metadata that ran out long ago.
func expire(doc string) string {
	tree := etree.NewDocument()
	if err := tree.ReadFromString(doc); err != nil {
		return doc
	}
	tree.Root().CreateAttr("validUntil", "2020-01-01T00:00:00Z")
	out, err := tree.WriteToString()
	if err != nil {
		return doc
	}
	return out
}

// TestFederation chooses the app from a federation's signed metadata, and believes
// nobody but its key.
func TestFederation(t *testing.T) {
	r := newRig(t, nil)
	key, cert := spKey()
	one := strings.ReplaceAll(strings.ReplaceAll(*r.spMetadata(t), spEntity, "https://fed.example/one"), spACS, "https://fed.example/acs")
	all := `<EntitiesDescriptor xmlns="urn:oasis:names:tc:SAML:2.0:metadata" ID="_fed">` + one + strings.ReplaceAll(one, "fed.example/one", "fed.example/two") + `</EntitiesDescriptor>`
	doc := etree.NewDocument()
	if err := doc.ReadFromString(all); err != nil {
		t.Fatal(err)
	}
	signed, err := samlxml.Signer{Key: key, Certificate: cert}.SignElement(doc.Root())
	if err != nil {
		t.Fatal(err)
	}
	pinned := string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: cert.Raw}))
	create := func(doc string, s samlidp.Settings) (*samlidp.Application, error) {
		return r.apps.Create(t.Context(), poolID, samlidp.Spec{Name: ptr("x"), MetadataXML: &doc, Settings: &s})
	}
	a, err := create(signed, samlidp.Settings{MetadataSigner: pinned, MetadataEntityID: "https://fed.example/two"})
	if err != nil {
		t.Fatal(err)
	}
	if a.EntityID != "https://fed.example/two" || strings.Contains(a.MetadataXML, "fed.example/one") {
		t.Errorf("application %+v", a)
	}
	for name, tt := range map[string]struct {
		doc      string
		settings samlidp.Settings
	}{
		"changed":      {strings.ReplaceAll(signed, "https://fed.example/acs", "https://evil.example/acs"), samlidp.Settings{MetadataSigner: pinned, MetadataEntityID: "https://fed.example/one"}},
		"unsigned":     {all, samlidp.Settings{MetadataSigner: pinned, MetadataEntityID: "https://fed.example/one"}},
		"not in it":    {signed, samlidp.Settings{MetadataSigner: pinned, MetadataEntityID: "https://fed.example/three"}},
		"which one":    {signed, samlidp.Settings{MetadataSigner: pinned}},
		"signer's PEM": {signed, samlidp.Settings{MetadataSigner: "x", MetadataEntityID: "https://fed.example/one"}},
	} {
		if _, err := create(tt.doc, tt.settings); !errors.Is(err, userpool.ErrInvalidParameter) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestNewSigner does not go on with metadata that the signer who counts now never saw:
// not even where the server says that nothing changed.
func TestNewSigner(t *testing.T) {
	r, p := following(t)
	_, cert := spKey()
	pinned := string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: cert.Raw}))
	a := r.refresh(t, 7*time.Hour) // which learns the ETag
	if a, err := r.apps.Update(t.Context(), poolID, a.ID, samlidp.Spec{Settings: &samlidp.Settings{MetadataSigner: pinned}}); err != nil || a.Fresh.ETag != "" {
		t.Fatal(a, err)
	}
	sent := p.sent
	if a = r.refresh(t, 0); p.sent == sent || a.Fresh.Failures != 1 || !strings.Contains(a.Fresh.Problem, "not signed") {
		t.Errorf("sent %d then %d, %+v", sent, p.sent, a.Fresh)
	}
	given := newRig(t, nil)
	if _, err := given.apps.Update(t.Context(), poolID, given.app.ID, samlidp.Spec{Settings: &samlidp.Settings{MetadataSigner: pinned}}); !errors.Is(err, userpool.ErrInvalidParameter) {
		t.Errorf("metadata given as text: %v", err)
	}
}

func TestRequireSignedRequests(t *testing.T) {
	r := newRig(t, func(s *samlidp.Spec) {
		*s.MetadataXML = strings.Replace(*s.MetadataXML, `AuthnRequestsSigned="true"`, `AuthnRequestsSigned="false"`, 1)
		s.Settings = &samlidp.Settings{RequireSignedRequests: true}
	})
	p, _ := r.ask(t, nil)
	r.verified(t, p)
	q := r.request(t, samlPost, nil)
	q.Signature = nil
	if p := r.postElement(t, q.Element()); p.status != http.StatusBadRequest {
		t.Errorf("an unsigned request: status %d", p.status)
	}
	_, err := r.apps.Create(t.Context(), poolID, samlidp.Spec{Name: ptr("x"), Settings: &samlidp.Settings{RequireSignedRequests: true},
		MetadataXML: ptr(string(samlxml.WriteAppMetadata("urn:x", []string{"https://x.example/acs"})))})
	if !errors.Is(err, userpool.ErrInvalidParameter) {
		t.Errorf("without a key: %v", err)
	}
}

const samlPost = "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST"

func TestRelayStateOfApp(t *testing.T) {
	for name, tt := range map[string]struct {
		settings    samlidp.Settings
		query, want string
	}{
		"set":              {samlidp.Settings{RelayState: "start"}, "", "start"},
		"set and asked":    {samlidp.Settings{RelayState: "start"}, "?RelayState=deep", "deep"},
		"fixed":            {samlidp.Settings{RelayState: "start", RelayStateFixed: true}, "?RelayState=deep", "start"},
		"fixed to nothing": {samlidp.Settings{RelayStateFixed: true}, "?RelayState=deep", ""},
	} {
		t.Run(name, func(t *testing.T) {
			r := newRig(t, func(s *samlidp.Spec) { s.Settings = &tt.settings })
			if p := r.get(t, r.apps.InitiateURL(r.app)+tt.query); p.relay != tt.want {
				t.Errorf("RelayState %q", p.relay)
			}
		})
	}
}

// TestMetadataValidDays: metadata has to end, and soon enough, where that is asked for,
// also when it is fetched again.
func TestMetadataValidDays(t *testing.T) {
	until := func(doc string, d time.Duration) string {
		return strings.Replace(doc, " entityID=", ` validUntil="`+samlxml.Time(clock.Now().Add(d))+`" entityID=`, 1)
	}
	var plain string
	var p *publisher
	r := newRig(t, func(s *samlidp.Spec) {
		plain = regexp.MustCompile(` validUntil="[^"]*"`).ReplaceAllString(*s.MetadataXML, "")
		p = publish(t, until(plain, 10*24*time.Hour))
		s.MetadataXML, s.MetadataURL, s.Settings = nil, &p.URL, &samlidp.Settings{MetadataValidDays: 14}
	})
	for name, doc := range map[string]string{"no end": plain, "too late": until(plain, 15*24*time.Hour)} {
		_, err := r.apps.Update(t.Context(), poolID, r.app.ID, samlidp.Spec{MetadataXML: &doc})
		if !errors.Is(err, userpool.ErrInvalidParameter) {
			t.Errorf("%s: %v", name, err)
		}
	}
	p.doc = plain
	if a := r.refresh(t, 7*time.Hour); a.Fresh.Failures != 1 || !strings.Contains(a.Fresh.Problem, "validUntil") {
		t.Errorf("%+v", a.Fresh)
	}
}

// TestMetadataQuery: a server of queries is asked for the one entity, each time.
func TestMetadataQuery(t *testing.T) {
	var paths []string
	var doc string
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		paths = append(paths, req.URL.EscapedPath())
		_, _ = w.Write([]byte(doc))
	}))
	t.Cleanup(server.Close)
	r := newRig(t, func(s *samlidp.Spec) {
		doc = *s.MetadataXML
		m, err := samlxml.ParseSPMetadata([]byte(doc))
		if err != nil {
			t.Fatal(err)
		}
		entity := m.Entity.EntityID
		s.MetadataXML, s.MetadataURL = nil, ptr(server.URL+"/global/")
		s.Settings = &samlidp.Settings{MetadataQuery: true, MetadataEntityID: entity}
	})
	want := "/global/entities/" + strings.ReplaceAll(r.app.EntityID, "/", "%2F")
	r.refresh(t, 7*time.Hour)
	if len(paths) != 2 || paths[0] != want || paths[1] != want {
		t.Errorf("asked for %q, want %q", paths, want)
	}
	doc = string(samlxml.WriteAppMetadata("urn:other", []string{"https://x.example/acs"}))
	if a := r.refresh(t, 7*time.Hour); a.Fresh.Failures != 1 {
		t.Errorf("another entity: %+v", a.Fresh)
	}
	_, err := r.apps.Update(t.Context(), poolID, r.app.ID, samlidp.Spec{Settings: &samlidp.Settings{MetadataQuery: true}})
	if !errors.Is(err, userpool.ErrInvalidParameter) {
		t.Errorf("a query for nothing: %v", err)
	}
}

// TestLongFederation: the metadata of a large federation is read as it comes, at
// registration and later.
func TestLongFederation(t *testing.T) {
	r := newRig(t, nil)
	acs, asked := spACS, 0
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		asked++
		if req.Header.Get("If-None-Match") == `"`+acs+`"` {
			w.WriteHeader(http.StatusNotModified)
			return
		}
		w.Header().Set("ETag", `"`+acs+`"`)
		io.WriteString(w, `<EntitiesDescriptor xmlns="urn:oasis:names:tc:SAML:2.0:metadata">`)
		for range 12 {
			io.WriteString(w, `<EntityDescriptor entityID="https://other.example"><Extensions>`+strings.Repeat("x", 1<<20)+`</Extensions></EntityDescriptor>`)
		}
		io.WriteString(w, strings.ReplaceAll(*r.spMetadata(t), spACS, acs)+`</EntitiesDescriptor>`)
	}))
	t.Cleanup(server.Close)
	if err := r.apps.Store.DeleteApplication(t.Context(), poolID, r.app.ID); err != nil {
		t.Fatal(err)
	}
	spec := func(entity string) samlidp.Spec {
		return samlidp.Spec{Name: ptr("long"), MetadataURL: &server.URL, Settings: &samlidp.Settings{MetadataEntityID: entity}}
	}
	if _, err := r.apps.Create(t.Context(), poolID, spec("https://nobody.example")); err == nil || !strings.Contains(err.Error(), "does not describe that service provider") {
		t.Errorf("an app that is not there: %v", err)
	}
	var err error
	if r.app, err = r.apps.Create(t.Context(), poolID, spec(spEntity)); err != nil || r.app.ACS[0] != spACS || len(r.app.MetadataXML) > 1<<20 {
		t.Fatalf("%+v, %v", r.app, err)
	}
	if a := r.refresh(t, 7*time.Hour); a.Fresh.Failures > 0 || a.ACS[0] != spACS || asked != 3 {
		t.Errorf("unchanged: %+v, asked %d times", a.Fresh, asked)
	}
	acs = "https://sp.example/new"
	if a := r.refresh(t, 14*time.Hour); a.Fresh.Failures > 0 || a.ACS[0] != acs {
		t.Errorf("changed: %+v", a.Fresh)
	}
}
