package samlsp_test

import (
	"bytes"
	"encoding/pem"
	"errors"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/beevik/etree"

	"github.com/poolhouse/poolhouse/internal/samlxml"
	"github.com/poolhouse/poolhouse/sp"
	"github.com/poolhouse/poolhouse/sp/samlsp"
	"github.com/poolhouse/poolhouse/userpool"
)

const metadataURL = "https://idp.example/metadata.xml"

// byURL is a rig whose provider's metadata is named by URL.
func byURL(t testing.TB, doc string) *rig {
	r := newRig(t, func(p *userpool.Provider) { p.Details = map[string]string{"MetadataURL": metadataURL} })
	r.web.docs[metadataURL] = doc
	return r
}

func (r *rig) source() *samlsp.Source {
	r.t.Helper()
	return must[*samlsp.Source](r.t)(r.Sources.Source(r.t.Context(), poolID, "Corp"))
}

// refresh does what is due.
func (r *rig) refresh() (n int) {
	r.t.Helper()
	for {
		found, err := r.Refresh(r.t.Context())
		if err != nil {
			r.t.Fatal(err)
		}
		if !found {
			return n
		}
		n++
	}
}

func TestRefresh(t *testing.T) {
	r := byURL(t, metadata(idpEntity, signers()[1]))
	r.depart(r.p)
	r.depart(r.p)
	if r.web.asked != 1 || r.refresh() != 0 {
		t.Fatalf("asked %d times", r.web.asked)
	}
	if src := r.source(); src.Next.Sub(r.clock.Now()) > 6*time.Hour || src.Next.Sub(r.clock.Now()) < 5*time.Hour {
		t.Errorf("next after %s", src.Next.Sub(r.clock.Now()))
	}
	if _, err := r.signIn(r.p, nil); !errors.Is(err, sp.ErrInvalid) {
		t.Fatalf("before the new key: %v", err)
	}
	r.web.docs[metadataURL] = metadata(idpEntity, signers()[1], trusted()) // the roll-over begins
	r.clock.Advance(6 * time.Hour)
	if n := r.refresh(); n != 1 || r.web.asked != 2 {
		t.Fatalf("%d refreshed, asked %d times", n, r.web.asked)
	}
	if _, err := r.signIn(r.p, nil); err != nil {
		t.Errorf("with the new key: %v", err)
	}
	before := r.source()
	r.clock.Advance(6 * time.Hour)
	r.refresh() // not modified
	if after := r.source(); !after.Fetched.Equal(r.clock.Now()) || !bytes.Equal(after.Document, before.Document) || after.Failures != 0 {
		t.Errorf("unchanged: %+v", after)
	}
}

func TestRefreshRhythm(t *testing.T) {
	soon := func(attributes string) string {
		return strings.Replace(metadata(idpEntity, trusted()), "<EntityDescriptor ", "<EntityDescriptor "+attributes+" ", 1)
	}
	clock := newRig(t, nil).clock.Now()
	for name, tt := range map[string]struct {
		doc      string
		min, max time.Duration
	}{
		"nothing said":  {soon(""), 5 * time.Hour, 6 * time.Hour},
		"a day":         {soon(`cacheDuration="P1D"`), 5 * time.Hour, 6 * time.Hour},
		"an hour":       {soon(`cacheDuration="PT1H"`), 50 * time.Minute, time.Hour},
		"a second":      {soon(`cacheDuration="PT1S"`), 5 * time.Minute, 5 * time.Minute},
		"valid an hour": {soon(`validUntil="` + samlxml.Time(clock.Add(time.Hour)) + `"`), 50 * time.Minute, time.Hour},
	} {
		r := byURL(t, tt.doc)
		r.depart(r.p)
		if d := r.source().Next.Sub(r.clock.Now()); d < tt.min || d > tt.max {
			t.Errorf("%s: after %s", name, d)
		}
	}
}

