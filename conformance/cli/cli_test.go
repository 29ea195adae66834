// Package cli_test runs boto3 against the binary.
package cli_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/crewjam/saml"

	"github.com/poolhouse/poolhouse/conformance/harness"
)

// run runs a script with the root key, on each storage profile.
func run(t *testing.T, script string) {
	harness.EachProfile(t, func(t *testing.T, s *harness.Server) { harness.Python(t, "cli/"+script, s.Env()...) })
}

// runFixture is run for a script that signs users in.
func runFixture(t *testing.T, script string) {
	harness.EachProfile(t, func(t *testing.T, s *harness.Server) { harness.Python(t, "cli/"+script, s.Fixture(t).Env()...) })
}

func TestBoto3IdentityPools(t *testing.T) { runFixture(t, "identity.py") }
func TestBoto3IAM(t *testing.T)           { run(t, "iam.py") }
func TestBoto3CloudTrail(t *testing.T)    { run(t, "cloudtrail.py") }
func TestBoto3Policies(t *testing.T)      { run(t, "policy.py") }

func TestBoto3STS(t *testing.T) {
	file := filepath.Join(t.TempDir(), "assertions.json")
	raw, err := json.Marshal(assertions(t))
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, raw, 0o600); err != nil {
		t.Fatal(err)
	}
	harness.EachProfile(t, func(t *testing.T, s *harness.Server) {
		harness.Python(t, "cli/sts.py", append(s.Fixture(t).Env(), "POOLHOUSE_ASSERTIONS="+file)...)
	})
}

// assertions are what a SAML provider says, for a script that cannot sign: good ones,
// each of which counts once, and one for each thing that can be wrong.
func assertions(t *testing.T) map[string]any {
	idp, stranger := harness.NewSAMLIDP(t), harness.NewSAMLIDP(t)
	idp.Provider = "arn:aws:iam::" + harness.Account + ":saml-provider/sts-idp"
	stranger.Provider = idp.Provider
	var good []string
	for range 5 {
		good = append(good, idp.Response(t, nil))
	}
	out := map[string]any{"metadata": idp.Metadata(), "good": good, "another key": stranger.Response(t, nil)}
	for name, change := range map[string]func(*harness.SAMLClaim){
		"expired":           func(c *harness.SAMLClaim) { c.Until = time.Now().Add(-time.Second) },
		"another issuer":    func(c *harness.SAMLClaim) { c.Issuer = "https://evil.example" },
		"another recipient": func(c *harness.SAMLClaim) { c.Recipient = "https://app.example/acs" },
		"another role":      func(c *harness.SAMLClaim) { c.Role += "-other" },
		"no sign-in":        func(c *harness.SAMLClaim) { c.Status = saml.StatusResponder },
	} {
		out[name] = idp.Response(t, change)
	}
	return out
}
