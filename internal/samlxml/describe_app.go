package samlxml

import (
	"strconv"

	"github.com/crewjam/saml"
)

// WriteAppMetadata writes the least metadata that a service provider can have: its
// name and where assertions are posted, the default first.
func WriteAppMetadata(entityID string, acs []string) []byte {
	var w writer
	w.open("md:EntityDescriptor", "xmlns:md", nsMetadata, "entityID", entityID)
	w.open("md:SPSSODescriptor", "protocolSupportEnumeration", nsProtocol)
	for i, address := range acs {
		w.leaf("md:AssertionConsumerService", "", "Binding", saml.HTTPPostBinding, "Location", address,
			"index", strconv.Itoa(i), "isDefault", whether(i == 0))
	}
	w.close("md:SPSSODescriptor")
	w.close("md:EntityDescriptor")
	return []byte(w.String())
}
