package awsgo_test

import (
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/go-jose/go-jose/v4"

	"github.com/poolhouse/poolhouse/conformance/harness"
)

const refusedWebIdentity = "Not authorized to perform sts:AssumeRoleWithWebIdentity"

// forgedTokens: what AssumeRoleWithWebIdentity says to tokens of an issuer elsewhere that
// are forged, or are for others.
func (w *stsWorld) forgedTokens(t *testing.T) {
	i, stranger := newIssuer(t), newIssuer(t)
	p, err := w.root.IAM.CreateOpenIDConnectProvider(t.Context(), &iam.CreateOpenIDConnectProviderInput{Url: &i.url, ClientIDList: []string{issuerClient}})
	must(t, err)
	for role, sub := range map[string]string{"sts-far": "mallory", "sts-far-other": "somebody else"} {
		w.role(t, role, `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Principal":{"Federated":"`+*p.OpenIDConnectProviderArn+
			`"},"Action":"sts:AssumeRoleWithWebIdentity","Condition":{"StringEquals":{"`+i.name()+`:sub":"`+sub+`"}}}}`)
	}
	assume := func(role, token string) error {
		return failed(w.Anonymous().STS.AssumeRoleWithWebIdentity(t.Context(), &sts.AssumeRoleWithWebIdentityInput{RoleArn: aws.String(roleARN + role),
			RoleSessionName: aws.String("forged"), WebIdentityToken: &token}))
	}
	usual := map[string]any{"iss": i.url, "sub": "mallory", "aud": issuerClient, "exp": time.Now().Add(time.Hour).Unix()}
	der, err := x509.MarshalPKIXPublicKey(i.key.Public())
	must(t, err)
	public := pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der})
	good := i.token("mallory", nil)
	must(t, assume("sts-far", good))
	must(t, assume("sts-far", good)) // a token of this kind counts until it expires
	parts := strings.Split(good, ".")
	header := func(text string) string { return base64.RawURLEncoding.EncodeToString([]byte(text)) }
	with := func(name string, value any) string { return i.token("mallory", map[string]any{name: value}) }
	const notToken = "The ID Token provided is not a valid JWT. (You may see this error if you sent an Access Token)"
	const invalid = "The web identity token provided could not be validated."
	for _, tt := range []struct{ name, role, token, code, text string }{
		{"junk", "sts-far", "junk", "InvalidIdentityToken", notToken},
		{"unsigned", "sts-far", parts[0] + "." + parts[1] + ".", "InvalidIdentityToken", invalid},
		{"alg none", "sts-far", header(`{"alg":"none"}`) + "." + parts[1] + ".", "InvalidIdentityToken", notToken},
		{"alg none with the signature", "sts-far", header(`{"alg":"none"}`) + "." + parts[1] + "." + parts[2], "InvalidIdentityToken", notToken},
		{"HS256 with the public key", "sts-far", i.signed(jose.HS256, public, usual), "InvalidIdentityToken", notToken},
		{"a critical header", "sts-far", header(`{"alg":"RS256","kid":"k","crit":["b64"],"b64":false}`) + "." + parts[1] + "." + parts[2], "InvalidIdentityToken", notToken},
		{"another key", "sts-far", stranger.signed(jose.RS256, stranger.key, usual), "InvalidIdentityToken", invalid},
		{"changed", "sts-far", good[:len(good)-8] + "AAAAAAAA", "InvalidIdentityToken", invalid},
		{"another issuer", "sts-far", stranger.token("mallory", nil), "InvalidIdentityToken", "No OpenIDConnect provider found in your account for " + stranger.url},
		{"another audience", "sts-far", with("aud", "another"), "InvalidIdentityToken", "Incorrect token audience"},
		{"another authorized party", "sts-far", with("azp", "another"), "InvalidIdentityToken", "Incorrect token audience"},
		{"expired", "sts-far", with("exp", time.Now().Add(-time.Hour).Unix()), "ExpiredTokenException", "Token expired"},
		{"without expiry", "sts-far", with("exp", nil), "InvalidIdentityToken", invalid},
		{"of the future", "sts-far", with("nbf", time.Now().Add(time.Hour).Unix()), "InvalidIdentityToken", invalid},
		{"another's role", "sts-far-other", good, "AccessDenied", refusedWebIdentity},
		{"a role of another provider", "sts-saml", good, "AccessDenied", refusedWebIdentity},
		{"a role that is not there", "sts-none", good, "AccessDenied", refusedWebIdentity},
	} {
		t.Run(tt.name, func(t *testing.T) { harness.WantCode(t, assume(tt.role, tt.token), tt.code, tt.text) })
	}
}

// forgedTradeIns: what GetDelegatedAccessToken says to tokens that are not for the caller.
func (w *stsWorld) forgedTradeIns(t *testing.T) {
	ctx := t.Context()
	w.role(t, "sts-traded", stsTrust)
	made := func() string {
		var out struct{ TradeInToken string }
		w.Poolhouse(t, "CreateTradeInToken", map[string]any{"RoleArn": roleARN + "sts-traded", "RoleSessionName": "partner",
			"DelegateArn": "arn:aws:iam::" + harness.Account + ":user/sts-user"}, &out)
		return out.TradeInToken
	}
	trade := func(who *harness.AWS, token string) error {
		return failed(who.STS.GetDelegatedAccessToken(ctx, &sts.GetDelegatedAccessTokenInput{TradeInToken: &token}))
	}
	good := made()
	must(t, trade(w.user, good))
	session, err := w.user.STS.GetSessionToken(ctx, nil)
	must(t, err)
	tokens := map[string]string{"junk": "junk", "a session token in its place": *session.Credentials.SessionToken, "cut": good[:len(good)-4], "longer": good + "AAAA"}
	for i := 0; i < len(good)-1; i += len(good) / 8 {
		letter := "A"
		if good[i:i+1] == letter {
			letter = "B"
		}
		tokens["changed at "+good[:i]] = good[:i] + letter + good[i+1:]
	}
	const text = "The trade-in token is invalid, or is not for this caller."
	for name, token := range tokens {
		t.Run(name[:min(len(name), 20)], func(t *testing.T) { harness.WantCode(t, trade(w.user, token), "AccessDenied", text) })
	}
	harness.WantCode(t, trade(w.root, good), "AccessDenied", text)
	_, err = w.root.IAM.DeleteRolePolicy(ctx, &iam.DeleteRolePolicyInput{RoleName: aws.String("sts-traded"), PolicyName: aws.String("all")})
	must(t, err)
	_, err = w.root.IAM.DeleteRole(ctx, &iam.DeleteRoleInput{RoleName: aws.String("sts-traded")})
	must(t, err)
	harness.WantCode(t, trade(w.user, good), "AccessDenied", text)
	w.role(t, "sts-traded", stsTrust)
	harness.WantCode(t, trade(w.user, good), "AccessDenied", text) // it is of the role that was
}
