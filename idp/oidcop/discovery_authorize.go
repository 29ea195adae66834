package oidcop

import (
	"github.com/poolhouse/poolhouse/idp"
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
}

func (h *Handler) authorizeMetadata(p *userpool.Pool) authorizeMetadata {
	return authorizeMetadata{
		ResponseTypes: responseTypesOf(p), ResponseModes: responseModes, Challenges: []string{"S256"}, Prompts: promptValues,
		ACRs: idp.ACRs(), IssParameter: true, ClaimsParameter: true,
	}
}

// responseTypesOf are those that a client of the pool can be allowed.
func responseTypesOf(p *userpool.Pool) []string {
	if p.Strict {
		return []string{"code"}
	}
	return responseTypes
}
