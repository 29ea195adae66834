package userpool

import (
	"slices"
	"strings"
)

// canonicalFlow returns the present name of a flow that has two.
func canonicalFlow(flow string) string {
	switch flow {
	case "ADMIN_NO_SRP_AUTH":
		return flowAdminPassword
	case "REFRESH_TOKEN":
		return flowRefresh
	}
	return flow
}

// allows reports, as an error with the text that clients know, whether the client
// may run a flow, and whether the flow belongs to the operation.
func (c *Client) allows(flow string, admin bool) error {
	if flow == flowPassword && admin || flow == flowAdminPassword && !admin {
		return Fail(ErrInvalidParameter, "Initiate Auth method not supported.")
	}
	if c.enabled(flow) {
		return nil
	}
	switch flow {
	case flowPassword:
		return Fail(ErrInvalidParameter, "USER_PASSWORD_AUTH flow not enabled for this client")
	case flowAdminPassword:
		return Fail(ErrInvalidParameter, "Auth flow not enabled for this client")
	}
	return Fail(ErrInvalidParameter, flow+" is not enabled for the client.")
}

// enabled reads ExplicitAuthFlows. Values that start with ALLOW_ list everything
// that is on. Legacy values only add to SRP, custom and refresh, which are on
// without any; CUSTOM_AUTH_FLOW_ONLY takes SRP away.
func (c *Client) enabled(flow string) bool {
	flows := c.ExplicitAuthFlows
	if flow == flowRefresh && c.RotateRefresh {
		return false // rotation is for GetTokensFromRefreshToken and the token endpoint
	}
	if slices.ContainsFunc(flows, func(f string) bool { return strings.HasPrefix(f, "ALLOW_") }) {
		return slices.Contains(flows, "ALLOW_"+flow)
	}
	switch flow {
	case flowSRP:
		return !slices.Contains(flows, "CUSTOM_AUTH_FLOW_ONLY")
	case flowCustom, flowRefresh:
		return true
	case flowAdminPassword:
		return slices.Contains(flows, "ADMIN_NO_SRP_AUTH")
	}
	return flow == flowPassword && slices.Contains(flows, flowPassword)
}
