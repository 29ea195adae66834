package awsgo_test

import (
	"encoding/base64"
	"encoding/json"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	iamtypes "github.com/aws/aws-sdk-go-v2/service/iam/types"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/aws/aws-sdk-go-v2/service/sts/types"
	"github.com/crewjam/saml"

	"github.com/poolhouse/poolhouse/conformance/harness"
	"github.com/poolhouse/poolhouse/internal/jose"
	"github.com/poolhouse/poolhouse/internal/totp"
)

// TestSTS calls every operation of STS, what works and what is refused, and holds
// the answers against the model.
func TestSTS(t *testing.T) {
	harness.EachProfile(t, func(t *testing.T, s *harness.Server) {
		s.Ledger = harness.NewLedger(t, "sts")
		w := newSTSWorld(t, s)
		s.Ledger.Test(t, "identities", "GetCallerIdentity GetAccessKeyInfo GetFederationToken DecodeAuthorizationMessage", w.identities)
		s.Ledger.Test(t, "chain", "AssumeRole", w.chain)
		s.Ledger.Test(t, "saml", "AssumeRoleWithSAML", w.saml)
		t.Run("forged assertions", w.forgedAssertions)
		s.Ledger.Test(t, "web identity", "AssumeRoleWithWebIdentity", w.webIdentity)
		t.Run("forged tokens", w.forgedTokens)
		t.Run("pool tokens that ended", w.endedPoolTokens)
		s.Ledger.Test(t, "root", "AssumeRoot", w.assumeRoot)
		s.Ledger.Test(t, "identity tokens", "GetWebIdentityToken", w.identityTokens)
		s.Ledger.Test(t, "delegation", "GetDelegatedAccessToken", w.delegation)
		t.Run("forged trade-in tokens", w.forgedTradeIns)
		s.Ledger.Test(t, "mfa", "GetSessionToken", w.mfa)
		t.Run("policies", w.policies)
		t.Run("regions", w.regions)
		t.Run("ledger", s.Ledger.Settle)
	})
}

func (w *stsWorld) identities(t *testing.T) {
	ctx := t.Context()
	for _, tt := range []struct {
		who  *harness.AWS
		want string
	}{{w.root, ":root"}, {w.user, ":user/sts-user"}} {
		me, err := tt.who.STS.GetCallerIdentity(ctx, nil)
		must(t, err)
		if !strings.HasSuffix(*me.Arn, tt.want) {
			t.Errorf("caller %s", *me.Arn)
		}
	}
	info, err := w.user.STS.GetAccessKeyInfo(ctx, &sts.GetAccessKeyInfoInput{AccessKeyId: aws.String("AKIAIOSFODNN7EXAMPLE")})
	must(t, err)
	if *info.Account != harness.Account {
		t.Errorf("account %s", *info.Account)
	}
	f, err := w.user.STS.GetFederationToken(ctx, &sts.GetFederationTokenInput{Name: aws.String("guest"), Policy: aws.String(allowAny)})
	must(t, err)
	guest := w.with(f.Credentials)
	me, err := guest.STS.GetCallerIdentity(ctx, nil)
	must(t, err)
	if *me.UserId != harness.Account+":guest" || *f.FederatedUser.Arn != *me.Arn {
		t.Errorf("federated %s", *me.Arn)
	}
	_, err = guest.IAM.ListRoles(ctx, nil)
	harness.WantCode(t, err, "AccessDenied", "")
	_, err = guest.STS.AssumeRole(ctx, &sts.AssumeRoleInput{RoleArn: aws.String(roleARN + "sts-open"), RoleSessionName: aws.String("guest")})
	harness.WantCode(t, err, "AccessDenied", "")
	_, err = guest.STS.GetSessionToken(ctx, nil)
	harness.WantCode(t, err, "AccessDenied", "Cannot call GetSessionToken with session credentials")
	out, err := w.user.STS.DecodeAuthorizationMessage(ctx, &sts.DecodeAuthorizationMessageInput{EncodedMessage: aws.String("junk")})
	harness.WantCode(t, err, "InvalidAuthorizationMessageException", "")
	_ = out
	w.decoded(t)
}

