package oidcrp

import (
	"context"
	"fmt"
	"net/url"
	"regexp"
	"slices"
	"strings"

	"github.com/poolhouse/poolhouse/sp"
	"github.com/poolhouse/poolhouse/userpool"
)

// microsoftHosts issue tokens of Entra ID, in its clouds.
var microsoftHosts = []string{"login.microsoftonline.com", "login.microsoftonline.us", "login.partner.microsoftonline.cn", "sts.windows.net"}

func isMicrosoft(p *userpool.Provider) bool {
	u, err := url.Parse(p.Details["oidc_issuer"])
	return p.Settings.OIDC.Dialect == userpool.DialectMicrosoft || err == nil &&
		(slices.Contains(microsoftHosts, u.Hostname()) || strings.HasSuffix(u.Hostname(), ".ciamlogin.com"))
}

// microsoft is OpenID Connect with an issuer that may stand for all tenants. The ID
// token has all that its UserInfo endpoint would say.
var microsoft = dialect{
	openid:  true,
	details: generic.details,
	ask:     askOpenID,
	profile: func(_ context.Context, v *visit) (string, error) {
		if !isShared(v.at.issuer) {
			return v.id.text("sub"), nil
		}
		return v.id.text("tid") + "." + v.id.text("sub"), nil // each tenant is an issuer of its own
	},
	judge: judgeMicrosoft,
}

// shared are the tenants that stand for many.
var shared = regexp.MustCompile(`/(common|organizations)/`)

func isShared(issuer string) bool { return shared.MatchString(issuer) }

var tenant = regexp.MustCompile(`^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$`)

// personal is the tenant of Microsoft's accounts of persons.
const personal = "9188040d-6c67-4c5b-b112-36a304b66dad"

// isTenantOf reports whether a token's issuer is one that the provider's stands for.
func isTenantOf(iss, issuer string) bool {
	if !isShared(issuer) {
		return iss == issuer
	}
	return tenantOf(iss, issuer) != ""
}

// tenantOf is the tenant in the issuer of a token, where the provider's stands for
// many; empty for one that it does not stand for.
func tenantOf(iss, issuer string) string {
	at := shared.FindStringSubmatchIndex(issuer)
	before, after := issuer[:at[2]], issuer[at[3]:]
	if !strings.HasPrefix(iss, before) || !strings.HasSuffix(iss, after) || len(iss) < len(before)+len(after) {
		return ""
	}
	tid := iss[len(before) : len(iss)-len(after)]
	if !tenant.MatchString(tid) || tid == personal && issuer[at[2]:at[3]] != "common" {
		return ""
	}
	return tid
}

// judgeMicrosoft refuses who is of no tenant that may come. An administrator of any
// tenant can write any address into a token, so Microsoft's word for one counts for
// nothing. The provider's Domains may count, where it stands for one tenant.
func judgeMicrosoft(v *visit, claims map[string][]string) error {
	if unverified(claims); !isShared(v.at.issuer) {
		delete(claims, "email_verified")
	}
	tid := v.id.text("tid")
	if isShared(v.at.issuer) && tid != tenantOf(v.id.text("iss"), v.at.issuer) {
		return invalid("the tenant %.100q is not the issuer's", tid)
	}
	if !admits(v.provider, tid) {
		return fmt.Errorf("%w: the tenant %.100q is not among those that may sign in", sp.ErrRefused, tid)
	}
	return nil
}
