package samlsp_test

import (
	"crypto/x509"
	"errors"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/crewjam/saml"

	"github.com/poolhouse/poolhouse/internal/keyring"
	"github.com/poolhouse/poolhouse/internal/samlxml"
	"github.com/poolhouse/poolhouse/sp"
	"github.com/poolhouse/poolhouse/sp/samlsp"
	"github.com/poolhouse/poolhouse/userpool"
)

func TestDepart(t *testing.T) {
	r := newRig(t, nil)
	out, err := r.Depart(t.Context(), &sp.Ask{Provider: r.p, State: "a state&more"})
	if err != nil {
		t.Fatal(err)
	}
	u, err := url.Parse(out.Address)
	if err != nil || out.Form != nil || !strings.HasPrefix(out.Address, idpSSO+"&SAMLRequest=") || u.Query().Get("RelayState") != "a state&more" ||
		u.Query().Has("Signature") {
		t.Fatalf("%+v, %v", out, err)
	}
	req := r.request(out)
	if req.Issuer != "urn:amazon:cognito:sp:us-east-1_Test00001" || req.Destination != idpSSO || req.ACSURL != acs || req.ForceAuthn ||
		req.IsPassive || req.NameIDFormat != "" || len(req.Contexts) > 0 || !req.IssueInstant.Equal(r.clock.Now().Truncate(time.Millisecond)) {
		t.Errorf("%+v", req)
	}
	if len(out.Memo) == 0 || len(out.Memo) > 4<<10 || !strings.Contains(string(out.Memo), req.ID) {
		t.Errorf("memo %s", out.Memo)
	}
	if again := r.request(must[*sp.Departure](t)(r.Depart(t.Context(), &sp.Ask{Provider: r.p}))); again.ID == req.ID {
		t.Error("an ID twice")
	}
	if _, err := r.Depart(t.Context(), &sp.Ask{Provider: r.p, State: strings.Repeat("x", 81)}); err == nil {
		t.Error("a RelayState longer than the standard allows")
	}
}

func must[T any](t testing.TB) func(T, error) T {
	return func(v T, err error) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}

func TestDepartOptions(t *testing.T) {
	r := newRig(t, func(p *userpool.Provider) {
		p.Settings.SAML = userpool.SAMLSettings{NameIDFormat: string(saml.PersistentNameIDFormat), Contexts: []string{"urn:a", "urn:b"}, ForceAuthn: true}
	})
	req, _ := r.depart(r.p)
	if !req.ForceAuthn || req.NameIDFormat != string(saml.PersistentNameIDFormat) || req.Comparison != "exact" || !slices.Equal(req.Contexts, []string{"urn:a", "urn:b"}) {
		t.Errorf("%+v", req)
	}
	any := r.provider("Any", func(p *userpool.Provider) { p.Settings.SAML.NameIDFormat = string(saml.UnspecifiedNameIDFormat) })
	out := must[*sp.Departure](t)(r.Depart(t.Context(), &sp.Ask{Provider: any, Force: true}))
	u, _ := url.Parse(out.Address)
	in := must[*samlxml.Redirect](t)(samlxml.ParseRedirect(u.RawQuery))
	if req = r.request(out); !req.ForceAuthn || req.NameIDFormat != "" || !strings.Contains(string(in.Message), `<samlp:NameIDPolicy AllowCreate="true"></samlp:NameIDPolicy>`) {
		t.Errorf("%s", in.Message)
	}
}

// TestDepartFrom: the answer goes where the browser's cookies are, and nowhere else.
func TestDepartFrom(t *testing.T) {
	r := newRig(t, nil)
	for from, want := range map[string]string{"": acs, "https://corp.example": "https://corp.example/saml2/idpresponse", "https://evil.example": acs} {
		out := must[*sp.Departure](t)(r.Depart(t.Context(), &sp.Ask{Provider: r.p, Base: from}))
		if req := r.request(out); req.ACSURL != want {
			t.Errorf("from %q to %q", from, req.ACSURL)
		}
	}
}

func TestDepartSigned(t *testing.T) {
	r := newRig(t, func(p *userpool.Provider) { p.Details["RequestSigningAlgorithm"] = "rsa-sha256" })
	wants := r.provider("Wants", func(p *userpool.Provider) {
		p.Details["MetadataFile"] = strings.Replace(p.Details["MetadataFile"], "<IDPSSODescriptor ", `<IDPSSODescriptor WantAuthnRequestsSigned="true" `, 1)
	})
	cert := must[*x509.Certificate](t)(r.SigningCertificate(t.Context(), poolID))
	for _, p := range []*userpool.Provider{r.p, wants} {
		out := must[*sp.Departure](t)(r.Depart(t.Context(), &sp.Ask{Provider: p, State: "s"}))
		u, _ := url.Parse(out.Address)
		in := must[*samlxml.Redirect](t)(samlxml.ParseRedirect(u.RawQuery))
		if err := in.VerifySignature([]*x509.Certificate{cert}); err != nil {
			t.Errorf("%s: %v", p.Name, err)
		}
		if u.Query().Get("SigAlg") != samlxml.RSASHA256 {
			t.Errorf("signed by %q", u.Query().Get("SigAlg"))
		}
	}
}