// decoded reads what a refusal sealed.
func (w *stsWorld) decoded(t *testing.T) {
	narrow, err := w.user.STS.AssumeRole(t.Context(), &sts.AssumeRoleInput{RoleArn: aws.String(roleARN + "sts-open"), RoleSessionName: aws.String("narrow"),
		Policy: aws.String(`{"Version":"2012-10-17","Statement":{"Effect":"Deny","Action":"*","Resource":"*"}}`)})
	must(t, err)
	_, err = w.with(narrow.Credentials).IAM.ListRoles(t.Context(), nil)
	harness.WantCode(t, err, "AccessDenied", "")
	_, message, ok := strings.Cut(err.Error(), "Encoded authorization failure message: ")
	if !ok {
		t.Fatalf("no message in %v", err)
	}
	read, err := w.user.STS.DecodeAuthorizationMessage(t.Context(), &sts.DecodeAuthorizationMessageInput{EncodedMessage: aws.String(strings.TrimRight(message, ". "))})
	must(t, err)
	if !json.Valid([]byte(*read.DecodedMessage)) || !strings.Contains(*read.DecodedMessage, "iam:ListRoles") {
		t.Errorf("message %s", *read.DecodedMessage)
	}
}

// with returns clients of temporary credentials.
func (w *stsWorld) with(c *types.Credentials) *harness.AWS {
	return w.As(*c.AccessKeyId, *c.SecretAccessKey, *c.SessionToken)
}

func (w *stsWorld) chain(t *testing.T) {
	ctx := t.Context()
	w.role(t, "sts-next", stsTrust)
	tag := func(k, v string) types.Tag { return types.Tag{Key: &k, Value: &v} }
	first, err := w.user.STS.AssumeRole(ctx, &sts.AssumeRoleInput{RoleArn: aws.String(roleARN + "sts-open"), RoleSessionName: aws.String("one"), SourceIdentity: aws.String("erin"),
		Tags: []types.Tag{tag("Team", "blue"), tag("job", "7")}, TransitiveTagKeys: []string{"Team"}})
	must(t, err)
	//lint:ignore SA1019 what replaces PackedPolicySize is in no service model yet
	if *first.SourceIdentity != "erin" || *first.PackedPolicySize < 1 {
		t.Errorf("answer %+v", first)
	}
	session := w.with(first.Credentials).STS
	next := func(change func(*sts.AssumeRoleInput)) error {
		in := &sts.AssumeRoleInput{RoleArn: aws.String(roleARN + "sts-next"), RoleSessionName: aws.String("two")}
		change(in)
		out, err := session.AssumeRole(ctx, in)
		if err == nil && aws.ToString(out.SourceIdentity) != "erin" {
			t.Error("the source identity was dropped")
		}
		return err
	}
	must(t, next(func(*sts.AssumeRoleInput) {}))
	for _, tt := range []struct {
		change     func(*sts.AssumeRoleInput)
		code, text string
	}{
		{func(in *sts.AssumeRoleInput) { in.DurationSeconds = aws.Int32(3601) }, "ValidationError", "The requested DurationSeconds exceeds the MaxSessionDuration set for this role."},
		{func(in *sts.AssumeRoleInput) { in.SourceIdentity = aws.String("mallory") }, "ValidationError", "The source identity is already set for this assume role session"},
		{func(in *sts.AssumeRoleInput) { in.Tags = []types.Tag{tag("TEAM", "red")} }, "InvalidParameterValue",
			"One of the specified transitive tag keys can't be set because it conflicts with a transitive tag key from the calling session."},
		{func(in *sts.AssumeRoleInput) { in.Tags = []types.Tag{tag("a", "1"), tag("A", "2")} }, "InvalidParameterValue", "Duplicate tag keys found. Please note that Tag keys are case insensitive."},
		{func(in *sts.AssumeRoleInput) { in.TransitiveTagKeys = []string{"x"} }, "InvalidParameterValue", "The specified transitive tag key must be included in the requested tags."},
		{func(in *sts.AssumeRoleInput) { in.RoleArn = aws.String("arn:aws:iam::000000000000:rol/x") }, "ValidationError", "arn:aws:iam::000000000000:rol/x is invalid"},
		{func(in *sts.AssumeRoleInput) { in.RoleArn = aws.String(roleARN + "nobody") }, "AccessDenied", ""},
	} {
		harness.WantCode(t, next(tt.change), tt.code, tt.text)
	}
	_, err = w.root.IAM.UpdateRole(ctx, &iam.UpdateRoleInput{RoleName: aws.String("sts-next"), MaxSessionDuration: aws.Int32(7200)})
	must(t, err)
	harness.WantCode(t, next(func(in *sts.AssumeRoleInput) { in.DurationSeconds = aws.Int32(3601) }), "ValidationError",
		"The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by role chaining.")
}

