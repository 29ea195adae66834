package awsgo_test

import (
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	identity "github.com/aws/aws-sdk-go-v2/service/cognitoidentity"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentity/types"
	idp "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	"github.com/aws/aws-sdk-go-v2/service/iam"

	"github.com/poolhouse/poolhouse/conformance/harness"
)

// TestIdentityPools goes through the 23 operations of identity pools, and each error
// that they declare.
func TestIdentityPools(t *testing.T) {
	harness.EachProfile(t, func(t *testing.T, s *harness.Server) {
		s.Ledger = harness.NewLedger(t, "cognito-identity")
		w := newIdentityWorld(t, s.Fixture(t))
		for _, part := range []struct {
			name, operations string
			run              func(*identityWorld)
		}{
			{"pools", "CreateIdentityPool DescribeIdentityPool UpdateIdentityPool ListIdentityPools DeleteIdentityPool", (*identityWorld).pools},
			{"tags", "TagResource UntagResource ListTagsForResource", (*identityWorld).tags},
			{"roles", "SetIdentityPoolRoles GetIdentityPoolRoles GetCredentialsForIdentity", (*identityWorld).roles},
			{"forged logins", "", (*identityWorld).forged},
			{"guests", "GetId GetOpenIdToken DescribeIdentity DeleteIdentities", (*identityWorld).guests},
			{"tags of principals", "SetPrincipalTagAttributeMap GetPrincipalTagAttributeMap", (*identityWorld).principalTags},
			{"links", "ListIdentities UnlinkIdentity", (*identityWorld).links},
			{"backend", "GetOpenIdTokenForDeveloperIdentity LookupDeveloperIdentity MergeDeveloperIdentities UnlinkDeveloperIdentity", (*identityWorld).backendUsers},
			{"SAML", "", (*identityWorld).samlLogin},
			{"sign-out", "", (*identityWorld).signedOut},
			{"unreachable provider", "", (*identityWorld).unreachable},
			{"too many", "", (*identityWorld).tooMany}, // last: the address is full afterwards
		} {
			s.Ledger.Test(t, part.name, part.operations, func(t *testing.T) {
				at := *w
				at.T = t
				part.run(&at)
			})
		}
		t.Run("ledger", s.Ledger.Settle)
	})
}

// once keeps the SDK from trying again what it takes for a throttled call.
func once(o *identity.Options) { o.Retryer = aws.NopRetryer{} }