// TestLastGoodIsKept: nothing that an address may bring takes a provider away, or puts
// another in its place.
func TestLastGoodIsKept(t *testing.T) {
	good := metadata(idpEntity, trusted())
	for name, doc := range map[string]string{
		"gone":           "",
		"a page":         "<html></html>",
		"no key":         metadata(idpEntity),
		"another's":      metadata("https://evil.example", signers()[2]),
		"several":        `<EntitiesDescriptor xmlns="urn:oasis:names:tc:SAML:2.0:metadata">` + good + metadata("https://evil.example", signers()[2]) + `</EntitiesDescriptor>`,
		"over":           strings.Replace(good, "<EntityDescriptor ", `<EntityDescriptor validUntil="2001-01-01T00:00:00Z" `, 1),
		"too large":      good + strings.Repeat(" ", 1<<20),
		"script address": strings.ReplaceAll(good, idpSSO, "javascript:alert(1)"),
	} {
		r := byURL(t, good)
		r.depart(r.p)
		r.web.docs[metadataURL] = doc
		last := time.Duration(0)
		for i := range 4 {
			src := r.source()
			if wait := src.Next.Sub(r.clock.Now()); i > 1 && wait <= last {
				t.Errorf("%s: no back-off, %s after %s", name, wait, last)
			} else {
				last = wait
			}
			if i == 0 {
				last = 0
			}
			r.clock.Advance(src.Next.Sub(r.clock.Now()))
			if r.refresh() != 1 {
				t.Fatalf("%s: not due", name)
			}
		}
		if src := r.source(); src.Failures != 4 || string(src.Document) != good {
			t.Errorf("%s: %d failures", name, src.Failures)
		}
		if _, err := r.signIn(r.p, nil); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		r.web.docs[metadataURL] = good
		r.clock.Advance(6 * time.Hour)
		r.refresh()
		if src := r.source(); src.Failures != 0 {
			t.Errorf("%s: not well again", name)
		}
	}
}

// TestMetadataEnds: what its owner no longer stands by lets nobody in.
func TestMetadataEnds(t *testing.T) {
	r := newRig(t, nil)
	p := r.provider("Short", func(p *userpool.Provider) {
		p.Details["MetadataFile"] = strings.Replace(p.Details["MetadataFile"], "<EntityDescriptor ", `<EntityDescriptor validUntil="`+samlxml.Time(r.clock.Now().Add(time.Hour))+`" `, 1)
	})
	req, memo := r.depart(p)
	raw := r.write(trusted(), r.response(req.ID))
	r.clock.Advance(time.Hour)
	if _, err := r.arrive(p, memo, raw); !errors.Is(err, sp.ErrUnusable) {
		t.Error(err)
	}
}

// TestPinSetLater: a document that is kept and not signed does no more, and is asked
// for whatever its validator says.
func TestPinSetLater(t *testing.T) {
	plain := strings.Replace(metadata(idpEntity, trusted()), "<EntityDescriptor ", `<EntityDescriptor ID="_m" `, 1)
	r := byURL(t, plain)
	r.depart(r.p)
	p := must[*userpool.Provider](t)(r.pools.UpdateProvider(t.Context(), poolID, "Corp", func(p *userpool.Provider) error {
		p.Settings.SAML.MetadataKey = string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: signers()[1].Certificate.Raw}))
		return nil
	}))
	if _, err := r.Depart(t.Context(), &sp.Ask{Provider: p}); !errors.Is(err, sp.ErrUnusable) {
		t.Error(err)
	}
	r.clock.Advance(6 * time.Hour)
	r.refresh()
	if r.web.asked != 2 || r.source().Failures != 1 {
		t.Errorf("asked %d times, %d failures", r.web.asked, r.source().Failures)
	}
	doc := must[*etree.Document](t)(samlxml.Parse([]byte(plain), samlxml.Metadata()))
	r.web.docs[metadataURL] = must[string](t)(signers()[1].SignElement(doc.Root()))
	r.clock.Advance(6 * time.Hour)
	r.refresh()
	if _, err := r.Depart(t.Context(), &sp.Ask{Provider: p}); err != nil {
		t.Error(err)
	}
}

