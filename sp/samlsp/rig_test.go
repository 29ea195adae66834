package samlsp_test

import (
	"context"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"errors"
	"log/slog"
	"math/big"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/crewjam/saml"

	"github.com/poolhouse/poolhouse/internal/ephemeral/ephemeraltest"
	"github.com/poolhouse/poolhouse/internal/keyring"
	"github.com/poolhouse/poolhouse/internal/keyring/keyringtest"
	"github.com/poolhouse/poolhouse/internal/outbound"
	"github.com/poolhouse/poolhouse/internal/samlxml"
	"github.com/poolhouse/poolhouse/sp"
	"github.com/poolhouse/poolhouse/sp/samlsp"
	"github.com/poolhouse/poolhouse/store/sqlstore/sqlstoretest"
	"github.com/poolhouse/poolhouse/userpool"
)

const (
	poolID    = userpool.PoolID("us-east-1_Test00001")
	base      = "https://id.example/us-east-1_Test00001"
	acs       = base + "/saml2/idpresponse"
	idpEntity = "https://idp.example/metadata"
	idpSSO    = "https://idp.example/sso?tenant=1"
	idpSLO    = "https://idp.example/slo"
	subject   = "alice-7f3"
)

// signers are costly to make: the provider's, another's, and one that nobody trusts.
var signers = sync.OnceValue(func() (s [3]samlxml.Signer) {
	for i := range s {
		key, err := rsa.GenerateKey(rand.Reader, 2048)
		if err != nil {
			panic(err)
		}
		// Expired: metadata vouches for keys, dates do not.
		tmpl := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "idp"},
			NotBefore: time.Unix(0, 0), NotAfter: time.Unix(1, 0)}
		der, err := x509.CreateCertificate(rand.Reader, tmpl, tmpl, key.Public(), key)
		if err != nil {
			panic(err)
		}
		cert, err := x509.ParseCertificate(der)
		if err != nil {
			panic(err)
		}
		s[i] = samlxml.Signer{Key: key, Certificate: cert}
	}
	return s
})

func trusted() samlxml.Signer { return signers()[0] }

// A web serves metadata by address.
type web struct {
	mu    sync.Mutex
	docs  map[string]string
	asked int
}

func (w *web) FetchNewer(_ context.Context, address, etag string, limit int) (*outbound.Document, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.asked++
	doc := w.docs[address]
	tag := base64.StdEncoding.EncodeToString([]byte(doc))
	tag = tag[max(0, len(tag)-40):]
	switch {
	case doc == "":
		return nil, errors.New("unreachable")
	case len(doc) > limit:
		return nil, outbound.ErrTooLarge
	case etag == tag:
		return nil, outbound.ErrUnchanged
	}
	return &outbound.Document{Body: []byte(doc), ETag: tag}, nil
}

// A rig is a pool with a SAML provider.
type rig struct {
	*samlsp.Service
	t     testing.TB
	clock *ephemeraltest.Clock
	pools userpool.Store
	keys  *keyring.Keys
	web   *web
	p     *userpool.Provider
}

func newRig(t testing.TB, change func(*userpool.Provider)) *rig {
	t.Helper()
	clock := ephemeraltest.NewClock()
	r := &rig{t: t, clock: clock, web: &web{docs: map[string]string{}}, keys: keyringtest.Open(t, keyringtest.NewStore(), clock.Now)}
	db := sqlstoretest.SQLite(t, clock.Now)
	r.pools = db.Userpool(r.keys)
	r.Service = &samlsp.Service{Pools: r.pools, Sources: db.SAMLSources(), Fetcher: r.web, Keys: r.keys, Ephemeral: ephemeraltest.New(clock.Now),
		Bases: func(p *userpool.Pool) []string {
			return []string{"https://id.example/" + string(p.ID), "https://corp.example"}
		},
		Now: clock.Now, Log: slog.New(slog.DiscardHandler)}
	err := r.pools.CreatePool(t.Context(), &userpool.Pool{ID: poolID, Name: "test", Created: clock.Now(), Modified: clock.Now()})
	if err != nil {
		t.Fatal(err)
	}
	r.p = r.provider("Corp", change)
	return r
}

// provider adds one to the pool.
func (r *rig) provider(name string, change func(*userpool.Provider)) *userpool.Provider {
	r.t.Helper()
	p := &userpool.Provider{Pool: poolID, Name: name, Type: userpool.ProviderSAML, Created: r.clock.Now(), Modified: r.clock.Now(),
		Details: map[string]string{"MetadataFile": metadata(idpEntity, trusted())}}
	if change != nil {
		change(p)
	}
	if err := r.pools.CreateProvider(r.t.Context(), p); err != nil {
		r.t.Fatal(err)
	}
	return p
}