func (w *identityWorld) pools() {
	ctx := w.Context()
	id := w.newPool(func(in *identity.CreateIdentityPoolInput) {
		in.AllowClassicFlow, in.IdentityPoolTags = aws.Bool(true), map[string]string{"a": "b"}
	})
	got, err := w.root.DescribeIdentityPool(ctx, &identity.DescribeIdentityPoolInput{IdentityPoolId: &id})
	must(w, err)
	if !got.AllowUnauthenticatedIdentities || !*got.AllowClassicFlow || got.IdentityPoolTags["a"] != "b" || !*got.CognitoIdentityProviders[0].ServerSideTokenCheck {
		w.Errorf("described %+v", got)
	}
	bare, err := w.root.UpdateIdentityPool(ctx, &identity.UpdateIdentityPoolInput{IdentityPoolId: &id, IdentityPoolName: aws.String("bare")})
	must(w, err)
	if bare.AllowUnauthenticatedIdentities || bare.AllowClassicFlow != nil || bare.IdentityPoolTags != nil || bare.CognitoIdentityProviders != nil {
		w.Errorf("what was left out stays: %+v", bare)
	}
	page, err := w.root.ListIdentityPools(ctx, &identity.ListIdentityPoolsInput{MaxResults: aws.Int32(1)})
	must(w, err)
	if len(page.IdentityPools) != 1 || page.NextToken == nil {
		w.Errorf("first page %+v", page)
	}
	many := make([]types.CognitoIdentityProvider, 51)
	for i := range many {
		many[i] = types.CognitoIdentityProvider{ProviderName: aws.String(w.f.LoginProvider()), ClientId: aws.String(fmt.Sprint("client", i))}
	}
	_, err = w.root.CreateIdentityPool(ctx, &identity.CreateIdentityPoolInput{IdentityPoolName: aws.String("many"), CognitoIdentityProviders: many}, once)
	w.want("51 providers", err, "LimitExceededException", "")
	_, err = w.root.UpdateIdentityPool(ctx, &identity.UpdateIdentityPoolInput{IdentityPoolId: &id, IdentityPoolName: aws.String("many"), CognitoIdentityProviders: many}, once)
	w.want("51 providers", err, "LimitExceededException", "")
	_, err = w.root.DeleteIdentityPool(ctx, &identity.DeleteIdentityPoolInput{IdentityPoolId: &id})
	must(w, err)

	bad := aws.String("not an id")
	for code, id := range map[string]*string{"ResourceNotFoundException": aws.String(nobody), "InvalidParameterException": bad} {
		_, err = w.root.DescribeIdentityPool(ctx, &identity.DescribeIdentityPoolInput{IdentityPoolId: id})
		w.want("DescribeIdentityPool", err, code, "")
		_, err = w.root.UpdateIdentityPool(ctx, &identity.UpdateIdentityPoolInput{IdentityPoolId: id, IdentityPoolName: aws.String("x")})
		w.want("UpdateIdentityPool", err, code, "")
		_, err = w.root.DeleteIdentityPool(ctx, &identity.DeleteIdentityPoolInput{IdentityPoolId: id})
		w.want("DeleteIdentityPool", err, code, "")
		_, err = w.root.ListIdentities(ctx, &identity.ListIdentitiesInput{IdentityPoolId: id, MaxResults: aws.Int32(1)})
		w.want("ListIdentities", err, code, "")
		_, err = w.root.DescribeIdentity(ctx, &identity.DescribeIdentityInput{IdentityId: id})
		w.want("DescribeIdentity", err, code, "")
		_, err = w.app.GetId(ctx, &identity.GetIdInput{IdentityPoolId: id})
		w.want("GetId", err, code, "")
		_, err = w.token(*id, nil)
		w.want("GetOpenIdToken", err, code, "")
		_, err = w.credentials(*id, nil, "")
		w.want("GetCredentialsForIdentity", err, code, "")
	}
	w.want("UnlinkIdentity", w.unlink(*bad, w.elsewhere("x"), "x"), "InvalidParameterException", "")
	_, err = w.root.CreateIdentityPool(ctx, &identity.CreateIdentityPoolInput{IdentityPoolName: aws.String("no/slash")})
	w.want("CreateIdentityPool", err, "InvalidParameterException", "")
	_, err = w.root.ListIdentityPools(ctx, &identity.ListIdentityPoolsInput{MaxResults: aws.Int32(61)})
	w.want("61 in a page", err, "InvalidParameterException", "")
	_, err = w.root.DeleteIdentities(ctx, &identity.DeleteIdentitiesInput{IdentityIdsToDelete: make([]string, 0)})
	w.want("nothing to delete", err, "InvalidParameterException", "")
}

func (w *identityWorld) tags() {
	ctx := w.Context()
	arn := func(id string) *string {
		return aws.String("arn:aws:cognito-identity:" + harness.Region + ":" + harness.Account + ":identitypool/" + id)
	}
	_, err := w.root.TagResource(ctx, &identity.TagResourceInput{ResourceArn: arn(w.pool), Tags: map[string]string{"team": "red", "x": "y"}})
	must(w, err)
	_, err = w.root.UntagResource(ctx, &identity.UntagResourceInput{ResourceArn: arn(w.pool), TagKeys: []string{"x", "none"}})
	must(w, err)
	got, err := w.root.ListTagsForResource(ctx, &identity.ListTagsForResourceInput{ResourceArn: arn(w.pool)})
	must(w, err)
	if len(got.Tags) != 1 || got.Tags["team"] != "red" {
		w.Errorf("tags %v", got.Tags)
	}
	for code, arn := range map[string]*string{"ResourceNotFoundException": arn(nobody), "InvalidParameterException": aws.String("arn:aws:s3:::somewhere/else")} {
		_, err = w.root.TagResource(ctx, &identity.TagResourceInput{ResourceArn: arn, Tags: map[string]string{"a": "b"}})
		w.want("TagResource", err, code, "")
		_, err = w.root.UntagResource(ctx, &identity.UntagResourceInput{ResourceArn: arn, TagKeys: []string{"a"}})
		w.want("UntagResource", err, code, "")
		_, err = w.root.ListTagsForResource(ctx, &identity.ListTagsForResourceInput{ResourceArn: arn})
		w.want("ListTagsForResource", err, code, "")
	}
	team := w.user("team", `{"Effect":"Allow","Action":"cognito-identity:*","Resource":"*","Condition":{"StringEquals":{"aws:ResourceTag/team":"red"}}}`)
	_, err = team.Identity.DescribeIdentityPool(ctx, &identity.DescribeIdentityPoolInput{IdentityPoolId: &w.pool})
	must(w, err)
	other := w.newPool(func(*identity.CreateIdentityPoolInput) {})
	_, err = team.Identity.DescribeIdentityPool(ctx, &identity.DescribeIdentityPoolInput{IdentityPoolId: &other})
	w.want("a pool without the tag", err, "AccessDeniedException", "")
}

