package saml_test

import (
	"encoding/base64"
	"encoding/json"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	idp "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"

	"github.com/poolhouse/poolhouse/conformance/harness"
)

// A provider is an identity provider that somebody else wrote, running.
type provider struct {
	name     string
	metadata string
	who      *harness.Person                        // who signs in there, nil where everybody is let in
	start    func(acs, entity, relay string) string // where a sign-in begins there
	cannot   map[string]string
	encrypt  func(cipher string) // that it encrypts assertions with from then on; empty for none
}

// The features that some provider has not.
const (
	brokenIn    = "a request that was changed on the way is refused there"
	encryptedIn = "assertion encrypted, AES-GCM"
	lax         = "assertion encrypted, AES-CBC, which a setting of the provider allows"
)

var providerFeatures = []struct {
	name string
	test func(*testing.T, *house)
}{
	{"sign-in, signed request by Redirect, answer by POST", testArrive},
	{"the same user again, in another browser", testArriveAgain},
	{brokenIn, testBrokenDeparture},
	{"sign-in that begins there, with RelayState", testUnasked},
	{encryptedIn, testEncryptedArrival},
	{lax, testCBCArrival},
}

var providers = []struct {
	name  string
	start func(*testing.T, []byte) *provider
}{
	{"pysaml2", startPySAML2IDP},
	{"crewjam", startCrewjamIDP},
	{"Poolhouse", startPoolhouse},
}

// A house is our pool with one of the providers, and the app behind it.
type house struct {
	f      *harness.Fixture
	p      *provider
	client string
	subs   map[string]bool // of who arrived
}

// TestIdentityProviders signs people in from every provider, and holds the matrix in
// docs/saml.md to the outcome.
func TestIdentityProviders(t *testing.T) {
	s := harness.Start(t, harness.Shared, harness.AtLocalhost())
	f := s.Fixture(t)
	metadata := fetch(t, f.URL+"/"+f.PoolID+"/saml2/metadata")
	outcome := &cells{all: map[[2]string]string{}}
	for _, p := range providers {
		t.Run(p.name, func(t *testing.T) {
			h := &house{f: f, p: p.start(t, metadata), subs: map[string]bool{}}
			h.register(t)
			for _, feature := range providerFeatures {
				if why := h.p.cannot[feature.name]; why != "" {
					outcome.set(p.name, feature.name, why)
				} else if t.Run(feature.name, func(t *testing.T) { feature.test(t, h) }) {
					outcome.set(p.name, feature.name, "✓")
				}
			}
		})
	}
	if t.Failed() {
		return
	}
	var rows, columns []string
	for _, feature := range providerFeatures {
		rows = append(rows, feature.name)
	}
	for _, p := range providers {
		columns = append(columns, p.name)
	}
	checkMatrix(t, "providers", outcome, rows, columns)
}

// register makes the provider in our pool, and an app whose users it signs in.
func (h *house) register(t *testing.T) {
	t.Helper()
	api := h.f.Root().IDP
	_, err := api.CreateIdentityProvider(t.Context(), &idp.CreateIdentityProviderInput{UserPoolId: &h.f.PoolID, ProviderName: &h.p.name,
		ProviderType: types.IdentityProviderTypeTypeSaml, AttributeMapping: map[string]string{"email": mailAttribute}, ProviderDetails: h.details("false")})
	if err != nil {
		t.Fatal(err)
	}
	client, err := api.CreateUserPoolClient(t.Context(), &idp.CreateUserPoolClientInput{UserPoolId: &h.f.PoolID, ClientName: &h.p.name,
		AllowedOAuthFlows: []types.OAuthFlowType{types.OAuthFlowTypeCode}, AllowedOAuthFlowsUserPoolClient: true,
		AllowedOAuthScopes: []string{"openid", "email"}, CallbackURLs: []string{harness.Callback}, SupportedIdentityProviders: []string{h.p.name}})
	if err != nil {
		t.Fatal(err)
	}
	h.client = *client.UserPoolClient.ClientId
}

func (h *house) details(encrypted string) map[string]string {
	return map[string]string{"MetadataFile": h.p.metadata, "IDPInit": "true", "RequestSigningAlgorithm": "rsa-sha256", "EncryptedResponses": encrypted}
}

// ask is what an app asks for, at the authorize endpoint or in RelayState.
func (h *house) ask() url.Values {
	return url.Values{"client_id": {h.client}, "redirect_uri": {harness.Callback}, "response_type": {"code"}, "scope": {"openid email"},
		"identity_provider": {h.p.name}}
}

func (h *house) begin() string {
	return h.f.URL + "/" + h.f.PoolID + "/oauth2/authorize?" + h.ask().Encode()
}

// arrive walks to the app, and notes who arrived.
func (h *house) arrive(t *testing.T, b *harness.Browser, address string) (saml string) {
	t.Helper()
	done := harness.Leads(harness.Callback)
	p := b.Walk(t, address, h.p.who, func(p *harness.Page) bool {
		if f := p.Form("SAMLResponse"); f != nil {
			saml = message(t, f)
		}
		return done(p)
	})
	if !done(p) || p.URL.Query().Get("code") == "" {
		t.Fatalf("the sign-in ended at %s, %d: %s\n%s", p.URL, p.Status, p.Body, saml)
	}
	res, err := http.PostForm(h.f.URL+"/"+h.f.PoolID+"/oauth2/token", url.Values{"grant_type": {"authorization_code"}, "client_id": {h.client},
		"code": {p.URL.Query().Get("code")}, "redirect_uri": {harness.Callback}})
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	var tokens struct {
		ID string `json:"id_token"`
	}
	if err := json.NewDecoder(res.Body).Decode(&tokens); err != nil {
		t.Fatal(err)
	}
	var claims struct{ Sub, Email string }
	if raw, err := base64.RawURLEncoding.DecodeString(strings.Split(tokens.ID+"..", ".")[1]); err != nil || json.Unmarshal(raw, &claims) != nil {
		t.Fatalf("ID token %q: %v", tokens.ID, err)
	}
	if claims.Email != "alice@example.com" {
		t.Errorf("claims %+v", claims)
	}
	h.subs[claims.Sub] = true
	return saml
}

