package openid_test

import (
	"html"
	"os/exec"
	"strings"
	"testing"

	"github.com/poolhouse/poolhouse/conformance/harness"
)

// sessionManagement are the modules of the plan for OpenID Connect Session
// Management 1.0. The second one is Chromium's: session.test.js.
var sessionManagement = []module{
	{"oidcc-session-management-discovery-endpoint-verification", discovers("check_session_iframe", "end_session_endpoint")},
	{"oidcc-session-management-rp-initiated-logout", sessionLogout},
}

// sessionLogout has a page of the relying party ask the provider's frame, before
// and after the logout.
func sessionLogout(t *testing.T, e *exam) {
	chromium, err := exec.LookPath("chromium")
	if err != nil {
		harness.Missing(t, "chromium is not installed")
	}
	r := e.register(t, nearby)
	frame, _ := e.document["check_session_iframe"].(string)
	r.serve(r.home+"/watch", "text/html; charset=utf-8", `<!doctype html><html lang="en"><title>RP</title><iframe id="op" src="`+html.EscapeString(frame)+`"></iframe></html>`)
	signingIn <- struct{}{}
	defer func() { <-signingIn }()
	harness.Node(t, "openid/session.test.js", "POOLHOUSE_TEST_CHROMIUM="+chromium, "NODE_EXTRA_CA_CERTS="+e.ca.File, "OP_FRAME="+frame,
		"OP_START="+r.flow().start(t), "OP_TOKEN="+e.meta.Token, "OP_LOGOUT="+e.meta.EndSession, "OP_USER="+e.alice.Username, "OP_PASSWORD="+e.alice.Password,
		"RP_HOME="+near(r.home), "RP_ID="+r.id, "RP_SECRET="+r.secret)
}

// nearby puts the relying party at the provider's site, as far as browsers see: from
// frames of other sites they hide the cookie, and the provider can tell nothing.
func nearby(r *rp) { r.callback, r.goodbye = near(r.callback), near(r.goodbye) }

func near(address string) string { return strings.Replace(address, "127.0.0.1", "localhost", 1) }