// user returns the clients of an IAM user with a policy.
func (w *identityWorld) user(name, statement string) *harness.AWS {
	w.Helper()
	api := w.f.Root().IAM
	_, err := api.CreateUser(w.Context(), &iam.CreateUserInput{UserName: &name})
	must(w, err)
	_, err = api.PutUserPolicy(w.Context(), &iam.PutUserPolicyInput{UserName: &name, PolicyName: aws.String("p"),
		PolicyDocument: aws.String(`{"Version":"2012-10-17","Statement":[` + statement + `]}`)})
	must(w, err)
	key, err := api.CreateAccessKey(w.Context(), &iam.CreateAccessKeyInput{UserName: &name})
	must(w, err)
	return w.f.As(*key.AccessKey.AccessKeyId, *key.AccessKey.SecretAccessKey, "")
}

func (w *identityWorld) roles() {
	ctx := w.Context()
	rule := func(claim string, match types.MappingRuleMatchType, value, role string) types.MappingRule {
		return types.MappingRule{Claim: &claim, MatchType: match, Value: &value, RoleARN: &role}
	}
	mapping := func(rules ...types.MappingRule) map[string]types.RoleMapping {
		return map[string]types.RoleMapping{w.issuer.name(): {Type: types.RoleMappingTypeRules, AmbiguousRoleResolution: types.AmbiguousRoleResolutionTypeDeny,
			RulesConfiguration: &types.RulesConfigurationType{Rules: rules}}}
	}
	w.setRoles(mapping(rule("level", types.MappingRuleMatchTypeNotEqual, "low", w.samlRole), rule("sub", types.MappingRuleMatchTypeStartsWith, "boss", w.userRole),
		rule("teams", types.MappingRuleMatchTypeContains, "ed", w.samlRole)))
	got, err := w.root.GetIdentityPoolRoles(ctx, &identity.GetIdentityPoolRolesInput{IdentityPoolId: &w.pool})
	must(w, err)
	if len(got.RoleMappings[w.issuer.name()].RulesConfiguration.Rules) != 3 || got.Roles["authenticated"] != w.userRole {
		w.Errorf("roles %+v", got)
	}
	of := func(sub string, claims map[string]any, custom string) string {
		logins := map[string]string{w.issuer.name(): w.issuer.token(sub, claims)}
		out, err := w.credentials(w.id(logins), logins, custom)
		if err != nil {
			return harness.Code(err)
		}
		c := out.Credentials
		as := w.f.As(*c.AccessKeyId, *c.SecretKey, *c.SessionToken)
		me, err := as.STS.GetCallerIdentity(ctx, nil)
		must(w, err)
		return strings.Split(*me.Arn, "/")[1]
	}
	const refused = "NotAuthorizedException"
	for _, tt := range []struct {
		sub    string
		claims map[string]any
		custom string
		want   string
	}{
		{"boss1", nil, "", "User"}, // NotEqual does not hold for a claim that is missing
		{"boss2", map[string]any{"level": "high"}, "", "Staff"},
		{"boss2", map[string]any{"level": "high"}, w.userRole, "User"},
		{"clerk", map[string]any{"teams": []string{"blue", "red"}}, "", "Staff"},
		{"clerk", map[string]any{"level": "low"}, "", refused},
		{"boss1", nil, w.samlRole, refused},
		{"boss1", nil, w.guestRole, refused},
	} {
		if got := of(tt.sub, tt.claims, tt.custom); got != tt.want {
			w.Errorf("%s with %v, asking for %q: %s, want %s", tt.sub, tt.claims, tt.custom, got, tt.want)
		}
	}
	many := make([]types.MappingRule, 26)
	for i := range many {
		many[i] = rule("a", types.MappingRuleMatchTypeEquals, "b", w.userRole)
	}
	_, err = w.root.SetIdentityPoolRoles(ctx, &identity.SetIdentityPoolRolesInput{IdentityPoolId: &w.pool, Roles: map[string]string{}, RoleMappings: mapping(many...)})
	w.want("26 rules", err, "InvalidParameterException", "")
	_, err = w.root.SetIdentityPoolRoles(ctx, &identity.SetIdentityPoolRolesInput{IdentityPoolId: aws.String(nobody), Roles: map[string]string{}})
	w.want("SetIdentityPoolRoles", err, "ResourceNotFoundException", "")
	for code, id := range map[string]string{"ResourceNotFoundException": nobody, "InvalidParameterException": "x"} {
		_, err = w.root.GetIdentityPoolRoles(ctx, &identity.GetIdentityPoolRolesInput{IdentityPoolId: &id})
		w.want("GetIdentityPoolRoles", err, code, "")
	}
	w.setRoles(nil)
	const text = "Invalid identity pool configuration. Check assigned IAM roles for this pool."
	other := w.newPool(func(*identity.CreateIdentityPoolInput) {})
	guest, err := w.app.GetId(ctx, &identity.GetIdInput{IdentityPoolId: &other})
	must(w, err)
	_, err = w.credentials(*guest.IdentityId, nil, "")
	w.want("a pool without roles", err, "InvalidIdentityPoolConfigurationException", text)
}

