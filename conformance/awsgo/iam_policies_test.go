package awsgo_test

import (
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/iam/types"
)

func (w *iamWorld) policies(t *testing.T) {
	w.Ledger.Test(t, "a managed policy", "CreatePolicy GetPolicy CreatePolicyVersion GetPolicyVersion ListPolicyVersions SetDefaultPolicyVersion DeletePolicyVersion "+
		"TagPolicy UntagPolicy ListPolicyTags DeletePolicy", w.policyLife)
	w.Ledger.Test(t, "who has a policy", "ListEntitiesForPolicy ListPolicies", w.policyEntities)
}

func (w *iamWorld) policyLife(t *testing.T) {
	ctx := t.Context()
	made, err := w.api.CreatePolicy(ctx, &iam.CreatePolicyInput{PolicyName: aws.String("life"), Path: aws.String("/team/"), PolicyDocument: aws.String(readThing),
		Description: aws.String("reads"), Tags: []types.Tag{tag("a", "b")}})
	must(t, err)
	arn := made.Policy.Arn
	same(t, "ARN", *arn, ownPolicy+"team/life")
	v, err := w.api.CreatePolicyVersion(ctx, &iam.CreatePolicyVersionInput{PolicyArn: arn, PolicyDocument: wide(200)})
	must(t, err)
	if *v.PolicyVersion.VersionId != "v2" || v.PolicyVersion.IsDefaultVersion {
		t.Errorf("version %+v", v.PolicyVersion)
	}
	_, err = w.api.SetDefaultPolicyVersion(ctx, &iam.SetDefaultPolicyVersionInput{PolicyArn: arn, VersionId: aws.String("v2")})
	must(t, err)
	got, err := w.api.GetPolicy(ctx, &iam.GetPolicyInput{PolicyArn: arn})
	must(t, err)
	if p := got.Policy; *p.DefaultVersionId != "v2" || *p.Description != "reads" || !p.IsAttachable || *p.AttachmentCount != 0 || len(p.Tags) != 1 || p.UpdateDate.Before(*p.CreateDate) {
		t.Errorf("policy %+v", p)
	}
	read, err := w.api.GetPolicyVersion(ctx, &iam.GetPolicyVersionInput{PolicyArn: arn, VersionId: aws.String("v1")})
	must(t, err)
	documentIs(t, read.PolicyVersion.Document, readThing)
	var ids []string
	for p := iam.NewListPolicyVersionsPaginator(w.api, &iam.ListPolicyVersionsInput{PolicyArn: arn, MaxItems: aws.Int32(1)}); p.HasMorePages(); {
		page, err := p.NextPage(ctx)
		must(t, err)
		for _, v := range page.Versions {
			ids = append(ids, *v.VersionId)
		}
	}
	same(t, "versions", ids, []string{"v2", "v1"})
	_, err = w.api.DeletePolicyVersion(ctx, &iam.DeletePolicyVersionInput{PolicyArn: arn, VersionId: aws.String("v1")})
	must(t, err)
	_, err = w.api.TagPolicy(ctx, &iam.TagPolicyInput{PolicyArn: arn, Tags: []types.Tag{tag("A", "c"), tag("d", "e")}})
	must(t, err)
	_, err = w.api.UntagPolicy(ctx, &iam.UntagPolicyInput{PolicyArn: arn, TagKeys: []string{"D"}})
	must(t, err)
	tags, err := w.api.ListPolicyTags(ctx, &iam.ListPolicyTagsInput{PolicyArn: arn})
	must(t, err)
	if len(tags.Tags) != 1 || *tags.Tags[0].Key != "A" || *tags.Tags[0].Value != "c" {
		t.Errorf("tags %+v", tags.Tags)
	}
	_, err = w.api.DeletePolicy(ctx, &iam.DeletePolicyInput{PolicyArn: arn})
	must(t, err)
	aws1, err := w.api.GetPolicyVersion(ctx, &iam.GetPolicyVersionInput{PolicyArn: aws.String(awsPolicy + "AdministratorAccess"), VersionId: aws.String("v1")})
	must(t, err)
	documentIs(t, aws1.PolicyVersion.Document, `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}]}`)
}

