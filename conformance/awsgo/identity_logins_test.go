package awsgo_test

import (
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	identity "github.com/aws/aws-sdk-go-v2/service/cognitoidentity"
	idp "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"

	"github.com/poolhouse/poolhouse/conformance/harness"
)

// forged offers tokens that must not count, to each of the calls that take logins.
func (w *identityWorld) forged() {
	name, own := w.issuer.name(), w.f.LoginProvider()
	good := w.issuer.token("mallory", nil)
	body := strings.Split(good, ".")[1]
	usual := map[string]any{"iss": w.issuer.url, "sub": "mallory", "aud": issuerClient, "exp": time.Now().Add(time.Hour).Unix()}
	der, err := x509.MarshalPKIXPublicKey(w.issuer.key.Public())
	must(w, err)
	public := pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der})
	header := func(text string) string { return base64.RawURLEncoding.EncodeToString([]byte(text)) }
	signedIn := signIn(w, w.f, w.f.Alice)
	other := w.otherUsers()
	const supported, notToken = "Token is not from a supported provider of this identity pool.", "Invalid login token. Not a valid OpenId Connect identity token."
	const issuerText = "Invalid login token. Issuer doesn't match providerName"
	for what, tt := range map[string]struct{ provider, token, text string }{
		"junk":                        {name, "junk", notToken},
		"alg=none":                    {name, header(`{"alg":"none"}`) + "." + body + ".", notToken},
		"alg=none with the signature": {name, header(`{"alg":"none"}`) + good[strings.IndexByte(good, '.'):], notToken},
		"HS256 with the public key":   {name, w.issuer.signed(jose.HS256, public, usual), notToken},
		"key of another":              {name, newIssuer(w).signed(jose.RS256, newIssuer(w).key, usual), notToken},
		"changed":                     {name, good[:len(good)-8] + "AAAAAAAA", notToken},
		"issuer of another":           {name, w.issuer.token("mallory", map[string]any{"iss": "https://elsewhere.example"}), issuerText},
		"audience of another":         {name, w.issuer.token("mallory", map[string]any{"aud": "another"}), supported},
		"azp of another":              {name, w.issuer.token("mallory", map[string]any{"azp": "another"}), supported},
		"expired":                     {name, w.issuer.token("mallory", map[string]any{"exp": time.Now().Add(-6 * time.Minute).Unix()}), "Invalid login token. Token is expired."},
		"without expiry":              {name, w.issuer.token("mallory", map[string]any{"exp": nil}), "Invalid login token. Token is expired."},
		"access token":                {own, *signedIn.AccessToken, "Invalid login token. Missing a required claim: aud"},
		"token of another user pool":  {own, *signIn(w, other, other.Alice).IdToken, issuerText},
		"provider that is not there":  {other.LoginProvider(), *signIn(w, other, other.Alice).IdToken, supported},
		"ID token as pool token":      {"cognito-identity.amazonaws.com", *signedIn.IdToken, ""},
	} {
		_, err := w.getID(map[string]string{tt.provider: tt.token})
		w.want(what, err, "NotAuthorizedException", tt.text)
		_, err = w.token(w.id(nil), map[string]string{tt.provider: tt.token})
		w.want(what+", for a token", err, "NotAuthorizedException", tt.text)
		_, err = w.credentials(w.id(nil), map[string]string{tt.provider: tt.token}, "")
		w.want(what+", for credentials", err, "NotAuthorizedException", tt.text)
		w.want(what+", to unlink", w.unlink(w.id(nil), map[string]string{tt.provider: tt.token}, tt.provider), "NotAuthorizedException", "")
	}
	_, err = w.getID(map[string]string{name: w.issuer.token("late", map[string]any{"exp": time.Now().Add(-4 * time.Minute).Unix()})})
	must(w, err) // clocks differ
	_, err = w.getID(map[string]string{"api.twitter.com": "token;secret"})
	w.want("a service that is no more", err, "InvalidParameterException", "api.twitter.com")

	pair := map[string]string{name: good, own: good}
	_, err = w.getID(pair)
	w.want("one bad login of two", err, "NotAuthorizedException", "")
	alone, both := w.id(map[string]string{name: good}), w.id(map[string]string{own: *signedIn.IdToken})
	if alone == both {
		w.Error("the bad login was linked")
	}
	_, err = w.credentials(alone, map[string]string{own: *signIn(w, other, other.Alice).IdToken}, "")
	w.want("another pool's token for this pool's identity", err, "NotAuthorizedException", issuerText)
	foreign := map[string]string{other.LoginProvider(): *signIn(w, other, other.Alice).IdToken}
	_, there := w.credentials(alone, foreign, "")
	_, absent := w.credentials(nobody, foreign, "")
	w.want("an identity of another pool", there, "NotAuthorizedException", supported)
	w.want("an identity that is not there", absent, "NotAuthorizedException", supported)
}