func testArrive(t *testing.T, h *house) { h.arrive(t, harness.NewBrowser(t, nil), h.begin()) }

func testArriveAgain(t *testing.T, h *house) {
	h.arrive(t, harness.NewBrowser(t, nil), h.begin())
	if len(h.subs) != 1 {
		t.Errorf("one person, but users %v", h.subs)
	}
}

func testBrokenDeparture(t *testing.T, h *house) {
	b := harness.NewBrowser(t, nil)
	p := b.Walk(t, h.begin(), nil, func(p *harness.Page) bool { return p.Redirects() && p.URL.Query().Has("SAMLRequest") })
	q := p.URL.Query()
	if q.Get("Signature") == "" {
		t.Fatalf("not signed: %s", p.URL)
	}
	q.Set("RelayState", q.Get("RelayState")+"x")
	p.URL.RawQuery = q.Encode()
	if p = b.Open(t, p.URL.String()); p.Status < 400 || p.Form("SAMLResponse") != nil {
		t.Errorf("answered %d: %s", p.Status, p.Body)
	}
}

func testUnasked(t *testing.T, h *house) {
	acs := h.f.URL + "/" + h.f.PoolID + "/saml2/idpresponse"
	h.arrive(t, harness.NewBrowser(t, nil), h.p.start(acs, "urn:amazon:cognito:sp:"+h.f.PoolID, h.ask().Encode()))
}

func testEncryptedArrival(t *testing.T, h *house) { h.encrypted(t, "gcm") }

func testCBCArrival(t *testing.T, h *house) {
	settings := func(text string) {
		h.f.Poolhouse(t, "PutIdentityProviderSettings", map[string]any{"UserPoolId": h.f.PoolID, "ProviderName": h.p.name, "Settings": text}, new(any))
	}
	settings(`{"SAML":{"CBC":true}}`)
	defer settings("{}")
	h.encrypted(t, "cbc")
}

// encrypted signs somebody in by an assertion that is encrypted so, and must be.
func (h *house) encrypted(t *testing.T, cipher string) {
	t.Helper()
	update := func(encrypted string) {
		_, err := h.f.Root().IDP.UpdateIdentityProvider(t.Context(), &idp.UpdateIdentityProviderInput{UserPoolId: &h.f.PoolID, ProviderName: &h.p.name,
			ProviderDetails: h.details(encrypted)})
		if err != nil {
			t.Fatal(err)
		}
	}
	update("true")
	defer update("false")
	h.p.encrypt(cipher)
	defer h.p.encrypt("")
	if saml := h.arrive(t, harness.NewBrowser(t, nil), h.begin()); !strings.Contains(saml, "EncryptedAssertion") || !strings.Contains(saml, "-"+cipher+`"`) {
		t.Errorf("not encrypted so: %s", saml)
	}
}

func startPySAML2IDP(t *testing.T, metadata []byte) *provider {
	t.Helper()
	requirePySAML2(t)
	dir, address := t.TempDir(), harness.FreeAddress(t)
	key, cert := spKeyPair(t)
	for file, content := range map[string][]byte{"sp.xml": metadata, "idp.key": key, "idp.crt": cert} {
		if err := os.WriteFile(filepath.Join(dir, file), content, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	cmd := exec.Command(python, filepath.Join(harness.Root(t), "conformance/saml/pysaml2_idp.py"))
	cmd.Dir = dir
	log := launch(t, cmd, address, dir)
	return &provider{name: "pysaml2", metadata: string(await(t, "http://"+address+"/metadata", log)),
		start: func(acs, entity, relay string) string {
			return "http://" + address + "/start?" + url.Values{"acs": {acs}, "sp": {entity}, "rs": {relay}}.Encode()
		},
		encrypt: func(cipher string) { fetch(t, "http://"+address+"/encrypt?as="+cipher) }}
}

// startPoolhouse is another Poolhouse, whose pool has our pool for an app.
func startPoolhouse(t *testing.T, metadata []byte) *provider {
	t.Helper()
	f := harness.Start(t, harness.Embedded).Fixture(t)
	app := f.SAMLApplication(t, "our pool", string(metadata), false)
	base := f.URL + "/" + f.PoolID + "/saml"
	update := func(fields map[string]any) {
		fields["UserPoolId"], fields["ApplicationId"] = f.PoolID, app.Application.ApplicationId
		f.Poolhouse(t, "UpdateSamlApplication", fields, new(any))
	}
	update(map[string]any{"NameIdFormat": "persistent"})
	return &provider{name: "Poolhouse", metadata: string(fetch(t, base+"/metadata")), who: &f.Alice,
		start: func(_, _, relay string) string {
			return base + "/init/" + app.Application.ApplicationId + "?" + url.Values{"RelayState": {relay}}.Encode()
		},
		encrypt: func(cipher string) {
			settings := map[string]any{}
			if cipher != "" {
				settings["EncryptionAlgorithm"] = "aes256-" + cipher
			}
			update(map[string]any{"EncryptAssertion": cipher != "", "SignResponse": true, "Settings": settings})
		}}
}
