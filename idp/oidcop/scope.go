package oidcop

import (
	"context"
	"slices"
	"strings"

	"github.com/poolhouse/poolhouse/userpool"
)

// standardScopes are the scopes that every pool knows.
var standardScopes = []string{userpool.ScopeOpenID, userpool.ScopeEmail, userpool.ScopePhone, userpool.ScopeProfile, userpool.ScopeAdmin}

// authorizeScopes returns what a user's grant may have of the requested scopes.
// None requested means all of the client's; one that is not enabled for the
// client is left out; one that the pool does not know is an error.
func (h *Handler) authorizeScopes(ctx context.Context, c *userpool.Client, requested string) ([]string, error) {
	if strings.TrimSpace(requested) == "" {
		return c.OAuthScopes, nil
	}
	return h.filterScopes(ctx, c, strings.Fields(requested), true)
}

// clientScopes is authorizeScopes for client_credentials: a client that acts for
// itself has custom scopes only.
func (h *Handler) clientScopes(ctx context.Context, c *userpool.Client, requested string) ([]string, error) {
	if strings.TrimSpace(requested) == "" {
		return slices.DeleteFunc(slices.Clone(c.OAuthScopes), isStandard), nil
	}
	return h.filterScopes(ctx, c, strings.Fields(requested), false)
}

func (h *Handler) filterScopes(ctx context.Context, c *userpool.Client, requested []string, standard bool) ([]string, error) {
	var out []string
	for _, scope := range requested {
		known := slices.Contains(c.OAuthScopes, scope)
		if !known {
			exists, err := h.scopeExists(ctx, c.Pool, scope)
			if err != nil {
				return nil, err
			}
			if !exists {
				return nil, oauthFail("invalid_scope", "A requested scope does not exist.")
			}
		}
		if isStandard(scope) && !standard {
			return nil, oauthFail("invalid_scope", "A client that acts for itself has custom scopes only.")
		}
		if known && !slices.Contains(out, scope) {
			out = append(out, scope)
		}
	}
	if len(out) == 0 {
		return nil, oauthFail("invalid_scope", "None of the requested scopes is enabled for this client.")
	}
	return out, nil
}

func isStandard(scope string) bool { return slices.Contains(standardScopes, scope) }

// scopeExists reports whether scope is a standard one or one of the pool's
// resource servers'.
func (h *Handler) scopeExists(ctx context.Context, pool userpool.PoolID, scope string) (bool, error) {
	if isStandard(scope) {
		return true, nil
	}
	servers, err := h.Store.ResourceServers(ctx, pool)
	if err != nil {
		return false, err
	}
	for _, rs := range servers {
		for _, s := range rs.Scopes {
			if scope == rs.Identifier+"/"+s.Name {
				return true, nil
			}
		}
	}
	return false, nil
}