func (w *identityWorld) principalTags() {
	ctx, name := w.Context(), w.issuer.name()
	set := func(in *identity.SetPrincipalTagAttributeMapInput) error {
		in.IdentityPoolId, in.IdentityProviderName = &w.pool, &name
		_, err := w.root.SetPrincipalTagAttributeMap(ctx, in)
		return err
	}
	must(w, set(&identity.SetPrincipalTagAttributeMapInput{UseDefaults: aws.Bool(false), PrincipalTags: map[string]string{"department": "dept", "level": "level"}}))
	got, err := w.root.GetPrincipalTagAttributeMap(ctx, &identity.GetPrincipalTagAttributeMapInput{IdentityPoolId: &w.pool, IdentityProviderName: &name})
	must(w, err)
	if *got.UseDefaults || got.PrincipalTags["department"] != "dept" {
		w.Errorf("got %+v", got)
	}
	list := func(claims map[string]any) error {
		logins := map[string]string{name: w.issuer.token("tagged", claims)}
		_, err := w.as(w.id(logins), logins, "").IDP.ListUserPools(ctx, &idp.ListUserPoolsInput{MaxResults: aws.Int32(1)})
		return err
	}
	must(w, list(map[string]any{"dept": "eng"}))
	w.want("the wrong tag", list(map[string]any{"dept": "sales"}), "AccessDeniedException", "")
	w.want("a claim that is missing", list(nil), "AccessDeniedException", "")

	must(w, set(&identity.SetPrincipalTagAttributeMapInput{UseDefaults: aws.Bool(true)}))
	logins := w.elsewhere("tagged")
	token, err := w.token(w.id(logins), logins)
	must(w, err)
	if tags := fmt.Sprint(payload(w, token)["https://aws.amazon.com/tags"]); tags != "map[principal_tags:map[client:["+issuerClient+"] username:[tagged]]]" {
		w.Errorf("default tags %s", tags)
	}
	long := map[string]string{}
	for i := range 5 {
		long[fmt.Sprint("tag", i)] = strings.Repeat("x", 93)
	}
	w.want("465 bytes of names", set(&identity.SetPrincipalTagAttributeMapInput{PrincipalTags: long}), "InvalidParameterException", "460")
	must(w, set(&identity.SetPrincipalTagAttributeMapInput{}))
	for _, provider := range []string{"accounts.facebook.example", backend} {
		_, err = w.root.GetPrincipalTagAttributeMap(ctx, &identity.GetPrincipalTagAttributeMapInput{IdentityPoolId: &w.pool, IdentityProviderName: &provider})
		w.want(provider, err, "InvalidParameterException", "")
	}
	_, err = w.root.SetPrincipalTagAttributeMap(ctx, &identity.SetPrincipalTagAttributeMapInput{IdentityPoolId: aws.String(nobody), IdentityProviderName: &name})
	w.want("SetPrincipalTagAttributeMap", err, "ResourceNotFoundException", "")
	_, err = w.root.GetPrincipalTagAttributeMap(ctx, &identity.GetPrincipalTagAttributeMapInput{IdentityPoolId: aws.String(nobody), IdentityProviderName: &name})
	w.want("GetPrincipalTagAttributeMap", err, "ResourceNotFoundException", "")
}

