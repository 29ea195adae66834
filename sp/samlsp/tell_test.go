package samlsp_test

import (
	"context"
	"crypto/x509"
	"errors"
	"net/http"
	"strings"
	"testing"

	"github.com/crewjam/saml"

	"github.com/poolhouse/poolhouse/internal/outbound"
	"github.com/poolhouse/poolhouse/internal/samlxml"
	"github.com/poolhouse/poolhouse/sp"
	"github.com/poolhouse/poolhouse/userpool"
)

// A soapIDP is a provider that takes LogoutRequests by SOAP.
type soapIDP struct {
	r    *rig
	cert *x509.Certificate // of the pool
	code string            // status that it answers with
	got  *samlxml.LogoutRequest
}

// Call implements samlsoap.Caller.
func (i *soapIDP) Call(_ context.Context, address string, _ http.Header, body []byte, _ int) (*outbound.Answer, error) {
	l, err := samlxml.LogoutBySOAP(body)
	if err != nil {
		return nil, err
	}
	if err := l.Verify([]*x509.Certificate{i.cert}); err != nil {
		return nil, err
	}
	if address != idpSLO {
		i.r.t.Errorf("sent to %s", address)
	}
	i.got = l.Request
	res := i.r.answer(l.Request.ID)
	res.Status.Code = i.code
	raw, err := trusted().LogoutSOAP(res, "")
	return &outbound.Answer{Status: http.StatusOK, Body: raw}, err
}

// TestTell: a provider that takes no browser is told of a sign-out by SOAP.
func TestTell(t *testing.T) {
	r := newRig(t, signsOut)
	a := must[*sp.Arrival](t)(r.signIn(r.p, nil))
	there := &soapIDP{r: r, cert: must[*x509.Certificate](t)(r.SigningCertificate(t.Context(), poolID)), code: saml.StatusSuccess}
	r.Caller = there
	if _, err := r.Tell(t.Context(), r.p, a.Session, false); !errors.Is(err, sp.ErrBrowser) || there.got != nil {
		t.Errorf("past the browser: %v", err)
	}
	if _, err := r.Tell(t.Context(), r.p, a.Session, true); !errors.Is(err, sp.ErrBrowser) || there.got != nil {
		t.Errorf("it does not speak SOAP: %v", err)
	}
	bySOAP := r.provider("BySOAP", func(p *userpool.Provider) {
		signsOut(p)
		for _, binding := range logoutBindings {
			p.Details["MetadataFile"] = strings.ReplaceAll(p.Details["MetadataFile"], `SingleLogoutService Binding="`+binding, `SingleLogoutService Binding="`+saml.SOAPBinding)
		}
	})
	for _, alone := range []bool{false, true} {
		confirmed, err := r.Tell(t.Context(), bySOAP, a.Session, alone)
		if err != nil || !confirmed || there.got.NameID.Value != subject || len(there.got.SessionIndexes) != 1 || there.got.SessionIndexes[0] != "s1" {
			t.Errorf("%v, %v, %+v", confirmed, err, there.got)
		}
	}
	if _, err := r.Leave(t.Context(), bySOAP, a.Session, "s"); !errors.Is(err, sp.ErrUnusable) {
		t.Errorf("a browser is sent there: %v", err)
	}
	there.code = saml.StatusResponder
	if confirmed, err := r.Tell(t.Context(), bySOAP, a.Session, false); confirmed || err != nil {
		t.Errorf("a refusal: %v, %v", confirmed, err)
	}
	off := r.provider("Off", func(p *userpool.Provider) { p.Details["MetadataFile"] = bySOAP.Details["MetadataFile"] })
	if _, err := r.Tell(t.Context(), off, a.Session, false); !errors.Is(err, sp.ErrUnusable) {
		t.Errorf("it is not signed out of: %v", err)
	}
}
