package samlidp

import (
	"slices"

	"github.com/crewjam/saml"

	"github.com/poolhouse/poolhouse/internal/samlxml"
)

// paosBinding is that of endpoints which take a Response from an enhanced client
// (Bindings 3.3).
const paosBinding = "urn:oasis:names:tc:SAML:2.0:bindings:PAOS"

// postEndpoints returns the assertion consumer services with the POST binding, which
// every application has.
func postEndpoints(sp *samlxml.SPMetadata) []saml.IndexedEndpoint {
	return endpointsBy(saml.HTTPPostBinding, sp)
}

// paosEndpoints returns those for enhanced clients, which few have.
func paosEndpoints(sp *samlxml.SPMetadata) []saml.IndexedEndpoint {
	return endpointsBy(paosBinding, sp)
}

// artifactEndpoints returns those with the artifact binding. Only an app with a key
// can resolve an artifact.
func artifactEndpoints(sp *samlxml.SPMetadata) []saml.IndexedEndpoint {
	if len(sp.Signing) == 0 {
		return nil
	}
	return endpointsBy(saml.HTTPArtifactBinding, sp)
}

func endpointsBy(binding string, sp *samlxml.SPMetadata) []saml.IndexedEndpoint {
	var all []saml.IndexedEndpoint
	for _, e := range sp.Entity.SPSSODescriptors[0].AssertionConsumerServices {
		if e.Binding == binding {
			all = append(all, e)
		}
	}
	return all
}

// defaultEndpoint is the first with isDefault="true", else the first that does
// not say "false", else the first (Metadata 2.2.3).
func defaultEndpoint(all []saml.IndexedEndpoint) saml.IndexedEndpoint {
	is := func(want bool) func(saml.IndexedEndpoint) bool {
		return func(e saml.IndexedEndpoint) bool { return e.IsDefault != nil && *e.IsDefault == want }
	}
	if i := slices.IndexFunc(all, is(true)); i >= 0 {
		return all[i]
	}
	if i := slices.IndexFunc(all, func(e saml.IndexedEndpoint) bool { return !is(false)(e) }); i >= 0 {
		return all[i]
	}
	return all[0]
}