func (w *stsWorld) redeem(t *testing.T, response string, options ...func(*sts.Options)) (*sts.AssumeRoleWithSAMLOutput, error) {
	return w.Anonymous().STS.AssumeRoleWithSAML(t.Context(), &sts.AssumeRoleWithSAMLInput{RoleArn: aws.String(roleARN + "sts-saml"), PrincipalArn: &w.idp.Provider, SAMLAssertion: &response}, options...)
}

func (w *stsWorld) saml(t *testing.T) {
	ctx := t.Context()
	out, err := w.redeem(t, w.idp.Response(t, nil))
	must(t, err)
	if *out.Subject != "erin" || *out.SubjectType != "persistent" || *out.Audience != harness.SAMLRecipient || *out.Issuer != harness.SAMLEntity || *out.NameQualifier == "" {
		t.Errorf("answer %+v", out)
	}
	private, cert := encryptionKey(t)
	_, err = w.root.IAM.UpdateSAMLProvider(ctx, &iam.UpdateSAMLProviderInput{SAMLProviderArn: &w.idp.Provider, AssertionEncryptionMode: iamtypes.AssertionEncryptionModeTypeAllowed, AddPrivateKey: &private})
	must(t, err)
	got, err := w.root.IAM.GetSAMLProvider(ctx, &iam.GetSAMLProviderInput{SAMLProviderArn: &w.idp.Provider})
	must(t, err)
	own := "https://signin.aws.amazon.com/saml/acs/" + *got.SAMLProviderUUID
	out, err = w.redeem(t, w.idp.Response(t, func(c *harness.SAMLClaim) { c.Encrypt, c.Recipient = cert, own }))
	must(t, err)
	if *out.Audience != own {
		t.Errorf("audience %s", *out.Audience)
	}
}

func (w *stsWorld) forgedAssertions(t *testing.T) {
	stranger := harness.NewSAMLIDP(t)
	stranger.Provider = w.idp.Provider
	_, foreign := encryptionKey(t)
	once := w.idp.Response(t, nil)
	_, err := w.redeem(t, once)
	must(t, err)
	raw, err := base64.StdEncoding.DecodeString(w.idp.Response(t, nil))
	must(t, err)
	altered := strings.Replace(string(raw), ">erin</", ">root</", 1)
	unsigned := altered[:strings.Index(altered, "<ds:Signature")] + altered[strings.Index(altered, "</ds:Signature>")+len("</ds:Signature>"):]
	for _, tt := range []struct{ name, response, code, text string }{
		{"replayed", once, "InvalidIdentityToken", ""},
		{"altered", base64.StdEncoding.EncodeToString([]byte(altered)), "InvalidIdentityToken", "Response signature invalid"},
		{"unsigned", base64.StdEncoding.EncodeToString([]byte(unsigned)), "InvalidIdentityToken", "Response signature invalid"},
		{"another key", stranger.Response(t, nil), "InvalidIdentityToken", "Response signature invalid"},
		{"junk", "anVuaw==", "InvalidIdentityToken", ""},
		{"expired", w.idp.Response(t, func(c *harness.SAMLClaim) { c.Until = time.Now().Add(-time.Second) }), "ExpiredTokenException", ""},
		{"another issuer", w.idp.Response(t, func(c *harness.SAMLClaim) { c.Issuer = "https://evil.example" }), "InvalidIdentityToken", "Issuer not present in specified provider"},
		{"another recipient", w.idp.Response(t, func(c *harness.SAMLClaim) { c.Recipient = "https://app.example/acs" }), "InvalidIdentityToken", "Response does not contain the required audience"},
		{"another role", w.idp.Response(t, func(c *harness.SAMLClaim) { c.Role = roleARN + "sts-open" }), "AccessDenied", "Not authorized to perform sts:AssumeRoleWithSAML"},
		{"another's key", w.idp.Response(t, func(c *harness.SAMLClaim) { c.Encrypt = foreign }), "InvalidIdentityToken", ""},
		{"no sign-in", w.idp.Response(t, func(c *harness.SAMLClaim) { c.Status = saml.StatusResponder }), "IDPRejectedClaim", ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, err := w.redeem(t, tt.response)
			harness.WantCode(t, err, tt.code, tt.text)
		})
	}
	_, err = w.Anonymous().STS.AssumeRoleWithSAML(t.Context(), &sts.AssumeRoleWithSAMLInput{RoleArn: aws.String(roleARN + "sts-saml"), SAMLAssertion: aws.String(w.idp.Response(t, nil)),
		PrincipalArn: aws.String("arn:aws:iam::" + harness.Account + ":saml-provider/nobody")})
	harness.WantCode(t, err, "InvalidIdentityToken", "Specified provider doesn't exist")
}

