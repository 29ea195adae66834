package saml_test

import (
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"testing"
	"time"

	"github.com/crewjam/saml"
	"github.com/crewjam/saml/logger"
	"github.com/crewjam/saml/samlsp"
	dsig "github.com/russellhaering/goxmldsig"
)

// everybodyIsAlice is a crewjam identity provider without a sign-in page, and the
// one service provider that it knows.
type everybodyIsAlice struct{ sp *saml.EntityDescriptor }

func (e everybodyIsAlice) GetServiceProvider(*http.Request, string) (*saml.EntityDescriptor, error) {
	return e.sp, nil
}

func (everybodyIsAlice) GetSession(_ http.ResponseWriter, r *http.Request, _ *saml.IdpAuthnRequest) *saml.Session {
	r.RemoteAddr = "127.0.0.1" // crewjam would put the port into the assertion
	return &saml.Session{ID: "1", Index: "1", CreateTime: time.Now(), ExpireTime: time.Now().Add(time.Hour),
		NameID: "alice-7", NameIDFormat: string(saml.PersistentNameIDFormat),
		CustomAttributes: []saml.Attribute{{Name: mailAttribute, Values: []saml.AttributeValue{{Value: "alice@example.com"}}}}}
}

func startCrewjamIDP(t *testing.T, metadata []byte) *provider {
	t.Helper()
	mux := http.NewServeMux()
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)
	sp, err := samlsp.ParseMetadata(metadata)
	if err != nil {
		t.Fatal(err)
	}
	all := sp.SPSSODescriptors[0].KeyDescriptors
	encrypt := func(cipher string) { // crewjam encrypts where it finds a key, by CBC alone
		sp.SPSSODescriptors[0].KeyDescriptors = slices.DeleteFunc(slices.Clone(all), func(k saml.KeyDescriptor) bool { return k.Use == "encryption" && cipher == "" })
	}
	encrypt("")
	keyPEM, certPEM := spKeyPair(t)
	block, _ := pem.Decode(keyPEM)
	key, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	if err != nil {
		t.Fatal(err)
	}
	block, _ = pem.Decode(certPEM)
	cert, err := x509.ParseCertificate(block.Bytes)
	if err != nil {
		t.Fatal(err)
	}
	at := func(path string) url.URL {
		u, err := url.Parse(server.URL + path)
		if err != nil {
			t.Fatal(err)
		}
		return *u
	}
	alice := everybodyIsAlice{sp}
	idp := &saml.IdentityProvider{Key: key.(*rsa.PrivateKey), Certificate: cert, Logger: logger.DefaultLogger, MetadataURL: at("/metadata"),
		SSOURL: at("/sso"), SignatureMethod: dsig.RSASHA256SignatureMethod, ServiceProviderProvider: alice, SessionProvider: alice}
	mux.Handle("/", idp.Handler())
	mux.HandleFunc("/start", func(w http.ResponseWriter, r *http.Request) {
		idp.ServeIDPInitiated(w, r, r.FormValue("sp"), r.FormValue("rs"))
	})
	return &provider{name: "crewjam", metadata: string(fetch(t, server.URL+"/metadata")),
		start: func(acs, entity, relay string) string {
			return server.URL + "/start?" + url.Values{"acs": {acs}, "sp": {entity}, "rs": {relay}}.Encode()
		},
		encrypt: encrypt,
		cannot: map[string]string{
			encryptedIn: "it encrypts with AES-128-CBC alone",
			brokenIn:    "it does not look at signatures of requests",
		}}
}