func (w *identityWorld) links() {
	ctx, own := w.Context(), w.f.LoginProvider()
	bob := map[string]string{own: *signIn(w, w.f, w.f.Bob).IdToken}
	guest := w.id(nil)
	if out, err := w.credentials(guest, bob, ""); err != nil || *out.IdentityId != guest {
		w.Fatalf("a guest who signs in is %+v, %v", out, err)
	}
	second := w.id(w.elsewhere("bob"))
	both := map[string]string{own: bob[own], w.issuer.name(): w.elsewhere("bob")[w.issuer.name()]}
	out, err := w.credentials(second, both, "")
	must(w, err)
	owner := *out.IdentityId
	if owner != second {
		w.Errorf("merged into %s, want the identity that was asked for", owner)
	}
	_, err = w.credentials(guest, bob, "")
	w.want("the identity that was merged away", err, "NotAuthorizedException", "")
	if id := w.id(bob); id != owner {
		w.Errorf("its login leads to %s", id)
	}
	hidden, err := w.root.ListIdentities(ctx, &identity.ListIdentitiesInput{IdentityPoolId: &w.pool, MaxResults: aws.Int32(60), HideDisabled: true})
	must(w, err)
	for _, i := range hidden.Identities {
		if *i.IdentityId == guest {
			w.Error("a disabled identity is not hidden")
		}
	}

	clash := map[string]string{own: bob[own], w.issuer.name(): w.issuer.token("robert", nil)}
	_, err = w.getID(clash)
	w.want("two users of one provider", err, "ResourceConflictException", "")
	_, err = w.token(owner, clash)
	w.want("two users of one provider, for a token", err, "ResourceConflictException", "")
	_, err = w.credentials(owner, clash, "")
	w.want("two users of one provider, for credentials", err, "ResourceConflictException", "")
	w.want("two users of one provider, to unlink", w.unlink(owner, clash, own), "ResourceConflictException", "")

	w.want("unlink without a login of the identity", w.unlink(owner, w.elsewhere("eve"), own), "NotAuthorizedException", "Logins don't match")
	must(w, w.unlink(owner, w.elsewhere("bob"), own))
	if id := w.id(bob); id == owner {
		w.Error("an unlinked login still leads to the identity")
	}
	must(w, w.unlink(owner, w.elsewhere("bob"), w.issuer.name()))
	_, err = w.credentials(owner, nil, "")
	w.want("an identity without logins, as a guest", err, "NotAuthorizedException", "")
}

// developer returns a token for users of the backend.
func (w *identityWorld) developer(id string, logins map[string]string, change func(*identity.GetOpenIdTokenForDeveloperIdentityInput)) (*identity.GetOpenIdTokenForDeveloperIdentityOutput, error) {
	in := &identity.GetOpenIdTokenForDeveloperIdentityInput{IdentityPoolId: &w.pool, Logins: logins}
	if id != "" {
		in.IdentityId = &id
	}
	if change != nil {
		change(in)
	}
	return w.root.GetOpenIdTokenForDeveloperIdentity(w.Context(), in)
}

