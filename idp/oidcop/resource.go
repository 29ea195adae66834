package oidcop

import (
	"slices"

	"github.com/poolhouse/poolhouse/idp"
)

// maxResources bounds the resources of one request.
const maxResources = 10

// parseResources reads the resource indicators (RFC 8707 section 2): one, as Cognito
// has it, or several. The client may be limited to some.
func (req *request) parseResources() error {
	for _, raw := range req.params["resource"] {
		resource, err := audienceOf(req.client, raw)
		if err != nil {
			return err
		}
		if resource != "" && !slices.Contains(req.resources, resource) {
			req.resources = append(req.resources, resource)
		}
	}
	if len(req.resources) > maxResources {
		return oauthFail("invalid_target", "These are too many resources.")
	}
	return nil
}

// parseResource checks a resource indicator, which becomes the audience of the access
// token.
func parseResource(raw string) (string, error) {
	if raw != "" && !idp.WellFormedRedirect(raw) {
		return "", oauthFail("invalid_target", "resource is malformed.")
	}
	return raw, nil
}
