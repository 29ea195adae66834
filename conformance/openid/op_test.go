package openid_test

import (
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	idp "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"
	"github.com/go-jose/go-jose/v4"

	"github.com/poolhouse/poolhouse/conformance/harness"
)

// An op is the provider under test: a pool of a running server.
type op struct {
	*harness.Server
	*apps
	pool       string
	meta       metadata
	document   map[string]any // the discovery document, whole
	alice, bob harness.Person
	api        *api // that plans of the variant plain_oauth need

	mu   sync.Mutex
	keys jose.JSONWebKeySet // as last read
}

// metadata is what relying parties need of the discovery document.
type metadata struct {
	Issuer           string            `json:"issuer"`
	Authorization    string            `json:"authorization_endpoint"`
	Token            string            `json:"token_endpoint"`
	UserInfo         string            `json:"userinfo_endpoint"`
	JWKS             string            `json:"jwks_uri"`
	EndSession       string            `json:"end_session_endpoint"`
	Registration     string            `json:"registration_endpoint"`
	PAR              string            `json:"pushed_authorization_request_endpoint"`
	Aliases          map[string]string `json:"mtls_endpoint_aliases"`
	Scopes           []string          `json:"scopes_supported"`
	ResponseTypes    []string          `json:"response_types_supported"`
	ResponseModes    []string          `json:"response_modes_supported"`
	GrantTypes       []string          `json:"grant_types_supported"`
	IDTokenAlgs      []string          `json:"id_token_signing_alg_values_supported"`
	RequestAlgs      []string          `json:"request_object_signing_alg_values_supported"`
	TokenAuth        []string          `json:"token_endpoint_auth_methods_supported"`
	ACR              []string          `json:"acr_values_supported"`
	Claims           []string          `json:"claims_supported"`
	Challenges       []string          `json:"code_challenge_methods_supported"`
	Iss              bool              `json:"authorization_response_iss_parameter_supported"`
	RequestParameter bool              `json:"request_parameter_supported"`
	ClaimsParameter  bool              `json:"claims_parameter_supported"`
}

// attributes of a person: every claim of OpenID Connect Core section 5.1 has a value.
func attributes(p harness.Person) map[string]string {
	return map[string]string{
		"name": "Person " + p.Username, "given_name": "Person", "family_name": p.Username, "middle_name": "M", "nickname": p.Username,
		"preferred_username": p.Username + "-preferred", "profile": "https://example.com/" + p.Username, "picture": "https://example.com/" + p.Username + ".png",
		"website": "https://example.com/", "gender": "female", "birthdate": "1990-01-31", "zoneinfo": "Europe/Berlin", "locale": "en-US",
		"address": "1 Pool Lane, Springfield", "updated_at": "1700000000", "email": p.Email, "email_verified": "true", "phone_number": "+15555550100", "phone_number_verified": "true",
	}
}

// newOP makes a pool with two people who have every standard attribute.
func newOP(t *testing.T, s *harness.Server, a *apps, strict bool) *op {
	t.Helper()
	o := &op{Server: s, apps: a,
		alice: harness.Person{Username: "alice", Password: "Correct-horse-1", Email: "alice@example.com"},
		bob:   harness.Person{Username: "bob", Password: "Battery-staple-2", Email: "bob@example.com"}}
	pool, err := s.Root().IDP.CreateUserPool(t.Context(), &idp.CreateUserPoolInput{PoolName: aws.String("conformance")})
	if err != nil {
		t.Fatal(err)
	}
	o.pool = *pool.UserPool.Id
	o.settle(t, strict)
	for _, p := range []harness.Person{o.alice, o.bob} {
		o.addPerson(t, p)
	}
	resp := o.fetch(t, http.MethodGet, s.URL+"/"+o.pool+"/.well-known/openid-configuration", nil)
	resp.decode(t, &o.meta)
	resp.decode(t, &o.document)
	return o
}

func (o *op) addPerson(t *testing.T, p harness.Person) {
	t.Helper()
	var list []types.AttributeType
	for name, value := range attributes(p) {
		list = append(list, types.AttributeType{Name: &name, Value: &value})
	}
	_, err := o.Root().IDP.AdminCreateUser(t.Context(), &idp.AdminCreateUserInput{UserPoolId: &o.pool, Username: &p.Username,
		MessageAction: types.MessageActionTypeSuppress, UserAttributes: list})
	if err != nil {
		t.Fatal(err)
	}
	_, err = o.Root().IDP.AdminSetUserPassword(t.Context(), &idp.AdminSetUserPasswordInput{UserPoolId: &o.pool, Username: &p.Username,
		Password: &p.Password, Permanent: true})
	if err != nil {
		t.Fatal(err)
	}
}

// A reply is an answer to an app.
type reply struct {
	status int
	header http.Header
	body   string
}

// fetch sends a request as an app does, with a form where there is one.
func (o *op) fetch(t *testing.T, method, address string, form url.Values, header ...string) *reply {
	t.Helper()
	return fetch(t, o.HTTP, method, address, form, header...)
}

func fetch(t *testing.T, client *http.Client, method, address string, form url.Values, header ...string) *reply {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, address, strings.NewReader(form.Encode()))
	if err != nil {
		t.Fatal(err)
	}
	if form != nil {
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	for i := 0; i < len(header); i += 2 {
		req.Header.Add(header[i], header[i+1])
	}
	return send(t, client, req)
}

func send(t *testing.T, client *http.Client, req *http.Request) *reply {
	t.Helper()
	resp, err := client.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	if resp.StatusCode >= 500 {
		t.Errorf("%s %s: %d %s", req.Method, req.URL, resp.StatusCode, body)
	}
	return &reply{resp.StatusCode, resp.Header, string(body)}
}

// decode reads a successful JSON answer.
func (r *reply) decode(t *testing.T, out any) {
	t.Helper()
	if r.status != http.StatusOK || !strings.HasPrefix(r.header.Get("Content-Type"), "application/json") {
		t.Fatalf("the answer is %d %s %s", r.status, r.header.Get("Content-Type"), r.body)
	}
	if err := json.Unmarshal([]byte(r.body), out); err != nil {
		t.Fatal(err)
	}
}

// refused fails the test unless the answer is an OAuth error with one of the codes.
func (r *reply) refused(t *testing.T, codes ...string) {
	t.Helper()
	var e struct {
		Error string `json:"error"`
	}
	if err := json.Unmarshal([]byte(r.body), &e); err != nil {
		t.Fatalf("%d %s: %v", r.status, r.body, err)
	}
	if r.status != http.StatusBadRequest && r.status != http.StatusUnauthorized || !slices.Contains(codes, e.Error) {
		t.Fatalf("the answer is %d %s, want %v", r.status, r.body, codes)
	}
}

// key returns the provider's key with that id. The keys are read again where it is
// not among them.
func (o *op) key(t *testing.T, kid string) *jose.JSONWebKey {
	t.Helper()
	o.mu.Lock()
	defer o.mu.Unlock()
	if len(o.keys.Key(kid)) == 0 {
		var fresh jose.JSONWebKeySet
		o.fetch(t, http.MethodGet, o.meta.JWKS, nil).decode(t, &fresh)
		o.keys = fresh
	}
	found := o.keys.Key(kid)
	if len(found) != 1 {
		t.Fatalf("%d keys with the id %q", len(found), kid)
	}
	return &found[0]
}