func (w *iamWorld) policyEntities(t *testing.T) {
	ctx := t.Context()
	p, err := w.api.CreatePolicy(ctx, &iam.CreatePolicyInput{PolicyName: aws.String("shared"), PolicyDocument: aws.String(readThing)})
	must(t, err)
	arn := p.Policy.Arn
	for _, n := range []string{"e1", "e2"} {
		_, err = w.api.CreateRole(ctx, &iam.CreateRoleInput{RoleName: &n, Path: aws.String("/" + n + "/"), AssumeRolePolicyDocument: aws.String(anyTrust)})
		must(t, err)
		_, err = w.api.AttachRolePolicy(ctx, &iam.AttachRolePolicyInput{RoleName: &n, PolicyArn: arn})
		must(t, err)
		_, err = w.api.CreateUser(ctx, &iam.CreateUserInput{UserName: &n, PermissionsBoundary: arn})
		must(t, err)
	}
	who := func(in *iam.ListEntitiesForPolicyInput) (out []string) {
		in.PolicyArn = arn
		for p := iam.NewListEntitiesForPolicyPaginator(w.api, in); p.HasMorePages(); {
			page, err := p.NextPage(ctx)
			must(t, err)
			for _, r := range page.PolicyRoles {
				out = append(out, "role "+*r.RoleName)
			}
			for _, u := range page.PolicyUsers {
				out = append(out, "user "+*u.UserName)
			}
		}
		return out
	}
	same(t, "all, one a page", who(&iam.ListEntitiesForPolicyInput{MaxItems: aws.Int32(1)}), []string{"role e1", "role e2", "user e1", "user e2"})
	same(t, "two a page", who(&iam.ListEntitiesForPolicyInput{MaxItems: aws.Int32(2)}), []string{"role e1", "role e2", "user e1", "user e2"})
	same(t, "attached", who(&iam.ListEntitiesForPolicyInput{PolicyUsageFilter: types.PolicyUsageTypePermissionsPolicy}), []string{"role e1", "role e2"})
	same(t, "as boundary", who(&iam.ListEntitiesForPolicyInput{PolicyUsageFilter: types.PolicyUsageTypePermissionsBoundary}), []string{"user e1", "user e2"})
	same(t, "users", who(&iam.ListEntitiesForPolicyInput{EntityFilter: types.EntityTypeUser}), []string{"user e1", "user e2"})
	same(t, "by path", who(&iam.ListEntitiesForPolicyInput{PathPrefix: aws.String("/e2/")}), []string{"role e2"})
	same(t, "groups", who(&iam.ListEntitiesForPolicyInput{EntityFilter: types.EntityTypeGroup}), []string{})

	var aws1, own []string
	for p := iam.NewListPoliciesPaginator(w.api, &iam.ListPoliciesInput{MaxItems: aws.Int32(3)}); p.HasMorePages(); {
		page, err := p.NextPage(ctx)
		must(t, err)
		for _, p := range page.Policies {
			if (*p.Arn)[:len(awsPolicy)] == awsPolicy {
				aws1 = append(aws1, *p.PolicyName)
			} else {
				own = append(own, *p.PolicyName)
			}
		}
	}
	same(t, "the account's own", own, []string{"shared"})
	list, err := w.api.ListPolicies(ctx, &iam.ListPoliciesInput{Scope: types.PolicyScopeTypeAws})
	must(t, err)
	same(t, "AWS's", len(aws1), len(list.Policies))
	list, err = w.api.ListPolicies(ctx, &iam.ListPoliciesInput{Scope: types.PolicyScopeTypeLocal, PolicyUsageFilter: types.PolicyUsageTypePermissionsBoundary})
	must(t, err)
	if len(list.Policies) != 1 || *list.Policies[0].AttachmentCount != 2 || *list.Policies[0].PermissionsBoundaryUsageCount != 2 {
		t.Errorf("used policies %+v", list.Policies)
	}
	for _, n := range []string{"e1", "e2"} {
		_, err = w.api.DetachRolePolicy(ctx, &iam.DetachRolePolicyInput{RoleName: &n, PolicyArn: arn})
		must(t, err)
		_, err = w.api.DeleteUser(ctx, &iam.DeleteUserInput{UserName: &n})
		must(t, err)
	}
	list, err = w.api.ListPolicies(ctx, &iam.ListPoliciesInput{Scope: types.PolicyScopeTypeLocal, OnlyAttached: true})
	must(t, err)
	same(t, "used", len(list.Policies), 0)
}
