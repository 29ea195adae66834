package s3gateway_test

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/poolhouse/poolhouse/conformance/harness"
)

// TestS3 has boto3 and the AWS CLI work with credentials of Poolhouse, over a socket.
func TestS3(t *testing.T) {
	for _, p := range []harness.Profile{harness.Embedded, harness.Shared} {
		t.Run(string(p), func(t *testing.T) {
			socket := filepath.Join(t.TempDir(), "gw", "s")
			s := harness.Start(t, p, harness.Args("--gateway-socket", socket, "--gateway-access-key", gatewayKey, "--gateway-secret-file", secretFile(t)))
			f := s.Fixture(t)
			g := startGateway(t, socket)
			short := shortSession(t, f)
			harness.Python(t, "s3gateway/s3.py", g.env(f, short.env("SHORT")...)...)
			wantUntold(t, s.Printed()+g.log.String(), short.secret, short.token, gatewaySecret)
		})
	}
}

// TestOverTLS is the same service between two machines: both sides show certificates.
func TestOverTLS(t *testing.T) {
	a := harness.NewAuthority(t)
	cert, key := a.Issue(t, "localhost")
	own, ownKey := a.IssueClient(t, "gateway")
	addr := strings.Replace(harness.FreeAddress(t), "127.0.0.1", "localhost", 1)
	s := harness.Start(t, harness.Embedded, harness.Args("--gateway-addr", addr, "--gateway-tls-cert", cert, "--gateway-tls-key", key,
		"--gateway-client-ca", a.File, "--gateway-access-key", gatewayKey, "--gateway-secret-file", secretFile(t)))
	f := s.Fixture(t)
	g := startGateway(t, addr, "--iam-standalone-client-cert", own, "--iam-standalone-client-cert-key", ownKey, "--iam-standalone-server-ca", a.File)
	harness.Python(t, "s3gateway/over_tls.py", g.env(f)...)
}
