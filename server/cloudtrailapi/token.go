package cloudtrailapi

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
)

// maxToken bounds what is opened, in bytes; ours are far smaller.
const maxToken = 4096

// placeOf is what binds a page token to its lookup: all of the input but the size
// of the pages and the token itself.
func placeOf(in *LookupEventsInput) string {
	bound := *in
	bound.MaxResults, bound.NextToken = nil, nil
	raw, _ := json.Marshal(bound) // texts and times: it cannot fail
	sum := sha256.Sum256(raw)
	return "cloudtrail/LookupEvents/" + hex.EncodeToString(sum[:])
}

// sealToken hides where the next page begins: clients have nothing to read there.
func (a *API) sealToken(after, place string) (*string, error) {
	sealed, err := a.Sealer.Seal([]byte(after), place)
	if err != nil {
		return nil, err
	}
	token := base64.RawURLEncoding.EncodeToString(sealed)
	return &token, nil
}

// openToken returns errNextToken for all that sealToken did not make for this lookup.
func (a *API) openToken(token, place string) (string, error) {
	if len(token) > maxToken {
		return "", errNextToken
	}
	sealed, err := base64.RawURLEncoding.Strict().DecodeString(token)
	if err != nil {
		return "", errNextToken
	}
	after, err := a.Sealer.Open(sealed, place)
	if err != nil {
		return "", errNextToken
	}
	return string(after), nil
}
