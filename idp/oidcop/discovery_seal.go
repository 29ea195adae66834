package oidcop

import "github.com/poolhouse/poolhouse/internal/jose"

// A sealMetadata says how what clients receive can be named, signed and encrypted
// (OpenID Connect Discovery 1.0 section 3).
type sealMetadata struct {
	SubjectTypes       []string `json:"subject_types_supported"`
	IDTokenSigning     []string `json:"id_token_signing_alg_values_supported"`
	IDTokenEncryption  []string `json:"id_token_encryption_alg_values_supported"`
	IDTokenContent     []string `json:"id_token_encryption_enc_values_supported"`
	UserInfoSigning    []string `json:"userinfo_signing_alg_values_supported"`
	UserInfoEncryption []string `json:"userinfo_encryption_alg_values_supported"`
	UserInfoContent    []string `json:"userinfo_encryption_enc_values_supported"`
}

var sealing = sealMetadata{
	SubjectTypes:   []string{"public", "pairwise"},
	IDTokenSigning: jose.Asymmetric, IDTokenEncryption: jose.KeyManagers, IDTokenContent: jose.Contents,
	UserInfoSigning: jose.Asymmetric, UserInfoEncryption: jose.KeyManagers, UserInfoContent: jose.Contents,
}
