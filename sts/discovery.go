package sts

import "encoding/json"

// Discovery returns the discovery document of an issuer that signs tokens for others to
// verify, and signs nobody in. Its key set stands at /.well-known/jwks.json below it.
func Discovery(issuer string, algorithms, claims []string) ([]byte, error) {
	return json.Marshal(struct {
		Issuer     string   `json:"issuer"`
		JWKS       string   `json:"jwks_uri"`
		Responses  []string `json:"response_types_supported"`
		Subjects   []string `json:"subject_types_supported"`
		Algorithms []string `json:"id_token_signing_alg_values_supported"`
		Claims     []string `json:"claims_supported"`
	}{issuer, issuer + "/.well-known/jwks.json", []string{"id_token"}, []string{"public"}, algorithms, claims})
}
