package userpool

import (
	"maps"
	"net/mail"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// A writer is who sets attributes.
type writer struct {
	admin    bool
	creating bool    // immutable attributes can be set only then
	client   *Client // of a user's own request; nil for the hosted account's pages
}

// mayWrite refuses attributes that the client must not set.
func (w writer) mayWrite(p *Pool, name string) bool {
	if w.admin {
		return true
	}
	if strings.HasPrefix(name, "dev:") || name == "email_verified" || name == "phone_number_verified" || name == "identities" {
		return false
	}
	if a := p.Attribute(name); a == nil || a.Required {
		return true // an unknown one is a matter of the schema
	}
	if w.client == nil || len(w.client.WriteAttributes) == 0 {
		return !strings.HasPrefix(name, "custom:")
	}
	return slices.Contains(w.client.WriteAttributes, name)
}

// checkWrite validates attributes that w wants to set or, with an empty value, to
// delete: permission, schema, then the form of addresses.
func (p *Pool) checkWrite(w writer, attributes map[string]string) error {
	names := slices.Sorted(maps.Keys(attributes))
	for _, name := range names {
		if !w.mayWrite(p, name) {
			return Fail(ErrNotAuthorized, "A client attempted to write unauthorized attribute")
		}
	}
	if err := p.checkSchema(w, names, attributes); err != nil {
		return err
	}
	if email := attributes["email"]; email != "" && !validEmail(email) {
		return invalid("Invalid email address format.")
	}
	if phone := attributes["phone_number"]; phone != "" && !validPhone(phone) {
		return invalid("Invalid phone number format.")
	}
	if name := attributes["preferred_username"]; name != "" && slices.Contains(p.AliasAttributes, "preferred_username") {
		return p.checkUsername(name)
	}
	return nil
}

// checkSchema collects one line for each fault, as AWS does.
func (p *Pool) checkSchema(w writer, names []string, attributes map[string]string) error {
	var faults strings.Builder
	for _, name := range names {
		a := p.Attribute(name)
		if a == nil {
			faults.WriteString(name + ": Attribute does not exist in the schema.\n")
			continue
		}
		if name == "sub" || name == "identities" || !a.Mutable && !w.creating {
			return invalid("user.%s: Attribute cannot be updated.\n ", name)
		}
		if why := a.fault(attributes[name]); why != "" {
			faults.WriteString(name + ": " + why + "\n")
		}
	}
	if faults.Len() > 0 {
		return invalid("Attributes did not conform to the schema: %s", faults.String())
	}
	return nil
}

// checkRequired says which required attributes a new user lacks.
func (p *Pool) checkRequired(attributes map[string]string) error {
	var faults strings.Builder
	for _, a := range p.Schema {
		if a.Required && a.Name != "sub" && attributes[a.Name] == "" {
			faults.WriteString(a.Name + ": The attribute is required\n")
		}
	}
	if faults.Len() > 0 {
		return invalid("Attributes did not conform to the schema: %s", faults.String())
	}
	return nil
}

// fault says why a value does not fit the attribute. The empty value, which
// deletes, always fits.
func (a *SchemaAttribute) fault(value string) string {
	if value == "" {
		if a.Required {
			return "The attribute is required"
		}
		return ""
	}
	if !utf8.ValidString(value) || strings.ContainsRune(value, 0) || utf8.RuneCountInString(value) > 2048 {
		return "The value is too long or not valid text."
	}
	low, _ := bound(a.Min, 0)
	high, _ := bound(a.Max, 1<<62)
	switch a.Type {
	case "String":
		if n := int64(utf8.RuneCountInString(value)); n < low || n > high {
			return "The length of the value is not in the range of the schema."
		}
	case "Number":
		n, err := strconv.ParseInt(value, 10, 64)
		if err != nil {
			return "The value is not a number."
		}
		if a.Min != "" && n < low || a.Max != "" && n > high {
			return "The value is not in the range of the schema."
		}
	case "Boolean":
		if value != "true" && value != "false" {
			return "The value is not a boolean."
		}
	case "DateTime":
		if _, err := time.Parse(time.RFC3339, value); err != nil {
			return "The value is not a date and time of ISO 8601."
		}
	}
	return ""
}

// bound parses a bound of the schema; absent is the number where there is none.
func bound(text string, absent int64) (int64, bool) {
	if text == "" {
		return absent, true
	}
	n, err := strconv.ParseInt(text, 10, 64)
	return n, err == nil
}

// validEmail reports whether text is a bare address with a dotted or a single
// domain, without comments, spaces or a display name.
func validEmail(text string) bool {
	a, err := mail.ParseAddress(text)
	return err == nil && a.Address == text && a.Name == "" && !strings.ContainsAny(text, " \t\r\n<>\"(),:;") && !strings.HasSuffix(text, ".")
}

// validPhone reports whether text is "+" and digits (E.164).
func validPhone(text string) bool {
	if len(text) < 3 || len(text) > 16 || text[0] != '+' {
		return false
	}
	return strings.Trim(text[1:], digits) == ""
}

// setAttributes writes checked attributes: an empty value deletes, and a new
// address is not verified unless the same request says so.
func (u *User) setAttributes(attributes map[string]string) {
	for _, address := range []string{"email", "phone_number"} {
		value, given := attributes[address]
		if !given || value == u.Attributes[address] {
			continue
		}
		if value == "" {
			delete(u.Attributes, address+"_verified")
		} else {
			u.Attributes[address+"_verified"] = "false"
		}
	}
	for name, value := range attributes {
		if value == "" {
			delete(u.Attributes, name)
		} else {
			u.Attributes[name] = value
		}
	}
}
