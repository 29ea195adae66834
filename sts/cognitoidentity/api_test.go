package cognitoidentity_test

import (
	"encoding/json"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	sdk "github.com/aws/aws-sdk-go-v2/service/cognitoidentity"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentity/types"

	"github.com/poolhouse/poolhouse/internal/awsapi"
	"github.com/poolhouse/poolhouse/sts"
	"github.com/poolhouse/poolhouse/sts/cognitoidentity"
	"github.com/poolhouse/poolhouse/userpool"
)

func TestTablesFollowTheModel(t *testing.T) {
	s := (&cognitoidentity.API{}).Service()
	if err := awsapi.CheckOps(s); err != nil {
		t.Error(err)
	}
	if err := awsapi.CheckErrors(s); err != nil {
		t.Error(err)
	}
}

func TestResource(t *testing.T) {
	s := (&cognitoidentity.API{Region: "eu-west-1", Account: "42"}).Service()
	got := s.Resource("DescribeIdentityPool", &cognitoidentity.DescribeIdentityPoolInput{IdentityPoolId: aws.String("eu-west-1:x")})
	if got != "arn:aws:cognito-identity:eu-west-1:42:identitypool/eu-west-1:x" {
		t.Errorf("got %s", got)
	}
	if got := s.Resource("ListIdentityPools", &cognitoidentity.ListIdentityPoolsInput{}); got != "*" {
		t.Errorf("got %s", got)
	}
}

// Every input that names a pool must yield its ARN: a policy about one pool
// would otherwise not hold for the operation.
func TestResourceOfEveryPoolOperation(t *testing.T) {
	s := (&cognitoidentity.API{}).Service()
	typ := reflect.TypeFor[cognitoidentity.API]()
	for _, op := range s.Ops {
		m, _ := reflect.PointerTo(typ).MethodByName(op.Name)
		in := reflect.New(m.Type.In(2).Elem())
		id := in.Elem().FieldByName("IdentityPoolId")
		if !id.IsValid() || op.Auth != awsapi.SigV4 {
			continue
		}
		id.Set(reflect.ValueOf(aws.String("us-east-1:x")))
		if got := s.Resource(op.Name, in.Interface()); !strings.HasSuffix(got, "identitypool/us-east-1:x") {
			t.Errorf("%s: %s", op.Name, got)
		}
	}
}

func TestPools(t *testing.T) {
	w := newWorld(t)
	id := w.pool(func(in *sdk.CreateIdentityPoolInput) {
		in.DeveloperProviderName = aws.String("dev")
		in.IdentityPoolTags = map[string]string{"a": "b"}
	})
	got, err := w.sdk.DescribeIdentityPool(t.Context(), &sdk.DescribeIdentityPoolInput{IdentityPoolId: &id})
	w.check(err)
	up := got.CognitoIdentityProviders
	if *got.IdentityPoolName != "test" || !got.AllowUnauthenticatedIdentities || got.AllowClassicFlow != nil ||
		got.IdentityPoolTags["a"] != "b" || len(up) != 1 || *up[0].ProviderName != provider || !*up[0].ServerSideTokenCheck {
		t.Errorf("got %+v", got)
	}
	updated, err := w.sdk.UpdateIdentityPool(t.Context(), &sdk.UpdateIdentityPoolInput{IdentityPoolId: &id, IdentityPoolName: aws.String("new"),
		AllowClassicFlow: aws.Bool(false)})
	w.check(err)
	if updated.AllowUnauthenticatedIdentities || *updated.AllowClassicFlow || updated.CognitoIdentityProviders != nil || updated.IdentityPoolTags != nil {
		t.Errorf("not reset: %+v", updated)
	}
	w.pool(nil)
	list, err := w.sdk.ListIdentityPools(t.Context(), &sdk.ListIdentityPoolsInput{MaxResults: aws.Int32(1)})
	w.check(err)
	if len(list.IdentityPools) != 1 || list.NextToken == nil {
		t.Fatalf("first page %+v", list)
	}
	list, err = w.sdk.ListIdentityPools(t.Context(), &sdk.ListIdentityPoolsInput{MaxResults: aws.Int32(1), NextToken: list.NextToken})
	if err != nil || len(list.IdentityPools) != 1 || list.NextToken != nil {
		t.Errorf("second page %+v, %v", list, err)
	}
	_, err = w.sdk.DeleteIdentityPool(t.Context(), &sdk.DeleteIdentityPoolInput{IdentityPoolId: &id})
	w.check(err)
	_, err = w.sdk.DescribeIdentityPool(t.Context(), &sdk.DescribeIdentityPoolInput{IdentityPoolId: &id})
	wantCode(t, "deleted", err, "ResourceNotFoundException")
}

