package oidcrp

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"net/url"
	"slices"

	"github.com/poolhouse/poolhouse/sp"
	"github.com/poolhouse/poolhouse/userpool"
)

// graphVersion is that of the Graph API where api_version names none.
const graphVersion = "v24.0"

// facebook is OAuth 2.0, with the person in the Graph API.
var facebook = dialect{
	details: func(p *userpool.Provider) map[string]string {
		version := p.Details["api_version"]
		if version == "" {
			version = graphVersion
		}
		return map[string]string{
			"api_version": version, "token_request_method": "GET", "attributes_url_add_attributes": "true",
			"authorize_url":  "https://www.facebook.com/" + version + "/dialog/oauth",
			"token_url":      "https://graph.facebook.com/" + version + "/oauth/access_token",
			"attributes_url": "https://graph.facebook.com/" + version + "/me?fields=",
		}
	},
	ask: func(q url.Values, a *sp.Ask) {
		if a.Force {
			q.Set("auth_type", "reauthenticate")
		}
	},
	profile: graph,
	// An address may be absent, and nothing says whether it was verified.
	judge: func(_ *visit, claims map[string][]string) error { unverified(claims); return nil },
}

// graph reads the fields that attributes are mapped to. The proof shows that the
// token is used by who holds the secret of the app that it was made for.
func graph(ctx context.Context, v *visit) (string, error) {
	fields := slices.DeleteFunc(v.mapped(), func(name string) bool { return name == "id" || name == "email_verified" })
	mac := hmac.New(sha256.New, []byte(v.details["client_secret"]))
	mac.Write([]byte(v.tokens.access))
	address := withFields(v.at.userinfo, append([]string{"id"}, fields...)) + "&appsecret_proof=" + hex.EncodeToString(mac.Sum(nil))
	var err error
	if v.info, err = v.ask(ctx, address); err != nil {
		return "", err
	}
	return v.info.text("id"), nil
}
