package oidcrp

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"strings"

	"github.com/poolhouse/poolhouse/sp"
	"github.com/poolhouse/poolhouse/userpool"
)

const githubIssuer = "https://github.com"

func isGitHub(p *userpool.Provider) bool {
	return p.Settings.OIDC.Dialect == userpool.DialectGitHub || strings.TrimSuffix(p.Details["oidc_issuer"], "/") == githubIssuer
}

// github is OAuth 2.0, on github.com or on a server of one's own.
var github = dialect{
	details: func(p *userpool.Provider) map[string]string {
		base := strings.TrimSuffix(p.Details["oidc_issuer"], "/")
		api := base + "/api/v3"
		if base == githubIssuer {
			api = "https://api.github.com"
		}
		return map[string]string{
			"authorize_url": base + "/login/oauth/authorize", "token_url": base + "/login/oauth/access_token", "attributes_url": api + "/user",
			"attributes_request_method": "GET", "attributes_url_add_attributes": "false",
		}
	},
	ask: func(q url.Values, a *sp.Ask) {
		if a.Force {
			q.Set("prompt", "select_account")
		}
		setUnlessEmpty(q, "login", a.Hint)
	},
	profile: githubUser,
	judge:   func(*visit, map[string][]string) error { return nil },
}

// githubUser reads a user, by the names of OpenID Connect as well as by GitHub's. A
// login can be given to somebody else; the number cannot.
func githubUser(ctx context.Context, v *visit) (string, error) {
	user, err := v.ask(ctx, v.at.userinfo)
	if err != nil {
		return "", err
	}
	id := first(user.values(), "id")
	user["sub"], _ = json.Marshal(id) // a text
	for name, alias := range map[string]string{"login": "preferred_username", "avatar_url": "picture", "html_url": "profile"} {
		if raw, ok := user[name]; ok {
			user[alias] = raw
		}
	}
	v.info = user
	return id, v.githubEmail(ctx)
}

// githubEmail takes the address that is verified and primary in place of the one on
// the profile, which may be neither.
func (v *visit) githubEmail(ctx context.Context) error {
	delete(v.info, "email")
	v.info["email_verified"] = json.RawMessage("false")
	answer, err := v.get(ctx, v.at.userinfo+"/emails")
	if err != nil {
		return ofCall("the addresses", err)
	}
	switch answer.Status {
	case http.StatusOK:
	case http.StatusForbidden, http.StatusNotFound: // the scope user:email was not granted
		return nil
	default:
		return ofStatus("the addresses", answer.Status)
	}
	var addresses []struct {
		Email    string `json:"email"`
		Primary  bool   `json:"primary"`
		Verified bool   `json:"verified"`
	}
	if limits.Check(answer.Body) != nil || json.Unmarshal(answer.Body, &addresses) != nil {
		return invalid("the addresses are no list")
	}
	for _, a := range addresses {
		if a.Primary && a.Verified && a.Email != "" {
			v.info["email"], _ = json.Marshal(a.Email) // a text
			v.info["email_verified"] = json.RawMessage("true")
			return nil
		}
	}
	return nil
}