func (w *identityWorld) backendUsers() {
	ctx := w.Context()
	one, err := w.developer("", map[string]string{backend: "user 1"}, func(in *identity.GetOpenIdTokenForDeveloperIdentityInput) {
		in.PrincipalTags, in.TokenDuration = map[string]string{"department": "eng"}, aws.Int64(86400)
	})
	must(w, err)
	w.poolToken(*one.Token, *one.IdentityId)
	login := map[string]string{"cognito-identity.amazonaws.com": *one.Token}
	_, err = w.as(*one.IdentityId, login, "").IDP.ListUserPools(ctx, &idp.ListUserPoolsInput{MaxResults: aws.Int32(1)})
	must(w, err) // by the tag
	_, err = w.f.Anonymous().STS.AssumeRoleWithWebIdentity(ctx, &sts.AssumeRoleWithWebIdentityInput{RoleArn: &w.userRole, RoleSessionName: aws.String("backend"), WebIdentityToken: one.Token})
	must(w, err)
	_, err = w.credentials(w.id(nil), login, "")
	w.want("a token for another identity", err, "NotAuthorizedException", "Logins don't match")
	foreign := w.newPool(func(in *identity.CreateIdentityPoolInput) { in.DeveloperProviderName = aws.String(backend) })
	out, err := w.app.GetId(ctx, &identity.GetIdInput{IdentityPoolId: &foreign})
	must(w, err)
	_, err = w.credentials(*out.IdentityId, login, "")
	w.want("a token for another pool", err, "NotAuthorizedException", "Logins don't match")
	_, err = w.getID(map[string]string{backend: "user 1"})
	w.want("the backend's word without its signature", err, "NotAuthorizedException", "Token is not from a supported provider of this identity pool.")

	w.lookUp(*one.IdentityId)
	two, err := w.developer("", map[string]string{backend: "user 2", w.issuer.name(): w.issuer.token("dev", nil)}, nil)
	must(w, err)
	_, err = w.developer(*two.IdentityId, map[string]string{backend: "user 1"}, nil)
	w.want("a user of another identity", err, "DeveloperUserAlreadyRegisteredException", "")
	w.mergeUsers(*two.IdentityId, login, *one.IdentityId)
	w.developerErrors()
	w.twentyLogins()
}

// poolToken verifies a token as anybody outside would, by the discovery document.
func (w *identityWorld) poolToken(raw, id string) {
	w.Helper()
	var doc struct {
		Issuer string `json:"issuer"`
		JWKS   string `json:"jwks_uri"`
	}
	var keys jose.JSONWebKeySet
	w.fetch(w.f.URL+"/identity/.well-known/openid-configuration", &doc)
	w.fetch(doc.JWKS, &keys)
	token, err := jwt.ParseSigned(raw, []jose.SignatureAlgorithm{jose.RS256})
	must(w, err)
	claims := map[string]any{}
	must(w, token.Claims(keys.Key(token.Headers[0].KeyID)[0].Key, &claims))
	life, _ := claims["exp"].(float64)
	begun, _ := claims["iat"].(float64)
	if claims["iss"] != doc.Issuer || claims["aud"] != w.pool || claims["sub"] != id || life-begun != 86400 ||
		fmt.Sprint(claims["amr"]) != "[authenticated "+backend+" "+backend+":"+w.pool+":user 1]" {
		w.Errorf("claims %v", claims)
	}
}

func (w *identityWorld) fetch(url string, into any) {
	w.Helper()
	resp, err := http.Get(url)
	must(w, err)
	defer resp.Body.Close()
	must(w, json.NewDecoder(resp.Body).Decode(into))
}

func (w *identityWorld) lookUp(id string) {
	ctx := w.Context()
	for _, user := range []string{"user 1b", "user 1c"} {
		_, err := w.developer(id, map[string]string{backend: user}, nil)
		must(w, err)
	}
	var all []string
	in := &identity.LookupDeveloperIdentityInput{IdentityPoolId: &w.pool, IdentityId: &id, MaxResults: aws.Int32(2)}
	for more := true; more; more = in.NextToken != nil {
		page, err := w.root.LookupDeveloperIdentity(ctx, in)
		must(w, err)
		all = append(all, page.DeveloperUserIdentifierList...)
		in.NextToken = page.NextToken
	}
	if !slices.Equal(all, []string{"user 1", "user 1b", "user 1c"}) {
		w.Errorf("users %q", all)
	}
	found, err := w.root.LookupDeveloperIdentity(ctx, &identity.LookupDeveloperIdentityInput{IdentityPoolId: &w.pool, DeveloperUserIdentifier: aws.String("user 1c")})
	must(w, err)
	if *found.IdentityId != id {
		w.Errorf("found %s", *found.IdentityId)
	}
	_, err = w.root.LookupDeveloperIdentity(ctx, &identity.LookupDeveloperIdentityInput{IdentityPoolId: &w.pool, IdentityId: &id, DeveloperUserIdentifier: aws.String("user 9")})
	w.want("a user and another identity", err, "ResourceConflictException", "")
	_, err = w.root.LookupDeveloperIdentity(ctx, &identity.LookupDeveloperIdentityInput{IdentityPoolId: &w.pool, DeveloperUserIdentifier: aws.String("user 9")})
	w.want("a user who is not there", err, "ResourceNotFoundException", "")
	_, err = w.root.LookupDeveloperIdentity(ctx, &identity.LookupDeveloperIdentityInput{IdentityPoolId: &w.pool})
	w.want("nobody", err, "InvalidParameterException", "")
}