func TestRoles(t *testing.T) {
	w := newWorld(t)
	id := w.pool(nil)
	in := &sdk.SetIdentityPoolRolesInput{IdentityPoolId: &id, Roles: map[string]string{"authenticated": userRole},
		RoleMappings: map[string]types.RoleMapping{provider + ":" + string(clientID): {Type: types.RoleMappingTypeRules,
			AmbiguousRoleResolution: types.AmbiguousRoleResolutionTypeDeny, RulesConfiguration: &types.RulesConfigurationType{
				Rules: []types.MappingRule{{Claim: aws.String("sub"), MatchType: types.MappingRuleMatchTypeEquals,
					Value: aws.String("x"), RoleARN: aws.String(userRole)}}}}}}
	_, err := w.sdk.SetIdentityPoolRoles(t.Context(), in)
	w.check(err)
	got, err := w.sdk.GetIdentityPoolRoles(t.Context(), &sdk.GetIdentityPoolRolesInput{IdentityPoolId: &id})
	w.check(err)
	if !reflect.DeepEqual(got.Roles, in.Roles) || !reflect.DeepEqual(got.RoleMappings, in.RoleMappings) {
		t.Errorf("got %+v", got)
	}
	m := in.RoleMappings[provider+":"+string(clientID)]
	m.RulesConfiguration.Rules = slices.Repeat(m.RulesConfiguration.Rules, 26)
	_, err = w.sdk.SetIdentityPoolRoles(t.Context(), in)
	wantCode(t, "26 rules", err, "InvalidParameterException")
}

// Whoever may set a pool's roles but not pass them must not raise himself so.
func TestPassRole(t *testing.T) {
	w := newWorld(t)
	id := w.pool(nil)
	c := w.user(`{"Effect":"Allow","Action":"cognito-identity:*","Resource":"*"},
		{"Effect":"Allow","Action":"iam:PassRole","Resource":"` + userRole + `"}`)
	set := func(role string) error {
		_, err := c.SetIdentityPoolRoles(t.Context(), &sdk.SetIdentityPoolRolesInput{IdentityPoolId: &id, Roles: map[string]string{"authenticated": role}})
		return err
	}
	w.check(set(userRole))
	wantCode(t, "another role", set("arn:aws:iam::"+account+":role/admin"), "AccessDeniedException")
}

// What is allowed in one pool is not allowed in another, also where an operation
// names only identities.
func TestIdentitiesOfAnotherPool(t *testing.T) {
	w := newWorld(t)
	mine, theirs := w.pool(nil), w.pool(nil)
	c := w.user(`{"Effect":"Allow","Action":"cognito-identity:*","Resource":"arn:aws:cognito-identity:us-east-1:` + account + `:identitypool/` + mine + `"}`)
	guest := func(pool string) string {
		out, err := w.sdk.GetId(t.Context(), &sdk.GetIdInput{IdentityPoolId: &pool})
		w.check(err)
		return *out.IdentityId
	}
	my, other := guest(mine), guest(theirs)
	_, err := c.DescribeIdentity(t.Context(), &sdk.DescribeIdentityInput{IdentityId: &my})
	w.check(err)
	_, err = c.DescribeIdentity(t.Context(), &sdk.DescribeIdentityInput{IdentityId: &other})
	wantCode(t, "describe", err, "AccessDeniedException")
	_, err = c.DeleteIdentities(t.Context(), &sdk.DeleteIdentitiesInput{IdentityIdsToDelete: []string{other}})
	wantCode(t, "delete", err, "AccessDeniedException")
	out, err := c.DeleteIdentities(t.Context(), &sdk.DeleteIdentitiesInput{IdentityIdsToDelete: []string{my, other}})
	w.check(err)
	if left := out.UnprocessedIdentityIds; len(left) != 1 || *left[0].IdentityId != other || left[0].ErrorCode != types.ErrorCodeAccessDenied {
		t.Errorf("unprocessed: %+v", left)
	}
	if _, err := w.sdk.DescribeIdentity(t.Context(), &sdk.DescribeIdentityInput{IdentityId: &other}); err != nil {
		t.Errorf("the other pool's identity: %v", err)
	}
}

