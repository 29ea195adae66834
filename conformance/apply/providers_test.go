package apply_test

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/poolhouse/poolhouse/conformance/harness"
)

const withProvider = `
pools:
  - name: Company
    groups: [{name: admin}]
    clients:
      - name: web
        settings: {SupportedIdentityProviders: [COGNITO, Google]}
    identityProviders:
      - name: Google
        type: Google
        settings:
          ProviderDetails: {client_id: c, client_secret: s, authorize_scopes: openid email}
          AttributeMapping: {email: email}
          IdpIdentifiers: [acme.example]
        federation: {GroupsClaim: groups, Groups: {admins: admin}, Domains: [acme.example], Link: domain}
`

// TestIdentityProviders makes a provider between the groups that it names and the client
// that names it, and finds nothing to change the next time.
func TestIdentityProviders(t *testing.T) {
	s := harness.Start(t, harness.Embedded)
	file := filepath.Join(t.TempDir(), "pool.yaml")
	if err := os.WriteFile(file, []byte(withProvider), 0o600); err != nil {
		t.Fatal(err)
	}
	planned, made := apply(t, s, file, "--diff"), apply(t, s, file)
	if !slices.Equal(changes(planned), changes(made)) || !slices.Contains(changes(made), "+ identity provider Google of pool Company") {
		t.Errorf("--diff announced\n%s\nbut apply did\n%s", planned, made)
	}
	if again := apply(t, s, file); again != "Nothing to change.\n" {
		t.Errorf("the second time it says\n%s", again)
	}
	fewer := strings.Replace(withProvider, "{admins: admin}", "{}", 1)
	if err := os.WriteFile(file, []byte(fewer), 0o600); err != nil {
		t.Fatal(err)
	}
	if gone := apply(t, s, file); !slices.Contains(changes(gone), "~ federation settings of identity provider Google of pool Company: Groups") {
		t.Errorf("a group is meant no more, and it says\n%s", gone)
	}
	if again := apply(t, s, file); again != "Nothing to change.\n" {
		t.Errorf("then it says\n%s", again)
	}
}