// mergeUsers merges the first identity, with the token of a user, into the second one,
// and unlinks its user.
func (w *identityWorld) mergeUsers(onto string, login map[string]string, merged string) {
	ctx := w.Context()
	merge := func(source, destination string) (*identity.MergeDeveloperIdentitiesOutput, error) {
		return w.root.MergeDeveloperIdentities(ctx, &identity.MergeDeveloperIdentitiesInput{IdentityPoolId: &w.pool, DeveloperProviderName: aws.String(backend),
			SourceUserIdentifier: &source, DestinationUserIdentifier: &destination})
	}
	out, err := merge("user 1", "user 2")
	must(w, err)
	if *out.IdentityId != onto {
		w.Errorf("merged into %s, want the destination's %s", *out.IdentityId, onto)
	}
	_, err = w.credentials(merged, login, "")
	w.want("the token of the identity that was merged away", err, "NotAuthorizedException", "")
	_, err = w.developer("", map[string]string{backend: "user 3", w.issuer.name(): w.issuer.token("third", nil)}, nil)
	must(w, err)
	_, err = merge("user 3", "user 2")
	w.want("two users of one provider", err, "ResourceConflictException", "")
	_, err = merge("user 9", "user 2")
	w.want("a user who is not there", err, "ResourceNotFoundException", "")
	_, err = w.root.MergeDeveloperIdentities(ctx, &identity.MergeDeveloperIdentitiesInput{IdentityPoolId: &w.pool, DeveloperProviderName: aws.String("another"),
		SourceUserIdentifier: aws.String("user 1"), DestinationUserIdentifier: aws.String("user 2")})
	w.want("another provider", err, "InvalidParameterException", "")

	unlink := func(id, provider, user string) error {
		_, err := w.root.UnlinkDeveloperIdentity(ctx, &identity.UnlinkDeveloperIdentityInput{IdentityPoolId: &w.pool, IdentityId: &id,
			DeveloperProviderName: &provider, DeveloperUserIdentifier: &user})
		return err
	}
	must(w, unlink(onto, backend, "user 1"))
	w.want("a user who was unlinked", unlink(onto, backend, "user 1"), "ResourceNotFoundException", "")
	w.want("a user of another identity", unlink(onto, backend, "user 3"), "ResourceConflictException", "")
	w.want("another provider", unlink(onto, "another", "user 2"), "InvalidParameterException", "")
	again, err := w.developer("", map[string]string{backend: "user 1"}, nil)
	must(w, err)
	if *again.IdentityId == onto {
		w.Error("an unlinked user still has the identity")
	}
}

