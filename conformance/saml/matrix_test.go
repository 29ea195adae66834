package saml_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/poolhouse/poolhouse/conformance/harness"
)

// A feature is a row of the matrix in docs/saml.md.
type feature struct {
	name string
	test func(*testing.T, *room)
}

// The features that some client has not; the rest have no need of a name.
const (
	signInPost     = "sign-in, request by POST"
	brokenPost     = "a signature that does not verify is refused, POST"
	ecdsa          = "signed with ECDSA, P-256"
	aes256         = "assertion encrypted, AES-256-GCM"
	persistentName = "NameIDPolicy: persistent"
	emailName      = "NameIDPolicy: emailAddress"
	invalidNameID  = "NameIDPolicy that cannot be met: InvalidNameIDPolicy"
	contextMet     = "RequestedAuthnContext that can be met"
	contextElse    = "RequestedAuthnContext that cannot be met: NoAuthnContext"
	forceAuthn     = "ForceAuthn: the user proves again, AuthnInstant is fresh"
	sloRedirect    = "single logout from the app, by Redirect"
	sloPost        = "single logout from the app, by POST"
	sloSOAP        = "single logout from the app, by SOAP"
	sloOurs        = "single logout from our side"
	sloOursSOAP    = "single logout from our side, by SOAP"
	enhanced       = "sign-in without a browser, by an enhanced client (ECP)"
)

var features = []feature{
	{"sign-in, request by Redirect", testSignIn},
	{signInPost, testSignInPost},
	{"sign-in from our side, with RelayState", testInitiated},
	{"single sign-on: no second sign-in page", testSingleSignOn},
	{"attribute with several values", testValues},
	{"Response signed, the assertion not", testResponseSigned},
	{"assertion signed, the Response not", testAssertionSigned},
	{"both signed", testBothSigned},
	{"signed with RSA-SHA512", testSHA512},
	{ecdsa, testECDSA},
	{aes256, testAES256},
	{"assertion encrypted, AES-128-GCM", testAES128},
	{"a signature that does not verify is refused, Redirect", testBrokenRedirect},
	{brokenPost, testBrokenPost},
	{persistentName, testPersistent},
	{emailName, testEmail},
	{invalidNameID, testInvalidNameID},
	{contextMet, testContext},
	{contextElse, testNoContext},
	{"IsPassive of a stranger: NoPassive", testNoPassive},
	{"IsPassive with a session", testPassive},
	{forceAuthn, testForceAuthn},
	{enhanced, testECP},
	{sloRedirect, testLogoutRedirect},
	{sloPost, testLogoutPost},
	{sloSOAP, testLogoutSOAP},
	{sloOurs, testLogoutOurs},
	{sloOursSOAP, testLogoutOursSOAP},
}

var clients = []struct {
	name  string
	start func(*testing.T, []byte) *client
}{
	{"mod_auth_mellon", startMellon},
	{"pysaml2", startPySAML2},
	{"node-saml", startNodeSAML},
	{"samlify", startSamlify},
	{"crewjam/saml", startCrewjam},
}

// A cell is what became of a feature with a client: ✓, or why it was not tried.
type cells struct {
	sync.Mutex
	all map[[2]string]string // client, feature
}

func (c *cells) set(client, feature, text string) {
	c.Lock()
	defer c.Unlock()
	c.all[[2]string{client, feature}] = text
}

// TestServiceProviders runs every feature with every client, and holds the
// matrix in docs/saml.md to the outcome. UPDATE_DOCS=1 writes it anew.
func TestServiceProviders(t *testing.T) {
	s := harness.Start(t, harness.Shared)
	f := s.Fixture(t)
	joinGroups(t, f, f.Alice.Username, "ops", "staff")
	allowEnhancedClients(t, f)
	registerCurve(t, f) // before the clients read our metadata
	metadata := fetch(t, f.URL+"/"+f.PoolID+"/saml/metadata")
	outcome := &cells{all: map[[2]string]string{}}
	t.Run("clients", func(t *testing.T) {
		for _, c := range clients {
			t.Run(c.name, func(t *testing.T) {
				t.Parallel()
				runClient(t, f, c.start(t, metadata), outcome)
			})
		}
	})
	if t.Failed() {
		return
	}
	var rows, columns []string
	for _, feature := range features {
		rows = append(rows, feature.name)
	}
	for _, c := range clients {
		columns = append(columns, c.name)
	}
	checkMatrix(t, "clients", outcome, rows, columns)
}

func runClient(t *testing.T, f *harness.Fixture, c *client, outcome *cells) {
	app := f.SAMLApplication(t, strings.ReplaceAll(c.name, "/", " "), c.metadata, false)
	r := &room{f: f, c: c, id: app.Application.ApplicationId, browser: harness.NewBrowser(t, nil)}
	for _, feature := range features {
		if why := c.cannot[feature.name]; why != "" {
			outcome.set(c.name, feature.name, why)
			continue
		}
		if t.Run(feature.name, func(t *testing.T) { feature.test(t, r) }) {
			outcome.set(c.name, feature.name, "✓")
		}
	}
}

// checkMatrix compares a matrix in docs/saml.md with the outcome.
func checkMatrix(t *testing.T, name string, outcome *cells, rows, columns []string) {
	t.Helper()
	start, end := "<!-- "+name+": written by conformance/saml, UPDATE_DOCS=1 -->\n", "<!-- end of "+name+" -->\n"
	path := filepath.Join(harness.Root(t), "docs/saml.md")
	doc, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	head, rest, ok := strings.Cut(string(doc), start)
	_, tail, ok2 := strings.Cut(rest, end)
	if !ok || !ok2 {
		t.Fatalf("docs/saml.md has no matrix of %s", name)
	}
	want := head + start + matrix(outcome, rows, columns) + end + tail
	if want == string(doc) {
		return
	}
	if os.Getenv("UPDATE_DOCS") == "" {
		t.Fatal("the matrix in docs/saml.md is not the outcome; UPDATE_DOCS=1 writes it")
	}
	if err := os.WriteFile(path, []byte(want), 0o644); err != nil {
		t.Fatal(err)
	}
}

// matrix writes the outcome as a table, and below it why cells are empty.
func matrix(outcome *cells, rows, columns []string) string {
	var b, notes strings.Builder
	b.WriteString("| | " + strings.Join(columns, " | ") + " |\n|---" + strings.Repeat("|:-:", len(columns)) + "|\n")
	numbers := map[string]int{}
	for _, row := range rows {
		b.WriteString("| " + row)
		for _, column := range columns {
			text := outcome.all[[2]string{column, row}]
			if text != "✓" {
				why := column + ": " + text
				if numbers[why] == 0 {
					numbers[why] = len(numbers) + 1
					fmt.Fprintf(&notes, "%d. %s\n", numbers[why], why)
				}
				text = fmt.Sprintf("– (%d)", numbers[why])
			}
			b.WriteString(" | " + text)
		}
		b.WriteString(" |\n")
	}
	return b.String() + "\nWhat some cannot do:\n\n" + notes.String()
}
