package samlidp_test

import (
	"bytes"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/beevik/etree"
	"github.com/crewjam/saml"

	"github.com/poolhouse/poolhouse/idp/samlidp"
	"github.com/poolhouse/poolhouse/internal/samlxml"
)

// artifact asks for an answer by artifact and returns it, and the RelayState.
func (r *rig) artifact(t *testing.T, change func(*saml.AuthnRequest)) (artifact, relay, id string) {
	t.Helper()
	r.ask(t, nil) // signs in
	req := r.request(t, saml.HTTPRedirectBinding, func(q *saml.AuthnRequest) {
		q.ProtocolBinding = saml.HTTPArtifactBinding
		if change != nil {
			change(q)
		}
	})
	u, err := req.Redirect("relay-1", r.sp)
	if err != nil {
		t.Fatal(err)
	}
	client := *r.browser
	client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	res, err := client.Get(u.String())
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	to, err := res.Location()
	if err != nil {
		body, _ := io.ReadAll(res.Body)
		t.Fatalf("status %d: %s", res.StatusCode, body)
	}
	if !strings.HasPrefix(to.String(), spACS+"?") || strings.Contains(to.RawQuery, "SAMLResponse") {
		t.Errorf("sent to %s", to)
	}
	return to.Query().Get("SAMLart"), to.Query().Get("RelayState"), req.ID
}

// resolve sends an ArtifactResolve of the app's and returns the answer.
func (r *rig) resolve(t *testing.T, artifact string, change func(*saml.ArtifactResolve)) (status int, body string) {
	t.Helper()
	req, err := r.sp.MakeArtifactResolveRequest(artifact)
	if err != nil {
		t.Fatal(err)
	}
	if change != nil {
		change(req)
	}
	doc := etree.NewDocument()
	doc.SetRoot(req.SoapRequest())
	raw, err := doc.WriteToBytes()
	if err != nil {
		t.Fatal(err)
	}
	return r.postSOAP(t, raw)
}

func (r *rig) postSOAP(t *testing.T, raw []byte) (status int, body string) {
	t.Helper()
	res, err := http.Post(r.h.ArtifactURL(poolID), "text/xml", bytes.NewReader(raw))
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	answer, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return res.StatusCode, string(answer)
}

// TestArtifact has crewjam's service provider fetch and judge the answer, with every
// way of signing and encrypting.
func TestArtifact(t *testing.T) {
	for name, change := range map[string]func(*samlidp.Spec){
		"assertion signed": nil,
		"both signed":      func(s *samlidp.Spec) { s.SignResponse = ptr(true) },
		"ECDSA":            func(s *samlidp.Spec) { s.Settings = &samlidp.Settings{SignatureAlgorithm: "rsa-sha512"} },
	} {
		t.Run(name, func(t *testing.T) {
			r := newRig(t, change)
			artifact, relay, id := r.artifact(t, nil)
			if relay != "relay-1" {
				t.Errorf("RelayState %q", relay)
			}
			req, err := http.NewRequest(http.MethodGet, spACS+"?"+url.Values{"SAMLart": {artifact}}.Encode(), nil)
			if err != nil {
				t.Fatal(err)
			}
			_ = req.ParseForm()
			a, err := r.sp.ParseResponse(req, []string{id})
			if err != nil {
				t.Fatal(err, err.(*saml.InvalidResponseError).PrivateErr)
			}
			if a.Subject.NameID.Value == "" {
				t.Error("nobody came")
			}
			if _, err := r.sp.ParseResponse(req, []string{id}); err == nil {
				t.Error("resolved twice")
			}
		})
	}
}

// TestArtifactRefusal tells the app of a refusal by artifact too.
func TestArtifactRefusal(t *testing.T) {
	r := newRig(t, nil)
	artifact, _, _ := r.artifact(t, func(q *saml.AuthnRequest) { q.NameIDPolicy.Format = ptr("urn:nobody") })
	if _, body := r.resolve(t, artifact, nil); !strings.Contains(body, saml.StatusInvalidNameIDPolicy) {
		t.Errorf("answer %s", body)
	}
}

// TestArtifactAttacks: an artifact is worth something to one app, with its key, once,
// for a minute.
func TestArtifactAttacks(t *testing.T) {
	r := newRig(t, nil)
	const other = "https://other.example"
	evil := strings.ReplaceAll(strings.ReplaceAll(*r.spMetadata(t), spEntity, other), spACS, other+"/acs")
	if _, err := r.apps.Create(t.Context(), poolID, samlidp.Spec{Name: ptr("Evil"), MetadataXML: &evil}); err != nil {
		t.Fatal(err)
	}
	artifact, _, _ := r.artifact(t, nil)
	has := func(body string) bool { return strings.Contains(body, "<saml:Assertion") }
	sign := func(q *saml.ArtifactResolve) {
		q.Signature = nil
		if err := r.sp.SignArtifactResolve(q); err != nil {
			t.Fatal(err)
		}
	}
	for name, change := range map[string]func(*saml.ArtifactResolve){
		"unsigned":             func(q *saml.ArtifactResolve) { q.Signature = nil },
		"changed":              func(q *saml.ArtifactResolve) { q.IssueInstant = q.IssueInstant.Add(time.Second) },
		"by another app":       func(q *saml.ArtifactResolve) { q.Issuer.Value = other; sign(q) },
		"of an unknown app":    func(q *saml.ArtifactResolve) { q.Issuer.Value = "https://nobody.example"; sign(q) },
		"old":                  func(q *saml.ArtifactResolve) { q.IssueInstant = clock.Now().Add(-4 * time.Minute); sign(q) },
		"of another artifact":  func(q *saml.ArtifactResolve) { q.Artifact = samlxml.NewArtifact(r.h.EntityID(poolID)); sign(q) },
		"of somebody's":        func(q *saml.ArtifactResolve) { q.Artifact = samlxml.NewArtifact(other); sign(q) },
		"of no artifact":       func(q *saml.ArtifactResolve) { q.Artifact = "x"; sign(q) },
		"of one in other form": func(q *saml.ArtifactResolve) { q.Artifact = artifact + "\n"; sign(q) },
	} {
		if _, body := r.resolve(t, artifact, change); has(body) {
			t.Errorf("%s: resolved", name)
		}
	}
	for name, raw := range map[string]string{"nonsense": "x", "a long body": strings.Repeat("<a/>", 50_000)} {
		if status, body := r.postSOAP(t, []byte(raw)); status != http.StatusInternalServerError || !strings.Contains(body, "soap:Fault") {
			t.Errorf("%s: status %d, %s", name, status, body)
		}
	}
	if _, body := r.resolve(t, artifact, nil); !has(body) {
		t.Errorf("the app itself gets %s", body)
	}
	late, _, _ := r.artifact(t, nil)
	clock.Advance(61 * time.Second)
	if _, body := r.resolve(t, late, nil); has(body) {
		t.Error("resolved after a minute")
	}
}
