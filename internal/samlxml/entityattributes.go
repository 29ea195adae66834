package samlxml

import "github.com/beevik/etree"

const nsEntityAttributes = "urn:oasis:names:tc:SAML:metadata:attribute"

// entityAttributes returns what an entity's metadata says of the entity itself, such
// as the categories it belongs to (SAML V2.0 Metadata Extension for Entity
// Attributes). What stands in assertions there is left out: nobody verified them.
func entityAttributes(entity *etree.Element) (map[string][]string, error) {
	all := map[string][]string{}
	for _, ext := range children(entity, nsMetadata, "Extensions") {
		for _, list := range children(ext, nsEntityAttributes, "EntityAttributes") {
			for _, el := range children(list, nsAssertion, "Attribute") {
				a, err := decodeAttribute(el)
				if err != nil {
					return nil, err
				}
				for _, v := range a.Values {
					all[a.Name] = append(all[a.Name], v.Value)
				}
			}
		}
	}
	return all, nil
}
