// Package sync_test runs amazon-cognito-js, the published sync library, the Sync
// client of the AWS SDK for JavaScript v3 and our own web client against the binary.
package sync_test

import (
	"testing"

	"github.com/poolhouse/poolhouse/conformance/harness"
)

// TestWebClientParts checks what the web client does by itself.
func TestWebClientParts(t *testing.T) { harness.Node(t, "sync/parts.test.js") }

func TestCognitoSync(t *testing.T) {
	harness.EachStore(t, func(t *testing.T, s *harness.Server) {
		env := s.Fixture(t).Env()
		harness.Node(t, "sync/devices.test.js", env...)
		harness.Node(t, "sync/client.test.js", env...)
		harness.Node(t, "sync/web.test.js", env...)
	})
}
