// Package oidc_test signs in through stock OpenID Connect clients.
package oidc_test

import (
	"testing"

	"github.com/poolhouse/poolhouse/conformance/harness"
)

func TestNode(t *testing.T) {
	harness.EachProfile(t, func(t *testing.T, s *harness.Server) {
		env := s.Fixture(t).Env()
		for _, file := range []string{"oidc/openid-client.test.js", "oidc/oauth4webapi.test.js"} {
			harness.Node(t, file, env...)
		}
	})
}
