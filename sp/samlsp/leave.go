package samlsp

import (
	"github.com/crewjam/saml"

	"github.com/poolhouse/poolhouse/internal/samlxml"
)

// logoutEndpoint is where a provider takes logout messages: by HTTP-Redirect where it
// can, as Cognito sends them. Nil: nowhere.
func logoutEndpoint(m *samlxml.IDPMetadata) *samlxml.Endpoint {
	if e := endpoint(m.SLO, saml.HTTPRedirectBinding); e != nil {
		return e
	}
	return endpoint(m.SLO, saml.HTTPPostBinding)
}
