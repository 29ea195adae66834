package userpool

import (
	"encoding/json"
	"errors"
	"maps"
	"slices"

	exact "github.com/go-jose/go-jose/v4/json" // tells names by case

	"github.com/poolhouse/poolhouse/internal/jsonlimit"
)

// claimsLimit bounds a claims parameter. It is kept with the sign-in, and a claim's
// request has no reason to be deeper.
var claimsLimit = jsonlimit.Limit{Bytes: 8 << 10, Depth: 6}

// maxAsked bounds the claims of one place.
const maxAsked = 100

// ErrClaimsRequest is what a claims parameter is that cannot be read.
var ErrClaimsRequest = errors.New("userpool: claims request is malformed")

// A ClaimsRequest is the claims parameter (OpenID Connect Core section 5.5): which
// claims an app asks for by name, and where. Members that are not known are left
// out, as the section says.
type ClaimsRequest struct {
	UserInfo map[string]*ClaimRequest `json:"userinfo,omitempty"`
	IDToken  map[string]*ClaimRequest `json:"id_token,omitempty"`
}

// A ClaimRequest is what is asked of one claim. It is nil where the claim is only named.
type ClaimRequest struct {
	Essential bool              `json:"essential,omitempty"`
	Value     json.RawMessage   `json:"value,omitempty"`
	Values    []json.RawMessage `json:"values,omitempty"`
}

// ParseClaimsRequest reads a claims parameter. What is not one is ErrClaimsRequest.
func ParseClaimsRequest(text []byte) (*ClaimsRequest, error) {
	r := new(ClaimsRequest)
	if claimsLimit.Check(text) != nil || exact.Unmarshal(text, &r) != nil || r == nil {
		return nil, ErrClaimsRequest
	}
	if len(r.UserInfo) > maxAsked || len(r.IDToken) > maxAsked {
		return nil, ErrClaimsRequest
	}
	return r, nil
}

// Texts returns the values of a claim that would do, as far as they are texts.
func (c *ClaimRequest) Texts() (list []string) {
	if c == nil {
		return nil
	}
	for _, raw := range append([]json.RawMessage{c.Value}, c.Values...) {
		var s string
		if raw != nil && json.Unmarshal(raw, &s) == nil {
			list = append(list, s)
		}
	}
	return list
}

// The places that claims are asked for.
func inIDToken(r *ClaimsRequest) map[string]*ClaimRequest  { return r.IDToken }
func inUserInfo(r *ClaimsRequest) map[string]*ClaimRequest { return r.UserInfo }

// askedFor are the claims that were asked for by name in one place. A stored request
// was checked; one that cannot be read asks for nothing.
func (p *Particulars) askedFor(place func(*ClaimsRequest) map[string]*ClaimRequest) []string {
	if len(p.Claims) == 0 {
		return nil
	}
	r, err := ParseClaimsRequest(p.Claims)
	if err != nil {
		return nil
	}
	return slices.Sorted(maps.Keys(place(r)))
}