func (w *stsWorld) webIdentity(t *testing.T) {
	ctx := t.Context()
	issuer, dark := w.URL+"/"+w.PoolID, "https://127.0.0.1:1/dark"
	arns := map[string]string{}
	for _, url := range []string{issuer, dark} {
		p, err := w.root.IAM.CreateOpenIDConnectProvider(ctx, &iam.CreateOpenIDConnectProviderInput{Url: aws.String(url), ClientIDList: []string{w.ClientID}, ThumbprintList: []string{strings.Repeat("0", 40)}})
		must(t, err)
		arns[url] = *p.OpenIDConnectProviderArn
	}
	w.role(t, "sts-web", `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Principal":{"Federated":["`+arns[issuer]+`","`+arns[dark]+`"]},"Action":"sts:AssumeRoleWithWebIdentity"}}`)
	assume := func(token string, change ...func(*sts.AssumeRoleWithWebIdentityInput)) (*sts.AssumeRoleWithWebIdentityOutput, error) {
		in := &sts.AssumeRoleWithWebIdentityInput{RoleArn: aws.String(roleARN + "sts-web"), RoleSessionName: aws.String("web"), WebIdentityToken: &token}
		for _, c := range change {
			c(in)
		}
		return w.Anonymous().STS.AssumeRoleWithWebIdentity(ctx, in)
	}
	good := signIn(t, w.Fixture, w.Alice)
	out, err := assume(*good.IdToken)
	must(t, err)
	if *out.Provider != issuer || *out.Audience != w.ClientID {
		t.Errorf("answer %+v", out)
	}
	encode := base64.RawURLEncoding.EncodeToString
	parts := strings.Split(*good.IdToken, ".")
	published, err := w.HTTP.Get(issuer + "/.well-known/jwks.json")
	must(t, err)
	defer published.Body.Close()
	public, err := io.ReadAll(published.Body)
	must(t, err)
	claims := payload(t, *good.IdToken)
	body, err := json.Marshal(claims)
	must(t, err)
	symmetric, err := jose.Sign(jose.PrivateKey{Algorithm: "HS256", Private: public}, "JWT", body)
	must(t, err)
	claims["iss"] = "https://nobody.example"
	elsewhere, err := json.Marshal(claims)
	must(t, err)
	for _, tt := range []struct{ name, token, text string }{
		{"junk", "junk.junk.junk", ""},
		{"unsigned", parts[0] + "." + parts[1] + ".", ""},
		{"alg none", encode([]byte(`{"alg":"none"}`)) + "." + parts[1] + ".", ""},
		{"HS256 with the public key", symmetric, ""},
		{"another issuer", parts[0] + "." + encode(elsewhere) + "." + parts[2], "No OpenIDConnect provider found in your account for https://nobody.example"},
		{"access token", *good.AccessToken, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, err := assume(tt.token)
			harness.WantCode(t, err, "InvalidIdentityToken", tt.text)
		})
	}
	claims["iss"] = dark
	unreachable, err := json.Marshal(claims)
	must(t, err)
	_, err = assume(parts[0] + "." + encode(unreachable) + "." + parts[2])
	harness.WantCode(t, err, "IDPCommunicationError", "Couldn't retrieve verification key from your identity provider,  please reference AssumeRoleWithWebIdentity documentation for requirements")
	_, err = w.root.IAM.RemoveClientIDFromOpenIDConnectProvider(ctx, &iam.RemoveClientIDFromOpenIDConnectProviderInput{OpenIDConnectProviderArn: aws.String(arns[issuer]), ClientID: &w.ClientID})
	must(t, err)
	_, err = assume(*good.IdToken)
	harness.WantCode(t, err, "InvalidIdentityToken", "Incorrect token audience")
	_, err = w.root.IAM.AddClientIDToOpenIDConnectProvider(ctx, &iam.AddClientIDToOpenIDConnectProviderInput{OpenIDConnectProviderArn: aws.String(arns[issuer]), ClientID: &w.ClientID})
	must(t, err)
	_, err = assume(*good.IdToken, func(in *sts.AssumeRoleWithWebIdentityInput) { in.Policy = aws.String(`{"Version":"2012-10-17"}`) })
	harness.WantCode(t, err, "MalformedPolicyDocument", "")
	_, err = assume(*good.IdToken, func(in *sts.AssumeRoleWithWebIdentityInput) { in.Policy, in.PolicyArns = w.tooMuch(t) })
	harness.WantCode(t, err, "PackedPolicyTooLarge", "")
}