func TestIdentityLife(t *testing.T) {
	w := newWorld(t)
	ctx, pool := t.Context(), w.pool(nil)
	_, err := w.sdk.SetIdentityPoolRoles(ctx, &sdk.SetIdentityPoolRolesInput{IdentityPoolId: &pool, Roles: map[string]string{"authenticated": userRole}})
	w.check(err)
	set := w.signIn()
	logins := map[string]string{provider: set.IDToken}
	id, err := w.sdk.GetId(ctx, &sdk.GetIdInput{IdentityPoolId: &pool, Logins: logins})
	w.check(err)

	got, err := w.sdk.GetCredentialsForIdentity(ctx, &sdk.GetCredentialsForIdentityInput{IdentityId: id.IdentityId, Logins: logins})
	w.check(err)
	c := got.Credentials
	if *got.IdentityId != *id.IdentityId || !strings.HasPrefix(*c.AccessKeyId, "ASIA") || time.Until(*c.Expiration) > time.Hour {
		t.Errorf("got %+v", got)
	}
	if secret, _, err := w.sts.Credential(ctx, *c.AccessKeyId, *c.SessionToken); err != nil || secret != *c.SecretKey {
		t.Errorf("the credentials do not work: %v", err)
	}
	w.wantRecord(*id.IdentityId, pool, set.IDToken, *c.SecretKey, *c.SessionToken)

	token, err := w.sdk.GetOpenIdToken(ctx, &sdk.GetOpenIdTokenInput{IdentityId: id.IdentityId, Logins: logins})
	if err != nil || strings.Count(*token.Token, ".") != 2 {
		t.Errorf("token %+v, %v", token, err)
	}
	described, err := w.sdk.DescribeIdentity(ctx, &sdk.DescribeIdentityInput{IdentityId: id.IdentityId})
	if err != nil || !slices.Equal(described.Logins, []string{provider}) || time.Since(*described.CreationDate) > time.Minute {
		t.Errorf("described %+v, %v", described, err)
	}
	guest, err := w.sdk.GetId(ctx, &sdk.GetIdInput{IdentityPoolId: &pool})
	w.check(err)
	_, err = w.sdk.GetCredentialsForIdentity(ctx, &sdk.GetCredentialsForIdentityInput{IdentityId: guest.IdentityId})
	wantCode(t, "no role for guests", err, "InvalidIdentityPoolConfigurationException")
	list, err := w.sdk.ListIdentities(ctx, &sdk.ListIdentitiesInput{IdentityPoolId: &pool, MaxResults: aws.Int32(60)})
	if err != nil || len(list.Identities) != 2 {
		t.Errorf("list %+v, %v", list, err)
	}
	gone, err := w.sdk.DeleteIdentities(ctx, &sdk.DeleteIdentitiesInput{IdentityIdsToDelete: []string{*guest.IdentityId}})
	if err != nil || len(gone.UnprocessedIdentityIds) != 0 {
		t.Errorf("deleted %+v, %v", gone, err)
	}
	_, err = w.sdk.DescribeIdentity(ctx, &sdk.DescribeIdentityInput{IdentityId: guest.IdentityId})
	wantCode(t, "deleted", err, "ResourceNotFoundException")

	_, err = w.sdk.UnlinkIdentity(ctx, &sdk.UnlinkIdentityInput{IdentityId: id.IdentityId, Logins: logins, LoginsToRemove: []string{provider}})
	w.check(err)
	again, err := w.sdk.GetId(ctx, &sdk.GetIdInput{IdentityPoolId: &pool, Logins: logins})
	if err != nil || *again.IdentityId == *id.IdentityId {
		t.Errorf("after unlinking: %+v, %v", again, err)
	}
}

// wantRecord checks that the audit log names who got which role how, and holds
// none of the secrets.
func (w *world) wantRecord(id, pool string, secrets ...string) {
	w.Helper()
	raw, err := json.Marshal(w.audit.events)
	w.check(err)
	for _, want := range []string{id, pool, userRole, provider} {
		if !strings.Contains(string(raw), want) {
			w.Errorf("no %s in the audit record %s", want, raw)
		}
	}
	for _, secret := range secrets {
		if strings.Contains(string(raw), secret) {
			w.Error("a secret is in the audit record")
		}
	}
}

func TestSignedOutUser(t *testing.T) {
	w := newWorld(t)
	ctx, pool := t.Context(), w.pool(nil)
	set := w.signIn()
	logins := map[string]string{provider: set.IDToken}
	_, err := w.sdk.GetId(ctx, &sdk.GetIdInput{IdentityPoolId: &pool, Logins: logins})
	w.check(err)
	_, err = w.store.UpdateUser(ctx, poolID, "alice", func(u *userpool.User) error { u.SignedOut = time.Now().UTC(); return nil })
	w.check(err)
	_, err = w.sdk.GetId(ctx, &sdk.GetIdInput{IdentityPoolId: &pool, Logins: logins})
	wantCode(t, "signed out", err, "NotAuthorizedException")
	_, err = w.sdk.GetId(ctx, &sdk.GetIdInput{IdentityPoolId: &pool, Logins: map[string]string{provider: set.AccessToken}})
	wantCode(t, "access token", err, "NotAuthorizedException")
}

func TestProviders(t *testing.T) {
	w := newWorld(t)
	p := cognitoidentity.Providers{Store: w.sts.Store, Account: account}
	w.check(w.sts.Store.OIDCProviders().Create(t.Context(), &sts.OIDCProvider{Account: account, URL: "idp.example/a", Issuer: "https://idp.example/a",
		ClientIDs: []string{"app"}, Created: time.Now()}))
	issuer, clients, err := p.OIDCProvider(t.Context(), "arn:aws:iam::"+account+":oidc-provider/idp.example/a")
	if err != nil || issuer != "https://idp.example/a" || !slices.Equal(clients, []string{"app"}) {
		t.Errorf("got %s, %v, %v", issuer, clients, err)
	}
	for _, arn := range []string{"arn:aws:iam::" + account + ":oidc-provider/idp.example/b", "arn:aws:iam::111111111111:oidc-provider/idp.example/a", "x"} {
		if _, _, err := p.OIDCProvider(t.Context(), arn); err == nil {
			t.Errorf("%s was found", arn)
		}
	}
}
