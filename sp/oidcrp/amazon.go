package oidcrp

import (
	"context"
	"net/url"
	"strings"

	"github.com/poolhouse/poolhouse/sp"
	"github.com/poolhouse/poolhouse/userpool"
)

// amazon is OAuth 2.0, with the person in a profile.
var amazon = dialect{
	details: func(*userpool.Provider) map[string]string {
		return map[string]string{
			"authorize_url": "https://www.amazon.com/ap/oa", "token_url": "https://api.amazon.com/auth/o2/token", "token_request_method": "POST",
			"attributes_url": "https://api.amazon.com/user/profile", "attributes_url_add_attributes": "false",
		}
	},
	ask: func(q url.Values, a *sp.Ask) { setUnlessEmpty(q, "ui_locales", strings.Join(a.Locales, " ")) },
	profile: func(ctx context.Context, v *visit) (subject string, err error) {
		v.info, err = v.ask(ctx, v.at.userinfo)
		return v.info.text("user_id"), err
	},
	judge: func(_ *visit, claims map[string][]string) error { unverified(claims); return nil },
}
