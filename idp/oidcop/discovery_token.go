package oidcop

import (
	"slices"

	"github.com/poolhouse/poolhouse/idp/clientauth"
	"github.com/poolhouse/poolhouse/idp/dpop"
	"github.com/poolhouse/poolhouse/internal/jose"
	"github.com/poolhouse/poolhouse/userpool"
)

// tokenMetadata is what discovery says of the endpoints that programs call.
type tokenMetadata struct {
	TokenAuth                   []string `json:"token_endpoint_auth_methods_supported"`
	TokenAuthAlgorithms         []string `json:"token_endpoint_auth_signing_alg_values_supported"`
	RevocationAuth              []string `json:"revocation_endpoint_auth_methods_supported"`
	RevocationAuthAlgorithms    []string `json:"revocation_endpoint_auth_signing_alg_values_supported"`
	Introspection               string   `json:"introspection_endpoint"`
	IntrospectionAuth           []string `json:"introspection_endpoint_auth_methods_supported"`
	IntrospectionAuthAlgorithms []string `json:"introspection_endpoint_auth_signing_alg_values_supported"`
	DeviceAuthorization         string   `json:"device_authorization_endpoint"`       // RFC 8628 section 4
	Backchannel                 string   `json:"backchannel_authentication_endpoint"` // CIBA Core section 4
	BackchannelModes            []string `json:"backchannel_token_delivery_modes_supported"`
	BackchannelAlgorithms       []string `json:"backchannel_authentication_request_signing_alg_values_supported"`
	BackchannelUserCode         bool     `json:"backchannel_user_code_parameter_supported"`
	ProofAlgorithms             []string `json:"dpop_signing_alg_values_supported"`                    // RFC 9449 section 5.1
	CertificateBound            bool     `json:"tls_client_certificate_bound_access_tokens,omitempty"` // RFC 8705 section 3.3
}

func (h *Handler) tokenMetadata(iss string) tokenMetadata {
	methods := clientauth.Methods(h.MutualTLS)
	algorithms := slices.Concat(jose.Asymmetric, jose.Symmetric)
	return tokenMetadata{TokenAuth: methods, TokenAuthAlgorithms: algorithms, RevocationAuth: methods, RevocationAuthAlgorithms: algorithms,
		Introspection: iss + "/oauth2/introspect", IntrospectionAuth: confidential(methods), IntrospectionAuthAlgorithms: algorithms,
		Backchannel: iss + "/oauth2/bc-authorize", BackchannelModes: []string{cibaPoll, cibaPing}, BackchannelAlgorithms: jose.Asymmetric,
		DeviceAuthorization: iss + "/oauth2/device_authorization", ProofAlgorithms: dpop.Algorithms, CertificateBound: h.MutualTLS}
}

// confidential are the methods that prove something.
func confidential(methods []string) []string {
	return slices.DeleteFunc(slices.Clone(methods), func(m string) bool { return m == userpool.AuthNone })
}
