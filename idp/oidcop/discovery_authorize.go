package oidcop

import (
	"slices"

	"github.com/poolhouse/poolhouse/idp"
	"github.com/poolhouse/poolhouse/internal/jose"
	"github.com/poolhouse/poolhouse/userpool"
)

// authorizeMetadata is what discovery says of the authorization endpoint.
type authorizeMetadata struct {
	ResponseTypes       []string `json:"response_types_supported"`
	ResponseModes       []string `json:"response_modes_supported"`
	Challenges          []string `json:"code_challenge_methods_supported"`
	Prompts             []string `json:"prompt_values_supported"`
	ACRs                []string `json:"acr_values_supported"`
	IssParameter        bool     `json:"authorization_response_iss_parameter_supported"`
	ClaimsParameter     bool     `json:"claims_parameter_supported"`
	RequestParameter    bool     `json:"request_parameter_supported"`
	RequestURIParameter bool     `json:"request_uri_parameter_supported"`
	RegisterRequestURI  bool     `json:"require_request_uri_registration"`
	RequestAlgorithms   []string `json:"request_object_signing_alg_values_supported"`
	RequestEncryption   []string `json:"request_object_encryption_alg_values_supported,omitempty"`
	RequestContent      []string `json:"request_object_encryption_enc_values_supported,omitempty"`
	AnswerAlgorithms    []string `json:"authorization_signing_alg_values_supported"`
	AnswerEncryption    []string `json:"authorization_encryption_alg_values_supported"`
	AnswerContent       []string `json:"authorization_encryption_enc_values_supported"`
	PAR                 string   `json:"pushed_authorization_request_endpoint"`
	RequirePAR          bool     `json:"require_pushed_authorization_requests"`
}

// authorizeMetadata says so where the pool has a key that requests can be encrypted to.
func (h *Handler) authorizeMetadata(p *userpool.Pool, encrypts bool) authorizeMetadata {
	m := authorizeMetadata{
		ResponseTypes: responseTypesOf(p), ResponseModes: responseModes, Challenges: []string{"S256"}, Prompts: promptValues,
		ACRs: idp.ACRs(), IssParameter: true, ClaimsParameter: true,
		AnswerAlgorithms: jose.Asymmetric, AnswerEncryption: jose.KeyManagers, AnswerContent: jose.Contents,
		RequestParameter: true, RequestURIParameter: true, RegisterRequestURI: true,
		RequestAlgorithms: slices.Concat(jose.Asymmetric, jose.Symmetric), PAR: h.Issuer(p.ID) + "/oauth2/par", RequirePAR: p.OpenID.RequirePAR,
	}
	if encrypts {
		m.RequestEncryption, m.RequestContent = userpool.RequestManagers, jose.Contents
	}
	return m
}

// responseTypesOf are those that a client of the pool can be allowed.
func responseTypesOf(p *userpool.Pool) []string {
	if p.Strict {
		return []string{"code"}
	}
	return responseTypes
}