func (w *identityWorld) developerErrors() {
	ctx := w.Context()
	user := map[string]string{backend: "user 2"}
	_, err := w.developer(nobody, user, nil)
	w.want("an identity that is not there", err, "ResourceNotFoundException", "")
	_, err = w.developer("", map[string]string{"another": "user 2"}, nil)
	w.want("another provider", err, "InvalidParameterException", "")
	_, err = w.developer("", user, func(in *identity.GetOpenIdTokenForDeveloperIdentityInput) { in.TokenDuration = aws.Int64(86401) })
	w.want("more than a day", err, "InvalidParameterException", "")
	_, err = w.developer("", map[string]string{backend: "user 2", w.issuer.name(): "junk"}, nil)
	w.want("a bad login beside the user", err, "NotAuthorizedException", "")
	_, err = w.developer("", map[string]string{backend: "user 2", w.issuer.name(): w.issuer.token("another", nil)}, nil)
	w.want("two users of one provider", err, "ResourceConflictException", "")
	classic := w.newPool(func(in *identity.CreateIdentityPoolInput) {
		in.AllowClassicFlow, in.DeveloperProviderName = aws.Bool(false), aws.String(backend)
	})
	_, err = w.root.GetOpenIdTokenForDeveloperIdentity(ctx, &identity.GetOpenIdTokenForDeveloperIdentityInput{IdentityPoolId: &classic, Logins: user})
	must(w, err) // the basic flow is closed to apps
}

// twentyLogins fills an identity up.
func (w *identityWorld) twentyLogins() {
	first, err := w.developer("", map[string]string{backend: "many 0"}, nil)
	must(w, err)
	for i := 1; i < 19; i++ {
		_, err := w.developer(*first.IdentityId, map[string]string{backend: fmt.Sprint("many ", i)}, nil)
		must(w, err)
	}
	logins := w.elsewhere("many")
	_, err = w.developer(*first.IdentityId, map[string]string{backend: "many 0", w.issuer.name(): logins[w.issuer.name()]}, nil)
	must(w, err)
	logins[w.f.LoginProvider()] = *signIn(w, w.f, w.f.Alice).IdToken
	_, err = w.app.GetId(w.Context(), &identity.GetIdInput{IdentityPoolId: &w.pool, Logins: logins}, once)
	w.want("the 21st login", err, "LimitExceededException", "")
	_, err = w.developer(*first.IdentityId, map[string]string{backend: "many 20"}, nil)
	w.want("the 21st login", err, "ResourceConflictException", "")
}

func (w *identityWorld) samlLogin() {
	app := awsApp(w.T, w.f, "identity", "urn:amazon:webservices", w.samlRole, w.saml)
	browser := harness.NewBrowser(w, nil)
	p := browser.Walk(w, w.f.URL+"/"+w.f.PoolID+"/saml/init/"+app, &w.f.Alice, func(p *harness.Page) bool { return p.Form("SAMLResponse") != nil })
	response := p.Form("SAMLResponse").Fields.Get("SAMLResponse")
	logins := map[string]string{w.saml: response}
	id := w.id(logins)
	_, err := w.as(id, logins, "").IAM.ListRoles(w.Context(), nil)
	must(w, err)
	_, err = w.credentials(id, logins, w.userRole)
	w.want("a role that the assertion does not offer", err, "NotAuthorizedException", "")
	_, err = w.token(id, logins)
	w.want("the basic flow", err, "InvalidParameterException", "enhanced flow")
	_, err = w.getID(map[string]string{w.saml: tampered(w.T, response, w.f.Alice.Email, w.f.Bob.Email)})
	w.want("a changed assertion", err, "NotAuthorizedException", "SAML assertion")
}

// signedOut: the pool asks the user pool with each use.
func (w *identityWorld) signedOut() {
	logins := map[string]string{w.f.LoginProvider(): *signIn(w, w.f, w.f.Bob).IdToken}
	id := w.id(logins)
	_, err := w.f.Root().IDP.AdminUserGlobalSignOut(w.Context(), &idp.AdminUserGlobalSignOutInput{UserPoolId: &w.f.PoolID, Username: &w.f.Bob.Username})
	must(w, err)
	_, err = w.credentials(id, logins, "")
	w.want("a user who is signed out", err, "NotAuthorizedException", "")
	_, err = w.token(id, logins)
	w.want("a user who is signed out, for a token", err, "NotAuthorizedException", "")
}
