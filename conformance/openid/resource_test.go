package openid_test

import (
	"crypto/sha256"
	"crypto/tls"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	idp "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"

	"github.com/poolhouse/poolhouse/conformance/harness"
)

// The API of the variant plain_oauth, and its one scope.
const (
	apiName  = "accounts"
	apiScope = apiName + "/read"
)

// proxyAddress is where the API asks the provider from: it is the one proxy that the
// server trusts.
const proxyAddress = "127.0.0.2"

// An api is a protected resource that is no part of OpenID Connect: relying parties of
// the variant plain_oauth use their access tokens there. Below /proved it asks the
// provider, as a reverse proxy does, whether the token and its proof are good. Below
// /certified it introspects the token and looks itself whose certificate it is bound to.
type api struct {
	*op
	url        string
	id, secret string       // its own credentials, for introspection
	asking     *http.Client // from proxyAddress
}

// newAPI puts an API in front of the pool, and starts the server again with the rule
// that the API asks by.
func newAPI(t *testing.T, o *op) *api {
	t.Helper()
	a := &api{op: o}
	a.enlist(t)
	rules := fmt.Sprintf("proxy: nginx\nrules:\n- {hosts: [localhost], path: /proved, bearer: {pool: %s, scopes: [%s]}}\n", o.pool, apiScope)
	file := filepath.Join(t.TempDir(), "rules.yaml")
	if err := os.WriteFile(file, []byte(rules), 0o600); err != nil {
		t.Fatal(err)
	}
	o.Stop(t)
	harness.Args("--authz", file, "--trusted-proxies", proxyAddress+"/32")(o.Server)
	o.Launch(t)

	transport := o.HTTP.Transport.(*http.Transport).Clone()
	transport.DialContext = (&net.Dialer{LocalAddr: &net.TCPAddr{IP: net.ParseIP(proxyAddress)}}).DialContext
	a.asking = &http.Client{Transport: transport}
	s := httptest.NewUnstartedServer(a)
	s.TLS = &tls.Config{Certificates: []tls.Certificate{o.ca.Server(t, "localhost")}, ClientAuth: tls.RequestClientCert}
	s.StartTLS()
	t.Cleanup(s.Close)
	a.url = strings.Replace(s.URL, "127.0.0.1", "localhost", 1)
	return a
}

// enlist makes the API known to the pool, with a client that may ask about its tokens.
func (a *api) enlist(t *testing.T) {
	t.Helper()
	cognito := a.Root().IDP
	_, err := cognito.CreateResourceServer(t.Context(), &idp.CreateResourceServerInput{UserPoolId: &a.pool, Identifier: aws.String(apiName), Name: aws.String(apiName),
		Scopes: []types.ResourceServerScopeType{{ScopeName: aws.String(strings.TrimPrefix(apiScope, apiName+"/")), ScopeDescription: aws.String("Reads accounts")}}})
	if err != nil {
		t.Fatal(err)
	}
	c, err := cognito.CreateUserPoolClient(t.Context(), &idp.CreateUserPoolClientInput{UserPoolId: &a.pool, ClientName: aws.String("the API"), GenerateSecret: true})
	if err != nil {
		t.Fatal(err)
	}
	a.id, a.secret = *c.UserPoolClient.ClientId, *c.UserPoolClient.ClientSecret
	a.Poolhouse(t, "PutOpenIDClient", map[string]any{"UserPoolId": a.pool, "ClientId": a.id,
		"Metadata": `{"token_endpoint_auth_method":"client_secret_basic","introspects":["` + apiName + `"]}`}, new(any))
}

// address is where a relying party uses its tokens.
func (a *api) address(r *rp) string {
	if r.holder != nil {
		return a.url + "/proved"
	}
	return a.url + "/certified"
}

func (a *api) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	judge := a.certified
	if r.URL.Path == "/proved" {
		judge = a.proved
	}
	status, err := judge(r)
	switch {
	case err != nil:
		http.Error(w, err.Error(), http.StatusInternalServerError) // fails the test that asked
	case status == http.StatusOK:
		w.Header().Set("Content-Type", "application/json")
		fmt.Fprint(w, `{"balance":1}`)
	default:
		w.Header().Set("WWW-Authenticate", `DPoP error="invalid_token"`)
		w.WriteHeader(status)
	}
}

// proved asks about a request as nginx does.
func (a *api) proved(r *http.Request) (status int, err error) {
	ask, err := http.NewRequestWithContext(r.Context(), http.MethodGet, a.URL+"/authz", nil)
	if err != nil {
		return 0, err
	}
	ask.Header = r.Header.Clone()
	for name, value := range map[string]string{"Method": r.Method, "Uri": r.RequestURI, "Host": r.Host, "Proto": "https", "Content-Length": "0"} {
		ask.Header.Set("X-Original-"+name, value)
	}
	got, err := a.asking.Do(ask)
	if err != nil {
		return 0, err
	}
	return got.StatusCode, got.Body.Close()
}

// certified wants a token with the API's scope over a connection with the certificate
// that it is bound to (RFC 8705 section 3).
func (a *api) certified(r *http.Request) (status int, err error) {
	scheme, token, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	if !strings.EqualFold(scheme, "Bearer") || len(r.TLS.PeerCertificates) == 0 {
		return http.StatusUnauthorized, nil
	}
	var found struct {
		Active       bool
		Scope        string
		Confirmation struct {
			Certificate string `json:"x5t#S256"`
		} `json:"cnf"`
	}
	if err := a.introspect(r, token, &found); err != nil {
		return 0, err
	}
	sum := sha256.Sum256(r.TLS.PeerCertificates[0].Raw)
	if !found.Active || found.Confirmation.Certificate != base64.RawURLEncoding.EncodeToString(sum[:]) {
		return http.StatusUnauthorized, nil
	}
	if !contains(strings.Fields(found.Scope), apiScope) {
		return http.StatusForbidden, nil
	}
	return http.StatusOK, nil
}

// introspect asks what a token is worth (RFC 7662).
func (a *api) introspect(r *http.Request, token string, out any) error {
	address, _ := a.document["introspection_endpoint"].(string)
	ask, err := http.NewRequestWithContext(r.Context(), http.MethodPost, address, strings.NewReader(url.Values{"token": {token}}.Encode()))
	if err != nil {
		return err
	}
	ask.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	ask.SetBasicAuth(a.id, a.secret)
	got, err := a.HTTP.Do(ask)
	if err != nil {
		return err
	}
	defer got.Body.Close()
	body, err := io.ReadAll(got.Body)
	if err != nil {
		return err
	}
	if got.StatusCode != http.StatusOK {
		return fmt.Errorf("introspection is answered %d %s", got.StatusCode, body)
	}
	return json.Unmarshal(body, out)
}
