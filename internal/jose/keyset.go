package jose

import (
	"encoding/json"
	"errors"
	"slices"

	gojose "github.com/go-jose/go-jose/v4"
)

// Bounds of a key set of somebody else's.
const (
	maxKeySet = 64 << 10 // bytes
	maxKeys   = 32
)

// private are the members of a JWK that nobody publishes (RFC 7518 sections 6.2.2,
// 6.3.2 and 6.4).
var private = []string{"d", "p", "q", "dp", "dq", "qi", "oth", "k"}

var errUnknownKind = errors.New("jose: a key of a kind that is not known")

// ParseKeySet reads a JWK set of public keys. Keys of kinds, curves or sizes that
// this package does not know are left out (RFC 7517 section 5). A set that holds
// something private, or nothing that is of use, is refused.
func ParseKeySet(raw []byte) (Keys, error) {
	if len(raw) > maxKeySet {
		return nil, invalid("key set of %d bytes", len(raw))
	}
	members, err := object(raw)
	if err != nil {
		return nil, err
	}
	var list []json.RawMessage
	if json.Unmarshal(members["keys"], &list) != nil {
		return nil, invalid("keys is no list")
	}
	if len(list) > maxKeys {
		return nil, invalid("%d keys", len(list))
	}
	var keys Keys
	for _, one := range list {
		key, err := parseKey(one)
		if errors.Is(err, errUnknownKind) {
			continue
		}
		if err != nil {
			return nil, err
		}
		keys = append(keys, *key)
	}
	if len(keys) == 0 {
		return nil, invalid("no key that can be used")
	}
	return keys, nil
}

// parseKey reads a public key, or returns errUnknownKind.
func parseKey(raw json.RawMessage) (*Key, error) {
	members, err := object(raw)
	if err != nil {
		return nil, err
	}
	for _, name := range private {
		if _, ok := members[name]; ok {
			return nil, invalid("the key has the private member %s", name)
		}
	}
	var ops []string
	if value, ok := members["key_ops"]; ok && json.Unmarshal(value, &ops) != nil {
		return nil, invalid("key_ops is no list")
	}
	var key gojose.JSONWebKey
	if key.UnmarshalJSON(raw) != nil || !strong(key.Key) {
		return nil, errUnknownKind
	}
	if key.Algorithm != "" && !slices.Contains(Asymmetric, key.Algorithm) && !slices.Contains(KeyManagers, key.Algorithm) {
		return nil, errUnknownKind
	}
	return &Key{ID: key.KeyID, Algorithm: key.Algorithm, Use: key.Use, Ops: ops, Material: key.Key, Certificates: key.Certificates}, nil
}

// EncodeKeySet is the JWK set of public keys.
func EncodeKeySet(keys Keys) ([]byte, error) {
	if keys == nil {
		keys = Keys{}
	}
	return json.Marshal(struct {
		Keys Keys `json:"keys"`
	}{keys})
}