func (w *identityWorld) guests() {
	ctx := w.Context()
	guest := w.id(nil)
	as := w.as(guest, nil, "")
	_, err := as.IDP.ListUserPools(ctx, &idp.ListUserPoolsInput{MaxResults: aws.Int32(1)})
	must(w, err)
	_, err = as.IAM.ListRoles(ctx, nil)
	w.want("a service that guests don't have, though the role does", err, "AccessDenied", "session policy")
	token, err := w.token(guest, nil)
	must(w, err)
	if amr := fmt.Sprint(payload(w, token)["amr"]); amr != "[unauthenticated]" {
		w.Errorf("amr of a guest %s", amr)
	}
	list, err := w.root.ListIdentities(ctx, &identity.ListIdentitiesInput{IdentityPoolId: &w.pool, MaxResults: aws.Int32(60)})
	must(w, err)
	described, err := w.root.DescribeIdentity(ctx, &identity.DescribeIdentityInput{IdentityId: &guest})
	must(w, err)
	if len(list.Identities) == 0 || len(described.Logins) != 0 {
		w.Errorf("listed %d, described %+v", len(list.Identities), described)
	}

	closed := w.newPool(func(in *identity.CreateIdentityPoolInput) { in.AllowClassicFlow = aws.Bool(false) })
	out, err := w.app.GetId(ctx, &identity.GetIdInput{IdentityPoolId: &closed})
	must(w, err)
	_, err = w.token(*out.IdentityId, nil)
	w.want("the basic flow", err, "InvalidParameterException", "Basic (classic) flow is not enabled, please use enhanced flow.")
	_, err = w.root.UpdateIdentityPool(ctx, &identity.UpdateIdentityPoolInput{IdentityPoolId: &closed, IdentityPoolName: aws.String("members")})
	must(w, err)
	const text = "Unauthenticated access is not supported for this identity pool."
	_, err = w.app.GetId(ctx, &identity.GetIdInput{IdentityPoolId: &closed})
	w.want("a new guest", err, "NotAuthorizedException", text)
	_, err = w.token(*out.IdentityId, nil)
	w.want("an old guest's token", err, "NotAuthorizedException", text)
	_, err = w.credentials(*out.IdentityId, nil, "")
	w.want("an old guest's credentials", err, "NotAuthorizedException", text)
	deleted, err := w.root.DeleteIdentities(ctx, &identity.DeleteIdentitiesInput{IdentityIdsToDelete: []string{*out.IdentityId, nobody}})
	must(w, err)
	if len(deleted.UnprocessedIdentityIds) != 0 {
		w.Errorf("not deleted: %+v", deleted.UnprocessedIdentityIds)
	}
}

func (w *identityWorld) unreachable() {
	iss := &issuer{t: w, url: "http://" + w.dead, key: w.issuer.key}
	logins := map[string]string{w.dead: iss.token("x", nil)}
	guest := w.id(nil)
	_, err := w.getID(logins)
	w.want("GetId", err, "ExternalServiceException", "")
	_, err = w.token(guest, logins)
	w.want("GetOpenIdToken", err, "ExternalServiceException", "")
	_, err = w.credentials(guest, logins, "")
	w.want("GetCredentialsForIdentity", err, "ExternalServiceException", "")
	w.want("UnlinkIdentity", w.unlink(guest, logins, "x"), "ExternalServiceException", "")
}

// tooMany spends what an address may have of the pool, by the cheapest of its calls.
func (w *identityWorld) tooMany() {
	w.app = identity.New(w.app.Options(), once)
	guest, junk := w.id(nil), map[string]string{w.issuer.name(): "junk"}
	full := func() bool { return harness.Code(w.unlink(guest, junk, "x")) == "TooManyRequestsException" }
	for range 10 { // windows begin by the clock
		var all sync.WaitGroup
		for range 10 {
			all.Go(func() {
				for range 60 {
					if full() {
						return
					}
				}
			})
		}
		all.Wait()
		_, id := w.getID(nil)
		_, token := w.token(guest, nil)
		_, credentials := w.credentials(guest, nil, "")
		met := 0
		for _, err := range []error{id, token, credentials, w.unlink(guest, junk, "x")} {
			if harness.Code(err) == "TooManyRequestsException" {
				harness.Wanted(err)
				met++
			}
		}
		if met == 4 {
			return
		}
	}
	w.Error("no ceiling was met")
}
