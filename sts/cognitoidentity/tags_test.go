package cognitoidentity_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	sdk "github.com/aws/aws-sdk-go-v2/service/cognitoidentity"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentity/types"

	"github.com/poolhouse/poolhouse/sts/identity"
)

const allPools = "arn:aws:cognito-identity:us-east-1:" + account + ":identitypool/"

// Whoever administers pools by their tags must not change who that is.
func TestTagConditions(t *testing.T) {
	w := newWorld(t)
	red := w.pool(func(in *sdk.CreateIdentityPoolInput) { in.IdentityPoolTags = map[string]string{"team": "red"} })
	blue := w.pool(func(in *sdk.CreateIdentityPoolInput) { in.IdentityPoolTags = map[string]string{"team": "blue"} })
	c := w.user(`{"Effect":"Allow","Action":"cognito-identity:*","Resource":"*","Condition":{"StringEquals":{"aws:ResourceTag/team":"red"}}},
		{"Effect":"Allow","Action":"cognito-identity:CreateIdentityPool","Resource":"*","Condition":{"StringEquals":{"aws:RequestTag/team":"red"}}},
		{"Effect":"Deny","Action":["cognito-identity:TagResource","cognito-identity:UntagResource"],"Resource":"*",
		 "Condition":{"ForAnyValue:StringEquals":{"aws:TagKeys":"team"}}}`)
	ctx := t.Context()
	tag := func(pool string, tags map[string]string) error {
		_, err := c.TagResource(ctx, &sdk.TagResourceInput{ResourceArn: aws.String(allPools + pool), Tags: tags})
		return err
	}
	untag := func(keys ...string) error {
		_, err := c.UntagResource(ctx, &sdk.UntagResourceInput{ResourceArn: aws.String(allPools + red), TagKeys: keys})
		return err
	}
	create := func(tags map[string]string) error {
		_, err := c.CreateIdentityPool(ctx, &sdk.CreateIdentityPoolInput{IdentityPoolName: aws.String("x"), IdentityPoolTags: tags})
		return err
	}
	for name, err := range map[string]error{"tag": tag(red, map[string]string{"x": "y"}), "untag": untag("x"), "create": create(map[string]string{"team": "red"})} {
		if err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	wantCode(t, "another team's pool", tag(blue, map[string]string{"x": "y"}), "AccessDeniedException")
	wantCode(t, "the tag itself", tag(red, map[string]string{"team": "blue"}), "AccessDeniedException")
	wantCode(t, "taking it away", untag("x", "team"), "AccessDeniedException")
	wantCode(t, "a pool without it", create(nil), "AccessDeniedException")
	got, err := w.sdk.ListTagsForResource(ctx, &sdk.ListTagsForResourceInput{ResourceArn: aws.String(allPools + red)})
	if err != nil || !maps.Equal(got.Tags, map[string]string{"team": "red"}) {
		t.Errorf("tags %v, %v", got.Tags, err)
	}
}

func TestTagLimits(t *testing.T) {
	w := newWorld(t)
	pool := allPools + w.pool(nil)
	many := map[string]string{}
	for i := range 50 {
		many[fmt.Sprint("k", i)] = "v"
	}
	tag := func(arn string, tags map[string]string) error {
		_, err := w.sdk.TagResource(t.Context(), &sdk.TagResourceInput{ResourceArn: &arn, Tags: tags})
		return err
	}
	w.check(tag(pool, many))
	for name, err := range map[string]error{
		"the 51st":            tag(pool, map[string]string{"more": "v"}),
		"one of AWS's":        tag(pool, map[string]string{"Aws:k1": "v"}),
		"another region":      tag("arn:aws:cognito-identity:eu-west-1:"+account+":identitypool/eu-west-1:0", many),
		"another account":     tag("arn:aws:cognito-identity:us-east-1:111111111111:identitypool/us-east-1:0", many),
		"all pools":           tag(allPools, many),
		"not even an address": tag("arn:aws:something:else:entirely", many),
	} {
		wantCode(t, name, err, "InvalidParameterException")
	}
}

// full keeps data that cannot be deleted.
type full struct{ identity.Datasets }

func (full) IdentityDeleted(context.Context, identity.PoolID, identity.ID) error {
	return errors.New("disk full")
}

// An identity whose data stays stays too, and the caller is told.
func TestUnprocessedIdentities(t *testing.T) {
	w := newWorld(t)
	pool := w.pool(nil)
	w.pools.Datasets = full{}
	guest, err := w.sdk.GetId(t.Context(), &sdk.GetIdInput{IdentityPoolId: &pool})
	w.check(err)
	out, err := w.sdk.DeleteIdentities(t.Context(), &sdk.DeleteIdentitiesInput{IdentityIdsToDelete: []string{*guest.IdentityId}})
	w.check(err)
	if left := out.UnprocessedIdentityIds; len(left) != 1 || left[0].ErrorCode != types.ErrorCodeInternalServerError {
		t.Errorf("unprocessed %+v", left)
	}
	_, err = w.sdk.DescribeIdentity(t.Context(), &sdk.DescribeIdentityInput{IdentityId: guest.IdentityId})
	w.check(err)
}

func TestLookupToken(t *testing.T) {
	w := newWorld(t)
	pool := w.pool(func(in *sdk.CreateIdentityPoolInput) { in.DeveloperProviderName = aws.String("backend") })
	_, err := w.sdk.LookupDeveloperIdentity(t.Context(), &sdk.LookupDeveloperIdentityInput{IdentityPoolId: &pool, DeveloperUserIdentifier: aws.String("u"), NextToken: aws.String("!")})
	wantCode(t, "a token of somebody else", err, "InvalidParameterException")
}
