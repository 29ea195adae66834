package server_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/json"
	"encoding/pem"
	"math/big"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/poolhouse/poolhouse/server/servertest"
	"github.com/poolhouse/poolhouse/userpool"
)

// An authority signs certificates for a test.
type authority struct {
	t    *testing.T
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
}

func newAuthority(t *testing.T) *authority {
	a := &authority{t: t}
	key, form := newCertificate(t, "CA")
	form.IsCA, form.BasicConstraintsValid, form.KeyUsage = true, true, x509.KeyUsageCertSign
	a.key = key
	a.cert = form
	a.cert = a.sign(form, key)
	return a
}

func newCertificate(t *testing.T, name string) (*ecdsa.PrivateKey, *x509.Certificate) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return key, &x509.Certificate{SerialNumber: big.NewInt(time.Now().UnixNano()), Subject: pkix.Name{CommonName: name},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour), IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth}}
}

func (a *authority) sign(form *x509.Certificate, key *ecdsa.PrivateKey) *x509.Certificate {
	a.t.Helper()
	der, err := x509.CreateCertificate(rand.Reader, form, a.cert, key.Public(), a.key)
	if err != nil {
		a.t.Fatal(err)
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		a.t.Fatal(err)
	}
	return cert
}

// pair makes a certificate with its key, as TLS has them.
func (a *authority) pair(name string) tls.Certificate {
	key, form := newCertificate(a.t, name)
	return tls.Certificate{Certificate: [][]byte{a.sign(form, key).Raw}, PrivateKey: key}
}

// files makes such a pair and returns the names of its files.
func (a *authority) files(name string) (cert, key string) {
	a.t.Helper()
	own := a.pair(name)
	raw, err := x509.MarshalPKCS8PrivateKey(own.PrivateKey)
	if err != nil {
		a.t.Fatal(err)
	}
	return write(a.t, "cert", "CERTIFICATE", own.Certificate[0]), write(a.t, "key", "PRIVATE KEY", raw)
}

func write(t *testing.T, name, kind string, der []byte) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// TestMutualTLS goes from a connection with a certificate to a token that is bound to
// it, over a real listener.
func TestMutualTLS(t *testing.T) {
	ca := newAuthority(t)
	cfg := servertest.Config(t, servertest.Embedded)
	cfg.TLSCert, cfg.TLSKey = ca.files("server")
	cfg.ClientCA = write(t, "ca", "CERTIFICATE", ca.cert.Raw)
	s, stop := servertest.Open(t, cfg, servertest.Options{})
	defer stop()
	ctx, now := context.Background(), time.Now().UTC().Truncate(time.Microsecond)
	const pool, app = "us-east-1_Mtls00001", "mtlsclient0000000000000000"
	store := s.Pools.Store
	for _, err := range []error{
		store.CreatePool(ctx, &userpool.Pool{ID: pool, Name: "mTLS", Created: now, Modified: now}),
		store.PutResourceServer(ctx, &userpool.ResourceServer{Pool: pool, Identifier: "api", Name: "API", Scopes: []userpool.Scope{{Name: "read"}}}),
		store.CreateClient(ctx, &userpool.Client{ID: app, Pool: pool, Name: "App", Created: now, Modified: now, OAuthEnabled: true,
			OAuthFlows: []string{"client_credentials"}, OAuthScopes: []string{"api/read"},
			OpenID: userpool.OpenIDClient{AuthMethod: userpool.AuthTLS, TLSSubject: "CN=app", CertBound: true}}),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
	stranger := newAuthority(t)
	for _, tt := range []struct {
		name string
		cert *tls.Certificate
		want int
	}{{"its certificate", new(ca.pair("app")), 200}, {"another's", new(ca.pair("other")), 400}, {"a stranger's", new(stranger.pair("app")), 400}, {"none", nil, 400}} {
		t.Run(tt.name, func(t *testing.T) {
			client := connect(ca, tt.cert)
			res, err := client.PostForm(s.URL()+"/"+pool+"/oauth2/token", url.Values{"grant_type": {"client_credentials"}, "client_id": {app}})
			if err != nil {
				t.Fatal(err)
			}
			defer res.Body.Close()
			var set map[string]any
			if err := json.NewDecoder(res.Body).Decode(&set); err != nil || res.StatusCode != tt.want {
				t.Fatalf("%d %v, %v", res.StatusCode, set, err)
			}
			if tt.want != 200 {
				return
			}
			claims, err := s.Tokens.VerifyAccess(ctx, set["access_token"].(string))
			if err != nil || claims.Confirmation == nil || claims.Confirmation.Certificate == "" {
				t.Errorf("claims %+v, %v", claims, err)
			}
		})
	}
	res, err := connect(ca, nil).Get(s.URL() + "/" + pool + "/.well-known/openid-configuration")
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	var meta struct {
		Methods []string `json:"token_endpoint_auth_methods_supported"`
		Bound   bool     `json:"tls_client_certificate_bound_access_tokens"`
	}
	if err := json.NewDecoder(res.Body).Decode(&meta); err != nil || !meta.Bound || !slices.Contains(meta.Methods, "tls_client_auth") {
		t.Errorf("metadata %+v, %v", meta, err)
	}
}

// connect is a client that shows a certificate whatever the server asks for.
func connect(ca *authority, cert *tls.Certificate) *http.Client {
	roots := x509.NewCertPool()
	roots.AddCert(ca.cert)
	conf := &tls.Config{RootCAs: roots}
	if cert != nil {
		conf.GetClientCertificate = func(*tls.CertificateRequestInfo) (*tls.Certificate, error) { return cert, nil }
	}
	return &http.Client{Transport: &http.Transport{TLSClientConfig: conf, DisableKeepAlives: true}}
}

// TestNoMutualTLS: without TLS nobody is told of certificates.
func TestNoMutualTLS(t *testing.T) {
	s := servertest.Start(t, servertest.Embedded, servertest.Options{})
	now := time.Now().UTC().Truncate(time.Microsecond)
	if err := s.Pools.Store.CreatePool(context.Background(), &userpool.Pool{ID: "us-east-1_Plain0001", Name: "Plain", Created: now, Modified: now}); err != nil {
		t.Fatal(err)
	}
	res, err := http.Get(s.URL() + "/us-east-1_Plain0001/.well-known/openid-configuration")
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	var meta map[string]any
	if err := json.NewDecoder(res.Body).Decode(&meta); err != nil {
		t.Fatal(err)
	}
	text, _ := json.Marshal(meta)
	if strings.Contains(string(text), "tls_client") {
		t.Errorf("metadata %s", text)
	}
}
