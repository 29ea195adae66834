package samlsoap_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"errors"
	"math/big"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/crewjam/saml"

	"github.com/poolhouse/poolhouse/internal/outbound"
	"github.com/poolhouse/poolhouse/internal/samlsoap"
	"github.com/poolhouse/poolhouse/internal/samlxml"
)

const (
	entity  = "https://sp.example/metadata"
	address = "https://sp.example/soap"
)

func signer(t *testing.T) samlxml.Signer {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "x"}}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	return samlxml.Signer{Key: key, Certificate: cert}
}

// A peer answers what comes.
type peer struct {
	t      *testing.T
	ours   samlxml.Signer
	answer func(*samlxml.LogoutRequest) *outbound.Answer
}

// Call implements samlsoap.Caller.
func (p *peer) Call(ctx context.Context, to string, header http.Header, body []byte, limit int) (*outbound.Answer, error) {
	if until, ok := ctx.Deadline(); !ok || time.Until(until) > 5*time.Second || limit != samlxml.Messages().Bytes {
		p.t.Errorf("a call without bounds: %v, %d", until, limit)
	}
	if to != address || !strings.HasPrefix(header.Get("Content-Type"), "text/xml") {
		p.t.Errorf("%s %v", to, header)
	}
	l, err := samlxml.LogoutBySOAP(body)
	if err != nil {
		p.t.Fatal(err)
	}
	if err := l.Verify([]*x509.Certificate{p.ours.Certificate}); err != nil {
		p.t.Error(err)
	}
	if l.Request.NameID.Value != "alice" || l.Request.Destination != address {
		p.t.Errorf("%+v", l.Request)
	}
	a := p.answer(l.Request)
	if a == nil {
		return nil, outbound.ErrForbidden
	}
	return a, nil
}

// TestLogout: what a peer's answer is worth.
func TestLogout(t *testing.T) {
	ours, theirs, stranger := signer(t), signer(t), signer(t)
	tls := []*x509.Certificate{theirs.Certificate}
	says := func(by samlxml.Signer, change func(*samlxml.LogoutResponse)) func(*samlxml.LogoutRequest) *outbound.Answer {
		return func(req *samlxml.LogoutRequest) *outbound.Answer {
			res := &samlxml.LogoutResponse{Envelope: samlxml.Envelope{ID: samlxml.NewID(), Issuer: entity, IssueInstant: time.Now()}, InResponseTo: req.ID,
				Status: samlxml.Status{Code: saml.StatusSuccess}}
			if change != nil {
				change(res)
			}
			raw, err := by.LogoutSOAP(res, "")
			if err != nil {
				t.Fatal(err)
			}
			return &outbound.Answer{Status: 200, Body: raw}
		}
	}
	unsigned := func(chain []*x509.Certificate) func(*samlxml.LogoutRequest) *outbound.Answer {
		return func(req *samlxml.LogoutRequest) *outbound.Answer {
			a := says(theirs, nil)(req)
			before, rest, _ := strings.Cut(string(a.Body), "<ds:Signature ")
			_, after, _ := strings.Cut(rest, "</ds:Signature>")
			return &outbound.Answer{Status: 200, Body: []byte(before + after), Chain: chain}
		}
	}
	changed := func(f func(*outbound.Answer)) func(*samlxml.LogoutRequest) *outbound.Answer {
		return func(req *samlxml.LogoutRequest) *outbound.Answer {
			a := says(theirs, nil)(req)
			f(a)
			return a
		}
	}
	body := func(s string) func(*samlxml.LogoutRequest) *outbound.Answer {
		return changed(func(a *outbound.Answer) { a.Body = []byte(s) })
	}
	for name, tt := range map[string]struct {
		answer    func(*samlxml.LogoutRequest) *outbound.Answer
		confirmed bool
		want      error
	}{
		"success":             {answer: says(theirs, nil), confirmed: true},
		"partial":             {answer: says(theirs, func(r *samlxml.LogoutResponse) { r.Status.Second = saml.StatusPartialLogout })},
		"refusal":             {answer: says(theirs, func(r *samlxml.LogoutResponse) { r.Status.Code = saml.StatusResponder })},
		"unsigned by TLS":     {answer: unsigned(tls), confirmed: true},
		"unsigned":            {answer: unsigned(nil), want: samlxml.ErrNoSignature},
		"a stranger's":        {answer: says(stranger, nil), want: samlxml.ErrSignature},
		"a stranger's by TLS": {answer: func(r *samlxml.LogoutRequest) *outbound.Answer { a := says(stranger, nil)(r); a.Chain = tls; return a }, want: samlxml.ErrSignature},
		"another's":           {answer: says(theirs, func(r *samlxml.LogoutResponse) { r.Issuer = "https://evil.example" }), want: samlsoap.ErrAnswer},
		"to another request":  {answer: says(theirs, func(r *samlxml.LogoutResponse) { r.InResponseTo = "_other" }), want: samlsoap.ErrAnswer},
		"to no request":       {answer: says(theirs, func(r *samlxml.LogoutResponse) { r.InResponseTo = "" }), want: samlsoap.ErrAnswer},
		"changed": {answer: changed(func(a *outbound.Answer) {
			a.Body = []byte(strings.Replace(string(a.Body), "status:Success", "status:Responder", 1))
		}), want: samlxml.ErrSignature},
		"status 500":  {answer: changed(func(a *outbound.Answer) { a.Status = 500 }), want: samlsoap.ErrAnswer},
		"a redirect":  {answer: changed(func(a *outbound.Answer) { a.Status = 302 }), want: samlsoap.ErrAnswer},
		"a fault":     {answer: body(string(samlxml.WriteFault("no"))), want: samlxml.ErrMalformed},
		"a page":      {answer: body("<html></html>"), want: samlxml.ErrMalformed},
		"a DTD":       {answer: body("<!DOCTYPE x><x/>"), want: samlxml.ErrMalformed},
		"nothing":     {answer: body(""), want: samlxml.ErrMalformed},
		"unreachable": {answer: func(*samlxml.LogoutRequest) *outbound.Answer { return nil }, want: outbound.ErrForbidden},
	} {
		t.Run(name, func(t *testing.T) {
			to := samlsoap.Peer{Entity: entity, Address: address, Policy: &samlxml.Policy{Certificates: []*x509.Certificate{theirs.Certificate}}}
			req := &samlxml.LogoutRequest{Envelope: samlxml.Envelope{ID: samlxml.NewID(), Issuer: "https://idp.example", IssueInstant: time.Now()}, NameID: &saml.NameID{Value: "alice"}}
			confirmed, err := samlsoap.Logout(t.Context(), &peer{t, ours, tt.answer}, ours, to, req)
			if confirmed != tt.confirmed || !errors.Is(err, tt.want) || (err == nil) != (tt.want == nil) {
				t.Errorf("%v, %v", confirmed, err)
			}
		})
	}
}
