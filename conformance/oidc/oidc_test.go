// Package oidc_test signs in through stock OpenID Connect clients.
package oidc_test

import (
	"testing"

	"github.com/poolhouse/poolhouse/conformance/harness"
)

func TestOpenIDClient(t *testing.T) {
	harness.EachProfile(t, func(t *testing.T, s *harness.Server) {
		harness.Node(t, "oidc/openid-client.test.js", s.Fixture(t).Env()...)
	})
}
