package samlsoap_test

import (
	"crypto/x509"
	"errors"
	"testing"
	"time"

	"github.com/crewjam/saml"

	"github.com/poolhouse/poolhouse/internal/outbound"
	"github.com/poolhouse/poolhouse/internal/samlsoap"
	"github.com/poolhouse/poolhouse/internal/samlxml"
	"github.com/poolhouse/poolhouse/internal/samlxml/samlattack"
)

// TestAnswerAttacks holds what is read of an answer to every attack on signed messages,
// over TLS too: a signature that is there must be good.
func TestAnswerAttacks(t *testing.T) {
	ours, theirs := signer(t), signer(t)
	req := &samlxml.LogoutRequest{Envelope: samlxml.Envelope{ID: samlxml.NewID(), Issuer: "https://idp.example", IssueInstant: time.Now()}, NameID: &saml.NameID{Value: "alice"}}
	res := &samlxml.LogoutResponse{Envelope: samlxml.Envelope{ID: samlxml.NewID(), Issuer: entity, IssueInstant: time.Now()}, InResponseTo: req.ID,
		Status: samlxml.Status{Code: saml.StatusSuccess}}
	out, err := theirs.SendLogout(res, saml.HTTPPostBinding, address, "")
	if err != nil {
		t.Fatal(err)
	}
	raw, err := samlxml.DecodePost(out.Form.Get("SAMLResponse"))
	if err != nil {
		t.Fatal(err)
	}
	m := samlattack.New(t, raw, theirs, entity, "https://evil.example/metadata")
	send := func(doc string, chain []*x509.Certificate) (bool, error) {
		says := func(*samlxml.LogoutRequest) *outbound.Answer {
			return &outbound.Answer{Status: 200, Chain: chain, Body: []byte(`<soap:Envelope xmlns:soap="http://schemas.xmlsoap.org/soap/envelope/"><soap:Body>` + doc + `</soap:Body></soap:Envelope>`)}
		}
		to := samlsoap.Peer{Entity: entity, Address: address, Policy: &samlxml.Policy{Certificates: []*x509.Certificate{theirs.Certificate}}}
		return samlsoap.Logout(t.Context(), &peer{t, ours, says}, ours, to, req)
	}
	for _, a := range m.Attacks() {
		t.Run(a.Class+"/"+a.Name, func(t *testing.T) {
			confirmed, err := send(a.Doc, nil)
			if confirmed || err == nil {
				t.Errorf("confirmed %v, error %v: %s", confirmed, err, a.Doc)
			}
			if errors.Is(err, samlxml.ErrNoSignature) {
				return // TLS has shown who answers
			}
			if confirmed, err := send(a.Doc, []*x509.Certificate{theirs.Certificate}); confirmed || err == nil {
				t.Errorf("over TLS confirmed %v, error %v: %s", confirmed, err, a.Doc)
			}
		})
	}
	if confirmed, err := send(m.Good(), nil); !confirmed || err != nil {
		t.Errorf("the answer that the attacks differ from: %v, %v", confirmed, err)
	}
}