// tooMuch are session policies beyond what a token holds.
func (w *stsWorld) tooMuch(t *testing.T) (*string, []types.PolicyDescriptorType) {
	t.Helper()
	name := strings.Repeat("p", 120)
	var out []types.PolicyDescriptorType
	for i := range 10 {
		arn := "arn:aws:iam::" + harness.Account + ":policy/" + strings.Repeat("x/", 100) + name + string(rune('0'+i))
		_, err := w.root.IAM.CreatePolicy(t.Context(), &iam.CreatePolicyInput{PolicyName: aws.String(name + string(rune('0'+i))), Path: aws.String("/" + strings.Repeat("x/", 100)), PolicyDocument: aws.String(allowAny)})
		if harness.Code(err) != "EntityAlreadyExists" {
			must(t, err)
		}
		out = append(out, types.PolicyDescriptorType{Arn: &arn})
	}
	long := `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"*","Resource":"*","Sid":"` + strings.Repeat("x", 1900) + `"}}`
	return &long, out
}

// enable shows two codes of a device. Codes that were overtaken by the next one on their
// way are made anew.
func (w *stsWorld) enable(t *testing.T, serial string, code func(steps int64) string) {
	t.Helper()
	for {
		step := time.Now().Unix() / 30
		err := w.TryPoolhouse(t.Context(), "EnableMfaDevice", map[string]any{"UserName": "sts-user", "SerialNumber": serial, "FirstCode": code(-1), "SecondCode": code(0)}, &struct{}{})
		if err == nil || step == time.Now().Unix()/30 {
			must(t, err)
			return
		}
	}
}

func (w *stsWorld) mfa(t *testing.T) {
	ctx := t.Context()
	var device struct{ SerialNumber, SecretCode, Address string }
	w.Poolhouse(t, "CreateMfaDevice", map[string]any{"UserName": "sts-user"}, &device)
	secret := decode32(t, device.SecretCode)
	code := func(steps int64) string {
		c, err := totp.Code(secret, time.Now().Unix()/30+steps)
		must(t, err)
		return c
	}
	w.enable(t, device.SerialNumber, code)
	_, err := w.user.STS.GetSessionToken(ctx, &sts.GetSessionTokenInput{SerialNumber: &device.SerialNumber, TokenCode: aws.String(code(-1))})
	harness.WantCode(t, err, "AccessDenied", "MultiFactorAuthentication failed with invalid MFA one time pass code. ")
	c, err := w.user.STS.GetSessionToken(ctx, &sts.GetSessionTokenInput{SerialNumber: &device.SerialNumber, TokenCode: aws.String(code(1))})
	must(t, err)
	_, err = w.with(c.Credentials).IAM.GetUser(ctx, &iam.GetUserInput{UserName: aws.String("sts-user")})
	must(t, err)
	plain, err := w.user.STS.GetSessionToken(ctx, nil)
	must(t, err)
	_, err = w.with(plain.Credentials).IAM.GetUser(ctx, &iam.GetUserInput{UserName: aws.String("sts-user")})
	harness.WantCode(t, err, "AccessDenied", "")
	w.role(t, "sts-mfa", `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Principal":{"AWS":"`+harness.Account+`"},"Action":"sts:AssumeRole","Condition":{"Bool":{"aws:MultiFactorAuthPresent":"true"}}}}`)
	in := &sts.AssumeRoleInput{RoleArn: aws.String(roleARN + "sts-mfa"), RoleSessionName: aws.String("mfa")}
	_, err = w.user.STS.AssumeRole(ctx, in)
	harness.WantCode(t, err, "AccessDenied", "")
	_, err = w.with(c.Credentials).STS.AssumeRole(ctx, in)
	must(t, err)
}
