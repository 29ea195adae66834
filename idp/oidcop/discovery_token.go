package oidcop

import (
	"slices"

	"github.com/poolhouse/poolhouse/idp/clientauth"
	"github.com/poolhouse/poolhouse/internal/jose"
)

// tokenMetadata is what discovery says of the endpoints that programs call.
type tokenMetadata struct {
	TokenAuth                []string `json:"token_endpoint_auth_methods_supported"`
	TokenAuthAlgorithms      []string `json:"token_endpoint_auth_signing_alg_values_supported"`
	RevocationAuth           []string `json:"revocation_endpoint_auth_methods_supported"`
	RevocationAuthAlgorithms []string `json:"revocation_endpoint_auth_signing_alg_values_supported"`
}

func (h *Handler) tokenMetadata() tokenMetadata {
	methods := clientauth.Methods(h.MutualTLS)
	algorithms := slices.Concat(jose.Asymmetric, jose.Symmetric)
	return tokenMetadata{TokenAuth: methods, TokenAuthAlgorithms: algorithms, RevocationAuth: methods, RevocationAuthAlgorithms: algorithms}
}
