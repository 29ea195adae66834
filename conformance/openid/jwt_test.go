package openid_test

import (
	"encoding/json"
	"testing"

	"github.com/go-jose/go-jose/v4"
)

// signed makes a JWT of claims with a relying party's key, under the key's id and
// algorithm. typ is left out where it is empty.
func signed(t *testing.T, key jose.JSONWebKey, typ string, claims any) string {
	t.Helper()
	options := new(jose.SignerOptions)
	if typ != "" {
		options.WithType(jose.ContentType(typ))
	}
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: jose.SignatureAlgorithm(key.Algorithm), Key: key}, options)
	if err != nil {
		t.Fatal(err)
	}
	payload, err := json.Marshal(claims)
	if err != nil {
		t.Fatal(err)
	}
	jws, err := signer.Sign(payload)
	if err != nil {
		t.Fatal(err)
	}
	raw, err := jws.CompactSerialize()
	if err != nil {
		t.Fatal(err)
	}
	return raw
}