// metadata is that of a provider with all bindings.
func metadata(entity string, keys ...samlxml.Signer) string {
	var b strings.Builder
	b.WriteString(`<EntityDescriptor xmlns="urn:oasis:names:tc:SAML:2.0:metadata" entityID="` + entity + `">
<IDPSSODescriptor protocolSupportEnumeration="urn:oasis:names:tc:SAML:2.0:protocol">`)
	for _, k := range keys {
		b.WriteString(`<KeyDescriptor><KeyInfo xmlns="http://www.w3.org/2000/09/xmldsig#"><X509Data><X509Certificate>` +
			base64.StdEncoding.EncodeToString(k.Certificate.Raw) + `</X509Certificate></X509Data></KeyInfo></KeyDescriptor>`)
	}
	for _, binding := range []string{"Redirect", "POST"} {
		b.WriteString(`<SingleLogoutService Binding="urn:oasis:names:tc:SAML:2.0:bindings:HTTP-` + binding + `" Location="` + idpSLO + `"/>`)
	}
	for _, binding := range []string{"Redirect", "POST"} {
		b.WriteString(`<SingleSignOnService Binding="urn:oasis:names:tc:SAML:2.0:bindings:HTTP-` + binding + `" Location="` + idpSSO + `"/>`)
	}
	return b.String() + `</IDPSSODescriptor></EntityDescriptor>`
}

// depart asks the provider, and returns the request as it sees it and the memo.
func (r *rig) depart(p *userpool.Provider) (*samlxml.AuthnRequest, []byte) {
	r.t.Helper()
	out, err := r.Depart(r.t.Context(), &sp.Ask{Provider: p, State: "state"})
	if err != nil {
		r.t.Fatal(err)
	}
	return r.request(out), out.Memo
}

func (r *rig) request(out *sp.Departure) *samlxml.AuthnRequest {
	r.t.Helper()
	raw, err := samlxml.DecodePost(out.Form.Get("SAMLRequest"))
	if out.Form == nil {
		u, e := url.Parse(out.Address)
		if e != nil {
			r.t.Fatal(e)
		}
		in, e := samlxml.ParseRedirect(u.RawQuery)
		if e != nil {
			r.t.Fatal(e)
		}
		raw, err = in.Message, nil
	}
	if err != nil {
		r.t.Fatal(err)
	}
	req, err := samlxml.ParseAuthnRequest(raw)
	if err != nil {
		r.t.Fatal(err)
	}
	return req
}

// response is a whole and proper answer to a request, or to none.
func (r *rig) response(inResponseTo string) *samlxml.Outgoing {
	now := r.clock.Now()
	until := now.Add(8 * time.Hour)
	return &samlxml.Outgoing{
		ID: samlxml.NewID(), Issuer: idpEntity, Destination: acs, InResponseTo: inResponseTo, IssueInstant: now,
		Status: samlxml.Status{Code: saml.StatusSuccess}, SignAssertion: true,
		Assertion: &saml.Assertion{
			ID: samlxml.NewID(), IssueInstant: now, Issuer: saml.Issuer{Value: idpEntity},
			Subject: &saml.Subject{
				NameID: &saml.NameID{Format: string(saml.PersistentNameIDFormat), NameQualifier: idpEntity, SPNameQualifier: samlsp.EntityID(poolID), Value: subject},
				SubjectConfirmations: []saml.SubjectConfirmation{{Method: samlxml.Bearer, SubjectConfirmationData: &saml.SubjectConfirmationData{
					Recipient: acs, InResponseTo: inResponseTo, NotOnOrAfter: now.Add(5 * time.Minute)}}},
			},
			Conditions: &saml.Conditions{NotBefore: now, NotOnOrAfter: now.Add(5 * time.Minute),
				AudienceRestrictions: []saml.AudienceRestriction{{Audience: saml.Audience{Value: samlsp.EntityID(poolID)}}}},
			AuthnStatements: []saml.AuthnStatement{{AuthnInstant: now, SessionIndex: "s1", SessionNotOnOrAfter: &until,
				AuthnContext: saml.AuthnContext{AuthnContextClassRef: &saml.AuthnContextClassRef{Value: "urn:oasis:names:tc:SAML:2.0:ac:classes:PasswordProtectedTransport"}}}},
			AttributeStatements: []saml.AttributeStatement{{Attributes: []saml.Attribute{
				{Name: "mail", Values: []saml.AttributeValue{{Value: "alice@example.org"}}},
				{Name: "groups", Values: []saml.AttributeValue{{Value: "ops"}, {Value: "staff"}}}}}},
		},
	}
}

func (r *rig) write(signer samlxml.Signer, o *samlxml.Outgoing) []byte {
	r.t.Helper()
	raw, err := signer.WriteResponse(o)
	if err != nil {
		r.t.Fatal(err)
	}
	return raw
}

// arrive posts a Response.
func (r *rig) arrive(p *userpool.Provider, memo, raw []byte) (*sp.Arrival, error) {
	return r.Arrive(r.t.Context(), &sp.Answer{Provider: p, Memo: memo,
		Form: url.Values{"SAMLResponse": {base64.StdEncoding.EncodeToString(raw)}, "RelayState": {"state"}}})
}

// signIn goes all the way, with an answer that change alters before it is signed.
func (r *rig) signIn(p *userpool.Provider, change func(*samlxml.Outgoing)) (*sp.Arrival, error) {
	r.t.Helper()
	req, memo := r.depart(p)
	o := r.response(req.ID)
	if change != nil {
		change(o)
	}
	return r.arrive(p, memo, r.write(trusted(), o))
}
