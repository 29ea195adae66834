package oidcop

import (
	"bytes"
	"encoding/json"
	"slices"

	exact "github.com/go-jose/go-jose/v4/json" // tells names by case

	"github.com/poolhouse/poolhouse/internal/jsonlimit"
)

// detailsLimit bounds authorization_details: they are kept with the sign-in, travel
// in access tokens, and are shown to a person.
var detailsLimit = jsonlimit.Limit{Bytes: 8 << 10, Depth: 8}

const maxDetails = 20

// A detail is what RFC 9396 section 2 knows of an authorization detail. Other members
// mean something to the type alone.
type detail struct {
	Type       string   `json:"type"`
	Locations  []string `json:"locations"`
	Actions    []string `json:"actions"`
	DataTypes  []string `json:"datatypes"`
	Privileges []string `json:"privileges"`
	Identifier string   `json:"identifier"`
}

// parseDetails reads authorization_details. Each type must be one that the client
// registered (RFC 9396 section 5).
func (req *request) parseDetails() error {
	text := []byte(req.params.Get("authorization_details"))
	if len(text) == 0 {
		return nil
	}
	malformed := oauthFail("invalid_authorization_details", "authorization_details is no list of typed objects.")
	var list []detail
	if detailsLimit.Check(text) != nil || exact.Unmarshal(text, &list) != nil || len(list) == 0 || len(list) > maxDetails {
		return malformed
	}
	for _, d := range list {
		if d.Type == "" {
			return malformed
		}
		if !slices.Contains(req.client.OpenID.DetailTypes, d.Type) {
			return oauthFail("invalid_authorization_details", "The client may not ask for this type.")
		}
	}
	var flat bytes.Buffer
	if err := json.Compact(&flat, text); err != nil {
		return malformed
	}
	req.details = flat.Bytes()
	return nil
}

// shownDetails are the details as a person reads them.
func (req *request) shownDetails() (list []string) {
	var details []json.RawMessage
	if len(req.details) == 0 || json.Unmarshal(req.details, &details) != nil {
		return nil
	}
	for _, d := range details {
		var text bytes.Buffer
		if json.Indent(&text, d, "", "  ") == nil {
			list = append(list, text.String())
		}
	}
	return list
}