func TestDepartByPost(t *testing.T) {
	r := newRig(t, func(p *userpool.Provider) {
		p.Settings.SAML.PostRequests = true
		p.Details["RequestSigningAlgorithm"] = "rsa-sha256"
	})
	only := r.provider("Only", func(p *userpool.Provider) {
		p.Details["MetadataFile"] = strings.Replace(p.Details["MetadataFile"], `<SingleSignOnService Binding="urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect" Location="`+idpSSO+`"/>`, "", 1)
	})
	cert := must[*x509.Certificate](t)(r.SigningCertificate(t.Context(), poolID))
	for p, signed := range map[*userpool.Provider]bool{r.p: true, only: false} {
		out := must[*sp.Departure](t)(r.Depart(t.Context(), &sp.Ask{Provider: p, State: "s"}))
		if out.Address != idpSSO || out.Form.Get("RelayState") != "s" {
			t.Fatalf("%s: %+v", p.Name, out)
		}
		req := r.request(out)
		if req.HasSignature() != signed {
			t.Errorf("%s: signed %v", p.Name, req.HasSignature())
		}
		if signed {
			if err := req.Verify([]*x509.Certificate{cert}); err != nil {
				t.Error(err)
			}
		}
	}
	neither := r.provider("Neither", func(p *userpool.Provider) {
		p.Details["MetadataFile"] = strings.ReplaceAll(p.Details["MetadataFile"], "<SingleSignOnService Binding=\"urn:oasis:names:tc:SAML:2.0:bindings:HTTP-", "<SingleSignOnService Binding=\"urn:x:")
	})
	if _, err := r.Depart(t.Context(), &sp.Ask{Provider: neither}); !errors.Is(err, sp.ErrUnusable) {
		t.Errorf("no binding that we speak: %v", err)
	}
}

// TestOldCertificateStaysValid: a year on there is a new key, and a provider that was
// set up before still gets what it can verify.
func TestOldCertificateStaysValid(t *testing.T) {
	signs := func(p *userpool.Provider) { p.Details["RequestSigningAlgorithm"] = "rsa-sha256" }
	r := newRig(t, signs)
	before := must[*x509.Certificate](t)(r.SigningCertificate(t.Context(), poolID))
	if life := before.NotAfter.Sub(r.clock.Now()); life < 9*365*24*time.Hour {
		t.Errorf("lives %s", life)
	}
	for range 400 { // days
		r.clock.Advance(24 * time.Hour)
		for _, scope := range samlsp.KeyScopes(poolID) {
			if _, err := r.keys.Renew(t.Context(), scope, samlsp.KeySchedule); err != nil {
				t.Fatal(err)
			}
		}
	}
	after := must[*x509.Certificate](t)(r.SigningCertificate(t.Context(), poolID))
	if after.Equal(before) {
		t.Fatal("no new certificate after a year")
	}
	late := r.provider("Late", signs)
	for p, cert := range map[*userpool.Provider]*x509.Certificate{r.p: before, late: after} {
		out := must[*sp.Departure](t)(r.Depart(t.Context(), &sp.Ask{Provider: p}))
		u, _ := url.Parse(out.Address)
		in := must[*samlxml.Redirect](t)(samlxml.ParseRedirect(u.RawQuery))
		if err := in.VerifySignature([]*x509.Certificate{cert}); err != nil {
			t.Errorf("%s: %v", p.Name, err)
		}
	}
	pool := must[*userpool.Pool](t)(r.pools.Pool(t.Context(), poolID))
	m := must[*samlxml.SPMetadata](t)(samlxml.ParseSPMetadata(must[[]byte](t)(r.Metadata(t.Context(), pool))))
	if len(m.Signing) != 2 || !m.Signing[0].Equal(after) || !m.Signing[1].Equal(before) {
		t.Errorf("%d certificates published, the active one first", len(m.Signing))
	}
	// A key that somebody else may have is not used for anybody.
	published := must[[]*keyring.Key](t)(r.keys.Published(t.Context(), samlsp.KeyScopes(poolID)[0]))
	for _, k := range published {
		if k.State == keyring.Retired {
			must[*keyring.Key](t)(r.keys.Revoke(t.Context(), k.Scope, k.ID))
		}
	}
	out := must[*sp.Departure](t)(r.Depart(t.Context(), &sp.Ask{Provider: r.p}))
	u, _ := url.Parse(out.Address)
	if err := must[*samlxml.Redirect](t)(samlxml.ParseRedirect(u.RawQuery)).VerifySignature([]*x509.Certificate{after}); err != nil {
		t.Errorf("after a revocation: %v", err)
	}
}
