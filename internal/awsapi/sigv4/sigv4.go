// Package sigv4 verifies AWS Signature Version 4 on incoming requests, in the
// Authorization header or presigned in the query, with its asymmetric variant
// SigV4A, whose signatures are good in a set of regions. It knows nothing of who
// owns a key: the caller resolves the secret between Parse and Verify.
package sigv4

import (
	"net/http"
	"time"
)

const (
	algorithm  = "AWS4-HMAC-SHA256"
	terminator = "aws4_request"
	basicTime  = "20060102T150405Z"

	// Unsigned in place of a payload hash says that the body is not covered.
	Unsigned = "UNSIGNED-PAYLOAD"

	// EmptyHash is the payload hash of a request without a body.
	EmptyHash = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"

	// MaxExpires is the longest life of a presigned request.
	MaxExpires = 7 * 24 * time.Hour
)

// A Kind is the reason why a signature is refused.
type Kind int

// The reasons, from nothing found to a wrong signature.
const (
	Missing    Kind = iota // the request carries no signature at all
	Incomplete             // a signature is there but can't be read
	Mismatch               // scope, time, payload or the signature itself is wrong
)

// An Error says why a signature is refused. Text is written for the client.
type Error struct {
	Kind Kind
	Text string
}

func (e *Error) Error() string { return "sigv4: " + e.Text }

// A Signature is what a request claims about itself.
type Signature struct {
	AccessKeyID  string
	SessionToken string // empty for a long-term key
	Region       string // from the credential scope; of SigV4A see CheckScopeAt
	RegionSet    string // of SigV4A: regions and patterns, separated by commas; else empty
	Service      string // from the credential scope
	Time         time.Time
	Expires      time.Duration // life of a presigned request, else 0

	scopeDate   string // yyyymmdd
	term        string
	timeText    string // Time as the client wrote it
	headers     []string
	mac         string // hex
	asymmetric  bool   // SigV4A
	payloadHash string // as declared, empty where the client declared none
	query       []Param
	presigned   bool
}

// Parse reads the signature of r. It verifies nothing; the error is an *Error.
func Parse(r *http.Request) (*Signature, error) {
	query, err := SplitQuery(r.URL.RawQuery)
	if err != nil {
		return nil, &Error{Incomplete, "The query string is malformed."}
	}
	signed := has(query, "X-Amz-Signature") || has(query, "X-Amz-Algorithm")
	auth := r.Header["Authorization"]
	switch {
	case signed && len(auth) > 0:
		return nil, &Error{Incomplete, "The request carries a signature both in its query and in its Authorization header."}
	case signed:
		return parsePresigned(r, query)
	case len(auth) > 1:
		return nil, &Error{Incomplete, "The request has more than one Authorization header."}
	case len(auth) == 0 || auth[0] == "":
		return nil, &Error{Missing, "Request is missing Authentication Token"}
	}
	return parseHeader(r, auth[0], query)
}

// ScopeService returns the service that the credential scope of r names, or ""
// where it can't be read. It authenticates nothing.
func ScopeService(r *http.Request) string {
	s, err := Parse(r)
	if err != nil {
		return ""
	}
	return s.Service
}
