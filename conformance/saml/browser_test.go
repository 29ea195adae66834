package saml_test

import (
	"os/exec"
	"testing"

	"github.com/poolhouse/poolhouse/conformance/harness"
)

// TestChromium signs in to an app and out again in a real browser.
func TestChromium(t *testing.T) {
	path, err := exec.LookPath("chromium")
	if err != nil {
		harness.Missing(t, "chromium is not installed")
	}
	f := harness.Start(t, harness.Embedded, harness.AtLocalhost()).Fixture(t)
	c := startNodeSAML(t, fetch(t, f.URL+"/"+f.PoolID+"/saml/metadata"))
	app := f.SAMLApplication(t, "node-saml", c.metadata, true)
	harness.Node(t, "saml/browser.test.js", append(f.Env(), "POOLHOUSE_TEST_CHROMIUM="+path, "APP_URL="+c.url,
		"INITIATE_URL="+f.URL+"/"+f.PoolID+"/saml/init/"+app.Application.ApplicationId)...)
}
