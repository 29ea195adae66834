package server

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"math/big"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"
	"time"
)

func selfSigned(t *testing.T, serial int64) *x509.Certificate {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	form := &x509.Certificate{SerialNumber: big.NewInt(serial), NotAfter: time.Now().Add(time.Hour)}
	der, err := x509.CreateCertificate(rand.Reader, form, form, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	return cert
}

// TestClientChain (RFC 9440, S11): what headers say of certificates counts from a
// trusted proxy alone.
func TestClientChain(t *testing.T) {
	leaf, between, proxys := selfSigned(t, 1), selfSigned(t, 2), selfSigned(t, 3)
	item := func(c *x509.Certificate) string { return ":" + base64.StdEncoding.EncodeToString(c.Raw) + ":" }
	shown := &tls.ConnectionState{PeerCertificates: []*x509.Certificate{proxys}}
	tests := []struct {
		name   string
		peer   string
		tls    *tls.ConnectionState
		header http.Header
		want   []*x509.Certificate
	}{
		{"of the connection", "192.0.2.1:1", shown, nil, []*x509.Certificate{proxys}},
		{"of nobody", "192.0.2.1:1", nil, nil, nil},
		{"a stranger's header", "192.0.2.1:1", nil, http.Header{"Client-Cert": {item(leaf)}}, nil},
		{"a stranger's header over TLS", "192.0.2.1:1", shown, http.Header{"Client-Cert": {item(leaf)}}, []*x509.Certificate{proxys}},
		{"the proxy's header", "10.1.2.3:1", nil, http.Header{"Client-Cert": {item(leaf)}}, []*x509.Certificate{leaf}},
		{"and its chain", "10.1.2.3:1", shown, http.Header{"Client-Cert": {item(leaf)}, "Client-Cert-Chain": {item(between) + ", " + item(proxys)}},
			[]*x509.Certificate{leaf, between, proxys}},
		{"the proxy's own", "10.1.2.3:1", shown, nil, nil},
		{"two headers", "10.1.2.3:1", nil, http.Header{"Client-Cert": {item(leaf), item(between)}}, nil},
		{"two in one header", "10.1.2.3:1", nil, http.Header{"Client-Cert": {item(leaf) + "," + item(between)}}, nil},
		{"no colons", "10.1.2.3:1", nil, http.Header{"Client-Cert": {strings.Trim(item(leaf), ":")}}, nil},
		{"no certificate", "10.1.2.3:1", nil, http.Header{"Client-Cert": {":AAAA:"}}, nil},
		{"a broken chain", "10.1.2.3:1", nil, http.Header{"Client-Cert": {item(leaf)}, "Client-Cert-Chain": {"x"}}, nil},
		{"an endless chain", "10.1.2.3:1", nil, http.Header{"Client-Cert": {item(leaf)}, "Client-Cert-Chain": {strings.Repeat(item(leaf)+",", 8)}}, nil},
	}
	o := origin{[]netip.Prefix{netip.MustParsePrefix("10.0.0.0/8")}}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r := httptest.NewRequest("GET", "/", nil)
			r.RemoteAddr, r.TLS, r.Header = tt.peer, tt.tls, tt.header
			got := o.clientChain(r)
			if len(got) != len(tt.want) {
				t.Fatalf("%d certificates, want %d", len(got), len(tt.want))
			}
			for i := range got {
				if !got[i].Equal(tt.want[i]) {
					t.Errorf("certificate %d is another", i)
				}
			}
		})
	}
}
