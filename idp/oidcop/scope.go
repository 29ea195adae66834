package oidcop

import (
	"context"
	"slices"
	"strings"

	"github.com/poolhouse/poolhouse/userpool"
)

// authorizeScopes returns what a user's grant may have of the requested scopes.
// None requested means all of the client's; one that is not enabled for the
// client is left out; one that the pool does not know is an error.
func (h *Handler) authorizeScopes(ctx context.Context, c *userpool.Client, requested string) ([]string, error) {
	return h.filterScopes(ctx, c, strings.Fields(requested), true)
}

// clientScopes is authorizeScopes for client_credentials: a client that acts for
// itself has custom scopes only.
func (h *Handler) clientScopes(ctx context.Context, c *userpool.Client, requested string) ([]string, error) {
	return h.filterScopes(ctx, c, strings.Fields(requested), false)
}

func (h *Handler) filterScopes(ctx context.Context, c *userpool.Client, requested []string, standard bool) ([]string, error) {
	exists, err := h.poolScopes(ctx, c, requested)
	if err != nil {
		return nil, err
	}
	if len(requested) == 0 { // a client may list scopes of an API that was deleted since
		requested = slices.DeleteFunc(slices.Clone(c.OAuthScopes), func(s string) bool {
			return !exists(s) || isStandard(s) && !standard
		})
	}
	var out []string
	for _, scope := range requested {
		if !exists(scope) {
			return nil, oauthFail("invalid_scope", "A requested scope does not exist.")
		}
		if isStandard(scope) && !standard {
			return nil, oauthFail("invalid_scope", "A client that acts for itself has custom scopes only.")
		}
		if slices.Contains(c.OAuthScopes, scope) && !slices.Contains(out, scope) {
			out = append(out, scope)
		}
	}
	if len(out) == 0 {
		return nil, oauthFail("invalid_scope", "None of the requested scopes is enabled for this client.")
	}
	return out, nil
}

func isStandard(scope string) bool { return slices.Contains(userpool.StandardScopes, scope) }

// poolScopes returns what tells the scopes of the client's pool: standard ones, and
// those of its resource servers, which are read only where they matter.
func (h *Handler) poolScopes(ctx context.Context, c *userpool.Client, requested []string) (exists func(string) bool, err error) {
	if !slices.ContainsFunc(slices.Concat(requested, c.OAuthScopes), isCustom) {
		return isStandard, nil
	}
	servers, err := h.Store.ResourceServers(ctx, c.Pool)
	if err != nil {
		return nil, err
	}
	known := slices.Clone(userpool.StandardScopes)
	for _, rs := range servers {
		for _, s := range rs.Scopes {
			known = append(known, rs.Identifier+"/"+s.Name)
		}
	}
	return func(scope string) bool { return slices.Contains(known, scope) }, nil
}

func isCustom(scope string) bool { return !isStandard(scope) }
