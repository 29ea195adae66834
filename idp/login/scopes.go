package login

import (
	"strings"

	"github.com/poolhouse/poolhouse/userpool"
)

// knownScopes are the scopes that the catalogues explain, by their keys.
var knownScopes = map[string]string{userpool.ScopeOpenID: "openid", userpool.ScopeEmail: "email", userpool.ScopePhone: "phone",
	userpool.ScopeProfile: "profile", userpool.ScopeAddress: "address", userpool.ScopeOffline: "offline", userpool.ScopeAdmin: "admin"}

// Scopes says what scopes allow: as the catalogue has it, or as whoever runs the API
// wrote it.
func (f *Frame) Scopes(apis []*userpool.ResourceServer, scopes []string) (list []string) {
	for _, scope := range scopes {
		if key := knownScopes[scope]; key != "" {
			list = append(list, f.T("scopes."+key))
			continue
		}
		list = append(list, described(apis, scope, f.T("scopes.other", "scope", scope)))
	}
	return list
}

// described is what a pool's own description of a scope says, if it has one.
func described(apis []*userpool.ResourceServer, scope, otherwise string) string {
	for _, api := range apis {
		for _, s := range api.Scopes {
			if scope == api.Identifier+"/"+s.Name && strings.TrimSpace(s.Description) != "" {
				return s.Description
			}
		}
	}
	return otherwise
}