func TestSourceOfNobody(t *testing.T) {
	r := byURL(t, metadata(idpEntity, trusted()))
	r.depart(r.p)
	_, err := r.pools.UpdateProvider(t.Context(), poolID, "Corp", func(p *userpool.Provider) error {
		p.Details = map[string]string{"MetadataFile": metadata(idpEntity, trusted())}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	r.clock.Advance(6 * time.Hour)
	r.refresh()
	if _, err := r.Sources.Source(t.Context(), poolID, "Corp"); !errors.Is(err, samlsp.ErrNotFound) || r.web.asked != 1 {
		t.Errorf("%v, asked %d times", err, r.web.asked)
	}
}

// TestAnotherAddress: what was fetched from one is not taken for another's.
func TestAnotherAddress(t *testing.T) {
	r := byURL(t, metadata(idpEntity, trusted()))
	r.depart(r.p)
	r.p.Details = map[string]string{"MetadataURL": "https://new.example/metadata"}
	if _, err := r.Depart(t.Context(), &sp.Ask{Provider: r.p}); !errors.Is(err, sp.ErrUnreachable) {
		t.Error(err)
	}
	r.web.docs["https://new.example/metadata"] = metadata("https://new.example", signers()[1])
	if _, err := r.Depart(t.Context(), &sp.Ask{Provider: r.p}); err != nil {
		t.Error(err)
	}
	if src := r.source(); src.URL != "https://new.example/metadata" {
		t.Errorf("kept of %s", src.URL)
	}
}

func TestParallelRefresh(t *testing.T) {
	r := byURL(t, metadata(idpEntity, trusted()))
	r.depart(r.p)
	r.clock.Advance(6 * time.Hour)
	var wg sync.WaitGroup
	for range 10 {
		wg.Go(func() {
			if _, err := r.Refresh(t.Context()); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if r.web.asked != 2 {
		t.Errorf("asked %d times", r.web.asked)
	}
}

func TestPinnedMetadata(t *testing.T) {
	plain := strings.Replace(metadata(idpEntity, trusted()), "<EntityDescriptor ", `<EntityDescriptor ID="_m" `, 1)
	doc := must[string](t)(func() (string, error) {
		d, err := samlxml.Parse([]byte(plain), samlxml.Metadata())
		if err != nil {
			return "", err
		}
		return signers()[1].SignElement(d.Root())
	}())
	pin := string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: signers()[1].Certificate.Raw}))
	r := newRig(t, nil)
	for name, tt := range map[string]struct {
		doc, pin string
		ok       bool
	}{
		"signed":        {doc, pin, true},
		"not signed":    {plain, pin, false},
		"changed":       {strings.Replace(doc, idpSSO, "https://evil.example/", 1), pin, false},
		"no PEM":        {doc, "x", false},
		"another's key": {doc, string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: signers()[2].Certificate.Raw})), false},
	} {
		p := r.provider(strings.ReplaceAll(name, " ", "-"), func(p *userpool.Provider) {
			p.Details["MetadataFile"], p.Settings.SAML.MetadataKey = tt.doc, tt.pin
		})
		_, err := r.Depart(t.Context(), &sp.Ask{Provider: p})
		if tt.ok != (err == nil) || err != nil && !errors.Is(err, sp.ErrUnusable) {
			t.Errorf("%s: %v", name, err)
		}
		_, err = r.Check(t.Context(), p)
		if tt.ok != (err == nil) || err != nil && !errors.Is(err, userpool.ErrInvalidParameter) {
			t.Errorf("%s, checked: %v", name, err)
		}
	}
}

// TestWarnings: 30, 7 and 1 days before the end, each once.
func TestWarnings(t *testing.T) {
	r := newRig(t, nil)
	var log bytes.Buffer
	r.Log = slog.New(slog.NewTextHandler(&log, nil))
	end := r.clock.Now().Add(40 * 24 * time.Hour)
	p := r.provider("Short", func(p *userpool.Provider) {
		p.Details["MetadataFile"] = strings.Replace(p.Details["MetadataFile"], "<EntityDescriptor ", `<EntityDescriptor validUntil="`+samlxml.Time(end)+`" `, 1)
	})
	for range 40 * 2 {
		r.depart(p)
		r.clock.Advance(12*time.Hour - time.Second)
	}
	got := log.String()
	for _, days := range []string{"days=30", "days=7", "days=1\n"} {
		if strings.Count(got, days) != 1 {
			t.Errorf("%q: %d times in %s", days, strings.Count(got, days), got)
		}
	}
}

func TestMetadataIsServedOfKnownPools(t *testing.T) {
	r := newRig(t, nil)
	pool := must[*userpool.Pool](t)(r.pools.Pool(t.Context(), poolID))
	m := must[*samlxml.SPMetadata](t)(samlxml.ParseSPMetadata(must[[]byte](t)(r.Metadata(t.Context(), pool))))
	role := m.Entity.SPSSODescriptors[0]
	if m.Entity.EntityID != "urn:amazon:cognito:sp:us-east-1_Test00001" || len(role.AssertionConsumerServices) != 2 || role.AssertionConsumerServices[0].Location != acs ||
		role.AssertionConsumerServices[1].Location != "https://corp.example/saml2/idpresponse" || role.SingleLogoutServices[0].Location != logoutURL || len(m.Encryption) != 1 {
		t.Errorf("%+v", role)
	}
}
