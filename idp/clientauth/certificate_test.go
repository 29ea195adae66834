package clientauth_test

import (
	"crypto"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"encoding/json"
	"math/big"
	"net"
	"net/url"
	"testing"
	"time"

	"github.com/poolhouse/poolhouse/idp/clientauth"
	"github.com/poolhouse/poolhouse/userpool"
)

// certify makes a certificate; without an issuer it signs itself.
func certify(t *testing.T, w *world, key crypto.Signer, parent *x509.Certificate, by crypto.Signer, change func(*x509.Certificate)) *x509.Certificate {
	t.Helper()
	uri, _ := url.Parse("urn:app:1")
	c := &x509.Certificate{SerialNumber: big.NewInt(7), NotBefore: w.now.Add(-time.Hour), NotAfter: w.now.Add(time.Hour),
		Subject:  pkix.Name{CommonName: "App, the first", Organization: []string{"Example"}, Country: []string{"DE"}},
		DNSNames: []string{"app.example"}, URIs: []*url.URL{uri}, IPAddresses: []net.IP{net.ParseIP("192.0.2.1")},
		EmailAddresses: []string{"app@app.example"}, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}}
	if change != nil {
		change(c)
	}
	if parent == nil {
		parent, by = c, key
	}
	der, err := x509.CreateCertificate(rand.Reader, c, parent, key.Public(), by)
	if err != nil {
		t.Fatal(err)
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	return cert
}

func authority(c *x509.Certificate) {
	c.IsCA, c.BasicConstraintsValid, c.ExtKeyUsage, c.KeyUsage = true, true, nil, x509.KeyUsageCertSign
	c.Subject = pkix.Name{CommonName: "CA"}
	c.DNSNames, c.URIs, c.IPAddresses, c.EmailAddresses = nil, nil, nil, nil
}

func TestCertificates(t *testing.T) {
	w := open(userpool.OpenIDClient{})
	ca := certify(t, w, rsaKey, nil, nil, authority)
	good := certify(t, w, ecKey, ca, rsaKey, nil)
	byNew := certify(t, w, ecKey, nil, nil, nil)
	server := certify(t, w, ecKey, ca, rsaKey, func(c *x509.Certificate) { c.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth} })
	expired := certify(t, w, ecKey, ca, rsaKey, func(c *x509.Certificate) { c.NotAfter = w.now.Add(-time.Minute) })
	const dn = `CN=App\, the first,O=Example,C=DE`
	tests := []struct {
		name  string
		o     userpool.OpenIDClient
		chain []*x509.Certificate
		want  string
	}{
		{"subject", userpool.OpenIDClient{TLSSubject: dn}, []*x509.Certificate{good}, ""},
		{"subject, spaced", userpool.OpenIDClient{TLSSubject: `cn=App\, the first, o=Example, c=DE`}, []*x509.Certificate{good}, ""},
		{"DNS", userpool.OpenIDClient{TLSNames: userpool.TLSNames{DNS: "App.Example"}}, []*x509.Certificate{good, ca}, ""},
		{"URI", userpool.OpenIDClient{TLSNames: userpool.TLSNames{URI: "urn:app:1"}}, []*x509.Certificate{good}, ""},
		{"IP", userpool.OpenIDClient{TLSNames: userpool.TLSNames{IP: "192.0.2.1"}}, []*x509.Certificate{good}, ""},
		{"mail", userpool.OpenIDClient{TLSNames: userpool.TLSNames{Email: "app@app.example"}}, []*x509.Certificate{good}, ""},
		{"another subject", userpool.OpenIDClient{TLSSubject: "CN=App"}, []*x509.Certificate{good}, "invalid_client"},
		{"part of the subject", userpool.OpenIDClient{TLSSubject: "O=Example,C=DE"}, []*x509.Certificate{good}, "invalid_client"},
		{"another DNS name", userpool.OpenIDClient{TLSNames: userpool.TLSNames{DNS: "evil.example"}}, []*x509.Certificate{good}, "invalid_client"},
		{"no name registered", userpool.OpenIDClient{}, []*x509.Certificate{good}, "invalid_client"},
		{"self-signed", userpool.OpenIDClient{TLSSubject: dn}, []*x509.Certificate{byNew}, "invalid_client"},
		{"self-signed, with the CA beside it", userpool.OpenIDClient{TLSSubject: dn}, []*x509.Certificate{byNew, ca}, "invalid_client"},
		{"a server's", userpool.OpenIDClient{TLSSubject: dn}, []*x509.Certificate{server}, "invalid_client"},
		{"expired", userpool.OpenIDClient{TLSSubject: dn}, []*x509.Certificate{expired}, "invalid_client"},
		{"none", userpool.OpenIDClient{TLSSubject: dn}, nil, "invalid_client"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			tt.o.AuthMethod = userpool.AuthTLS
			w := open(tt.o)
			w.Roots = x509.NewCertPool()
			w.Roots.AddCert(ca)
			want(t, w.try(&clientauth.Request{Form: body("client_id", app), Certificates: tt.chain}), tt.want)
			w.Roots = nil
			want(t, w.try(&clientauth.Request{Form: body("client_id", app), Certificates: tt.chain}), "invalid_client")
		})
	}
}

// certificateSet is a key set with a certificate in it.
func certificateSet(t *testing.T, cert *x509.Certificate) string {
	t.Helper()
	var set struct {
		Keys []map[string]any `json:"keys"`
	}
	if err := json.Unmarshal([]byte(jwks(ecKey)), &set); err != nil {
		t.Fatal(err)
	}
	set.Keys[0]["x5c"] = []string{base64.StdEncoding.EncodeToString(cert.Raw)}
	raw, err := json.Marshal(set)
	if err != nil {
		t.Fatal(err)
	}
	return string(raw)
}

func TestSelfSigned(t *testing.T) {
	w := open(userpool.OpenIDClient{AuthMethod: userpool.AuthSelfSignedTLS, JWKSURI: "https://app.example/keys"})
	mine, next := certify(t, w, ecKey, nil, nil, nil), certify(t, w, ecKey, nil, nil, nil)
	try := func(chain ...*x509.Certificate) error {
		return w.try(&clientauth.Request{Form: body("client_id", app), Certificates: chain})
	}
	w.keys = certificateSet(t, mine)
	want(t, try(mine), "")
	want(t, try(next), "invalid_client") // same key, same names: another certificate all the same
	want(t, try(next, mine), "invalid_client")
	want(t, try(), "invalid_client")
	w.keys, w.now = certificateSet(t, next), w.now.Add(time.Minute)
	want(t, try(next), "") // the set was read again
	want(t, try(mine), "invalid_client")
	w.now = w.now.Add(2 * time.Hour)
	want(t, try(next), "invalid_client") // expired
	w.client.OpenID = userpool.OpenIDClient{AuthMethod: userpool.AuthSelfSignedTLS, JWKS: certificateSet(t, mine), FAPI: true}
	w.now = w.now.Add(-2 * time.Hour)
	want(t, try(mine), "")
	w.client.OpenID.JWKS = ""
	want(t, try(mine), "invalid_client")
}
