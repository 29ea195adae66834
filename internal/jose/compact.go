package jose

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"strings"
)

// maxToken bounds a token before anything of it is decoded, in bytes.
const maxToken = 64 << 10

// strict refuses bits that base64 does not use, so that every token has one
// spelling.
var strict = base64.RawURLEncoding.Strict()

// A Header is the protected header of a token.
type Header struct {
	Algorithm   string // alg
	KeyID       string // kid
	Type        string // typ
	ContentType string // cty
	Encryption  string // enc
	// JWK is the key that the header carries, as it stands there; VerifyEmbedded is
	// the one reader of it.
	JWK json.RawMessage
}

// split takes a compact serialization apart and reads its header. It refuses
// whatever would have to be understood to be safe: critical extensions
// (RFC 7515 section 4.1.11), payloads that are not encoded (RFC 7797), and
// compression, which makes much of little.
func split(raw string, parts int) (Header, error) {
	if len(raw) > maxToken {
		return Header{}, invalid("%d bytes", len(raw))
	}
	if strings.Count(raw, ".") != parts-1 {
		return Header{}, invalid("not %d parts", parts)
	}
	var first []byte
	for i, part := range strings.Split(raw, ".") {
		if strings.ContainsAny(part, "\r\n") {
			return Header{}, invalid("line break in part %d", i)
		}
		decoded, err := strict.DecodeString(part)
		if err != nil {
			return Header{}, invalid("part %d is not base64url", i)
		}
		if i == 0 {
			first = decoded
		}
	}
	return parseHeader(first)
}

func parseHeader(raw []byte) (h Header, err error) {
	members, err := object(raw)
	if err != nil {
		return Header{}, err
	}
	for _, name := range []string{"crit", "b64", "zip"} {
		if _, ok := members[name]; ok {
			return Header{}, invalid("header has %s", name)
		}
	}
	for name, to := range map[string]*string{"alg": &h.Algorithm, "kid": &h.KeyID, "typ": &h.Type, "cty": &h.ContentType,
		"enc": &h.Encryption} {
		if value, ok := members[name]; ok && json.Unmarshal(value, to) != nil {
			return Header{}, invalid("%s is no string", name)
		}
	}
	h.JWK = members["jwk"]
	return h, nil
}

// object reads a JSON object. One that says something twice is refused: two
// readers could see two things.
func object(raw []byte) (map[string]json.RawMessage, error) {
	d := json.NewDecoder(bytes.NewReader(raw))
	if t, err := d.Token(); err != nil || t != json.Delim('{') {
		return nil, invalid("not an object")
	}
	members := map[string]json.RawMessage{}
	for d.More() {
		name, err := d.Token()
		if err != nil {
			return nil, invalid("not an object")
		}
		text, _ := name.(string)
		if _, twice := members[text]; twice {
			return nil, invalid("%q stands twice", text)
		}
		var value json.RawMessage
		if d.Decode(&value) != nil {
			return nil, invalid("not an object")
		}
		members[text] = value
	}
	if _, err := d.Token(); err != nil || d.InputOffset() != int64(len(bytes.TrimRight(raw, " \t\r\n"))) {
		return nil, invalid("not one object")
	}
	return members, nil
}
