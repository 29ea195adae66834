package userpool

import (
	"slices"
	"strings"
	"unicode/utf8"
)

// StandardSchema returns the attributes that every pool has, in the order in
// which AWS lists them. The caller may change the result.
func StandardSchema() []SchemaAttribute {
	text := func(name string) SchemaAttribute {
		return SchemaAttribute{Name: name, Type: "String", Mutable: true, Min: "0", Max: "2048"}
	}
	flag := func(name string) SchemaAttribute { return SchemaAttribute{Name: name, Type: "Boolean", Mutable: true} }
	birthdate := text("birthdate")
	birthdate.Min, birthdate.Max = "10", "10"
	return []SchemaAttribute{
		{Name: "sub", Type: "String", Required: true, Min: "1", Max: "2048"},
		text("name"), text("given_name"), text("family_name"), text("middle_name"), text("nickname"),
		text("preferred_username"), text("profile"), text("picture"), text("website"), text("email"),
		flag("email_verified"), text("gender"), birthdate, text("zoneinfo"), text("locale"),
		text("phone_number"), flag("phone_number_verified"), text("address"),
		{Name: "updated_at", Type: "Number", Mutable: true, Min: "0"},
		{Name: "identities", Type: "String", Mutable: true},
	}
}

// Attribute returns an attribute of the pool's schema, or nil.
func (p *Pool) Attribute(name string) *SchemaAttribute {
	for i := range p.Schema {
		if p.Schema[i].Name == name {
			return &p.Schema[i]
		}
	}
	return nil
}

// maxCustom is how many custom attributes a pool can have.
const maxCustom = 50

// applySchema merges the attributes of CreateUserPool into the schema: standard
// ones are replaced, all others are custom.
func (p *Pool) applySchema(wanted []SchemaAttribute) error {
	var custom []SchemaAttribute
	for _, a := range wanted {
		old := p.Attribute(a.Name)
		if old == nil {
			custom = append(custom, a)
			continue
		}
		if err := old.replace(a); err != nil {
			return err
		}
	}
	return p.addCustom(custom)
}

// replace changes a standard attribute. Its type is fixed, and sub and the
// *_verified attributes are as they are.
func (a *SchemaAttribute) replace(by SchemaAttribute) error {
	if by.Type != "" && by.Type != a.Type {
		return invalid("You can not change AttributeDataType or set developerOnlyAttribute for standard schema attribute %s", a.Name)
	}
	if by.Developer {
		return invalid("You can not change AttributeDataType or set developerOnlyAttribute for standard schema attribute %s", a.Name)
	}
	if a.Name == "sub" || a.Type == "Boolean" {
		return nil
	}
	a.Mutable, a.Required = by.Mutable, by.Required
	if by.Min != "" {
		a.Min = by.Min
	}
	if by.Max != "" {
		a.Max = by.Max
	}
	return a.validBounds()
}

// addCustom adds custom attributes, which are named without their prefix.
func (p *Pool) addCustom(attributes []SchemaAttribute) error {
	for _, a := range attributes {
		if err := checkCustomName(a.Name); err != nil {
			return err
		}
		if a.Required {
			return invalid("Required custom attributes are not supported currently.")
		}
		if a.Type == "" {
			a.Type = "String"
		}
		if !slices.Contains([]string{"String", "Number", "DateTime", "Boolean"}, a.Type) {
			return invalid("Invalid type of the custom attribute %s: %s", a.Name, a.Type)
		}
		if err := a.validBounds(); err != nil {
			return err
		}
		if a.Developer {
			a.Name = "dev:custom:" + a.Name
		} else {
			a.Name = "custom:" + a.Name
		}
		if p.Attribute(a.Name) != nil {
			return invalid("%s: Existing attribute already has name %s.", a.Name, a.Name)
		}
		a.Key = p.freeKey(a.Name)
		p.Schema = append(p.Schema, a)
	}
	if len(p.Schema)-len(StandardSchema()) > maxCustom {
		return invalid("A user pool can have 50 custom attributes.")
	}
	return nil
}

// checkCustomName checks a custom attribute's name without its prefix.
func checkCustomName(name string) error {
	if name == "" || len(name) > 20 || strings.ContainsAny(name, ":\x00") || !utf8.ValidString(name) {
		return invalid("Invalid name of a custom attribute: %s", name)
	}
	return nil
}

func (a *SchemaAttribute) validBounds() error {
	low, okLow := bound(a.Min, 0)
	high, okHigh := bound(a.Max, 1<<62)
	if !okLow || !okHigh || low > high || a.Type == "String" && (low < 0 || a.Max != "" && high > 2048) {
		return invalid("Invalid constraints of the attribute %s.", a.Name)
	}
	return nil
}
