package identity

import (
	_ "embed"
	"strings"
)

// guestPolicy is what guests may use at most, whatever their role allows: the
// services that AWS lists for the enhanced flow.
//
//go:embed guestpolicy.json
var guestPolicy string

// guestPolicyARN is the managed policy that AWS adds to the list. What either of
// them allows is within bounds.
const guestPolicyARN = "arn:aws:iam::aws:policy/AmazonCognitoUnAuthedIdentitiesSessionPolicy"

// A GuestScope is the session policies of guests in the enhanced flow. Its zero
// value stands for nothing: guests then have all that their role allows.
type GuestScope struct {
	Policy     string   // inline, JSON
	PolicyARNs []string // managed
}

// DefaultGuestScope is AWS's.
func DefaultGuestScope() GuestScope {
	return GuestScope{Policy: strings.TrimSpace(guestPolicy), PolicyARNs: []string{guestPolicyARN}}
}
