package awsgo_test

import (
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/iam/types"
	"github.com/aws/aws-sdk-go-v2/service/sts"

	"github.com/poolhouse/poolhouse/conformance/harness"
)

func (w *iamWorld) roles(t *testing.T) {
	w.Ledger.Test(t, "a role", "CreateRole GetRole UpdateRole UpdateRoleDescription UpdateAssumeRolePolicy TagRole UntagRole ListRoleTags "+
		"PutRolePermissionsBoundary DeleteRolePermissionsBoundary ListInstanceProfilesForRole DeleteRole", w.roleLife)
	w.Ledger.Test(t, "policies of a role", "PutRolePolicy GetRolePolicy ListRolePolicies DeleteRolePolicy AttachRolePolicy ListAttachedRolePolicies DetachRolePolicy", w.rolePolicies)
	w.Ledger.Test(t, "pages of roles", "ListRoles", w.rolePages)
}

func (w *iamWorld) roleLife(t *testing.T) {
	ctx, name := t.Context(), aws.String("Life")
	made, err := w.api.CreateRole(ctx, &iam.CreateRoleInput{RoleName: name, Path: aws.String("/team/"), AssumeRolePolicyDocument: aws.String(anyTrust),
		Description: aws.String("first"), MaxSessionDuration: aws.Int32(7200), PermissionsBoundary: aws.String(awsPolicy + "AdministratorAccess"),
		Tags: []types.Tag{tag("Team", "blue"), tag("a", "")}})
	must(t, err)
	same(t, "ARN", *made.Role.Arn, "arn:aws:iam::"+harness.Account+":role/team/Life")
	read := func() *types.Role {
		out, err := w.api.GetRole(ctx, &iam.GetRoleInput{RoleName: aws.String("life")})
		must(t, err)
		return out.Role
	}
	r := read()
	documentIs(t, r.AssumeRolePolicyDocument, anyTrust)
	same(t, "boundary", *r.PermissionsBoundary.PermissionsBoundaryArn, awsPolicy+"AdministratorAccess")
	if *r.RoleId != *made.Role.RoleId || len(*r.RoleId) != 21 || *r.Description != "first" || *r.MaxSessionDuration != 7200 || len(r.Tags) != 2 || r.RoleLastUsed == nil {
		t.Errorf("role %+v", r)
	}
	_, err = w.api.UpdateRole(ctx, &iam.UpdateRoleInput{RoleName: name, MaxSessionDuration: aws.Int32(3600)})
	must(t, err)
	described, err := w.api.UpdateRoleDescription(ctx, &iam.UpdateRoleDescriptionInput{RoleName: name, Description: aws.String("")})
	must(t, err)
	if described.Role.Description != nil || *described.Role.MaxSessionDuration != 3600 {
		t.Errorf("role %+v", described.Role)
	}
	trust := strings.Replace(anyTrust, "sts:AssumeRole", "sts:*", 1)
	_, err = w.api.UpdateAssumeRolePolicy(ctx, &iam.UpdateAssumeRolePolicyInput{RoleName: name, PolicyDocument: &trust})
	must(t, err)
	documentIs(t, read().AssumeRolePolicyDocument, trust)
	_, err = w.api.TagRole(ctx, &iam.TagRoleInput{RoleName: name, Tags: []types.Tag{tag("TEAM", "red"), tag("b", "x")}})
	must(t, err)
	_, err = w.api.UntagRole(ctx, &iam.UntagRoleInput{RoleName: name, TagKeys: []string{"A"}})
	must(t, err)
	tags, err := w.api.ListRoleTags(ctx, &iam.ListRoleTagsInput{RoleName: name, MaxItems: aws.Int32(1)})
	must(t, err)
	if len(tags.Tags) != 1 || !tags.IsTruncated || *tags.Tags[0].Key != "TEAM" || *tags.Tags[0].Value != "red" {
		t.Errorf("tags %+v", tags)
	}
	_, err = w.api.DeleteRolePermissionsBoundary(ctx, &iam.DeleteRolePermissionsBoundaryInput{RoleName: name})
	must(t, err)
	if read().PermissionsBoundary != nil {
		t.Error("the boundary is still there")
	}
	_, err = w.api.PutRolePermissionsBoundary(ctx, &iam.PutRolePermissionsBoundaryInput{RoleName: name, PermissionsBoundary: aws.String(awsPolicy + "IAMFullAccess")})
	must(t, err)
	same(t, "boundary", *read().PermissionsBoundary.PermissionsBoundaryArn, awsPolicy+"IAMFullAccess")
	w.roleUsed(t, *r.Arn)
	profiles, err := w.api.ListInstanceProfilesForRole(ctx, &iam.ListInstanceProfilesForRoleInput{RoleName: name})
	must(t, err)
	same(t, "profiles", len(profiles.InstanceProfiles), 0)
	_, err = w.api.DeleteRole(ctx, &iam.DeleteRoleInput{RoleName: name})
	must(t, err)
}

// roleUsed uses a session of the role and finds it noted.
func (w *iamWorld) roleUsed(t *testing.T, arn string) {
	t.Helper()
	out, err := w.Root().STS.AssumeRole(t.Context(), &sts.AssumeRoleInput{RoleArn: &arn, RoleSessionName: aws.String("used")})
	must(t, err)
	_, err = w.As(*out.Credentials.AccessKeyId, *out.Credentials.SecretAccessKey, *out.Credentials.SessionToken).STS.
		GetCallerIdentity(t.Context(), &sts.GetCallerIdentityInput{})
	must(t, err)
	r, err := w.api.GetRole(t.Context(), &iam.GetRoleInput{RoleName: aws.String(arn[strings.LastIndexByte(arn, '/')+1:])})
	must(t, err)
	if u := r.Role.RoleLastUsed; u == nil || u.LastUsedDate == nil || time.Since(*u.LastUsedDate).Abs() > time.Minute || *u.Region != harness.Region {
		t.Errorf("last used %+v", r.Role.RoleLastUsed)
	}
}

func (w *iamWorld) rolePolicies(t *testing.T) {
	ctx, name := t.Context(), aws.String("holder")
	_, err := w.api.CreateRole(ctx, &iam.CreateRoleInput{RoleName: name, AssumeRolePolicyDocument: aws.String(anyTrust)})
	must(t, err)
	for _, p := range []string{"b", "a", "c"} {
		_, err = w.api.PutRolePolicy(ctx, &iam.PutRolePolicyInput{RoleName: name, PolicyName: aws.String(p), PolicyDocument: aws.String(readThing)})
		must(t, err)
	}
	got, err := w.api.GetRolePolicy(ctx, &iam.GetRolePolicyInput{RoleName: name, PolicyName: aws.String("a")})
	must(t, err)
	documentIs(t, got.PolicyDocument, readThing)
	var names []string
	for p := iam.NewListRolePoliciesPaginator(w.api, &iam.ListRolePoliciesInput{RoleName: name, MaxItems: aws.Int32(2)}); p.HasMorePages(); {
		page, err := p.NextPage(ctx)
		must(t, err)
		names = append(names, page.PolicyNames...)
	}
	same(t, "inline policies", names, []string{"a", "b", "c"})
	for _, p := range names {
		_, err = w.api.DeleteRolePolicy(ctx, &iam.DeleteRolePolicyInput{RoleName: name, PolicyName: &p})
		must(t, err)
	}
	m, err := w.api.CreatePolicy(ctx, &iam.CreatePolicyInput{PolicyName: aws.String("held"), Path: aws.String("/team/"), PolicyDocument: aws.String(readThing)})
	must(t, err)
	for _, arn := range []string{*m.Policy.Arn, awsPolicy + "IAMFullAccess", *m.Policy.Arn} {
		_, err = w.api.AttachRolePolicy(ctx, &iam.AttachRolePolicyInput{RoleName: name, PolicyArn: &arn})
		must(t, err)
	}
	list, err := w.api.ListAttachedRolePolicies(ctx, &iam.ListAttachedRolePoliciesInput{RoleName: name})
	must(t, err)
	same(t, "attached", len(list.AttachedPolicies), 2)
	list, err = w.api.ListAttachedRolePolicies(ctx, &iam.ListAttachedRolePoliciesInput{RoleName: name, PathPrefix: aws.String("/team/")})
	must(t, err)
	if len(list.AttachedPolicies) != 1 || *list.AttachedPolicies[0].PolicyName != "held" {
		t.Errorf("attached %+v", list.AttachedPolicies)
	}
	for _, arn := range []string{*m.Policy.Arn, awsPolicy + "IAMFullAccess"} {
		_, err = w.api.DetachRolePolicy(ctx, &iam.DetachRolePolicyInput{RoleName: name, PolicyArn: &arn})
		must(t, err)
	}
	_, err = w.api.DeleteRole(ctx, &iam.DeleteRoleInput{RoleName: name})
	must(t, err)
	_, err = w.api.DeletePolicy(ctx, &iam.DeletePolicyInput{PolicyArn: m.Policy.Arn})
	must(t, err)
}

func (w *iamWorld) rolePages(t *testing.T) {
	ctx := t.Context()
	for _, n := range []string{"p1", "P2", "p3", "p4", "p5"} {
		_, err := w.api.CreateRole(ctx, &iam.CreateRoleInput{RoleName: aws.String(n), Path: aws.String("/pages/"), AssumeRolePolicyDocument: aws.String(anyTrust), Tags: []types.Tag{tag("a", "b")}})
		must(t, err)
	}
	var names []string
	for p := iam.NewListRolesPaginator(w.api, &iam.ListRolesInput{PathPrefix: aws.String("/pages"), MaxItems: aws.Int32(2)}); p.HasMorePages(); {
		page, err := p.NextPage(ctx)
		must(t, err)
		for _, r := range page.Roles {
			names = append(names, *r.RoleName)
			documentIs(t, r.AssumeRolePolicyDocument, anyTrust)
			if r.Tags != nil || r.PermissionsBoundary != nil || r.RoleLastUsed != nil {
				t.Errorf("a list tells of %+v", r)
			}
		}
	}
	same(t, "roles", names, []string{"p1", "P2", "p3", "p4", "p5"})
}

func (w *iamWorld) linkedRoles(t *testing.T) {
	w.Ledger.Test(t, "a service-linked role", "CreateServiceLinkedRole DeleteServiceLinkedRole GetServiceLinkedRoleDeletionStatus", func(t *testing.T) {
		ctx := t.Context()
		made, err := w.api.CreateServiceLinkedRole(ctx, &iam.CreateServiceLinkedRoleInput{AWSServiceName: aws.String("email.cognito-idp.amazonaws.com"), Description: aws.String("mail")})
		must(t, err)
		const name = "AWSServiceRoleForAmazonCognitoIdpEmailService"
		same(t, "ARN", *made.Role.Arn, "arn:aws:iam::"+harness.Account+":role/aws-service-role/email.cognito-idp.amazonaws.com/"+name)
		held, err := w.api.ListAttachedRolePolicies(ctx, &iam.ListAttachedRolePoliciesInput{RoleName: aws.String(name)})
		must(t, err)
		same(t, "policy", *held.AttachedPolicies[0].PolicyArn, awsPolicy+"aws-service-role/AmazonCognitoIdpEmailServiceRolePolicy")
		_, err = w.api.UpdateRoleDescription(ctx, &iam.UpdateRoleDescriptionInput{RoleName: aws.String(name), Description: aws.String("post")})
		must(t, err)
		gone, err := w.api.DeleteServiceLinkedRole(ctx, &iam.DeleteServiceLinkedRoleInput{RoleName: aws.String(name)})
		must(t, err)
		status, err := w.api.GetServiceLinkedRoleDeletionStatus(ctx, &iam.GetServiceLinkedRoleDeletionStatusInput{DeletionTaskId: gone.DeletionTaskId})
		must(t, err)
		same(t, "status", status.Status, types.DeletionTaskStatusTypeSucceeded)
		_, err = w.api.GetRole(ctx, &iam.GetRoleInput{RoleName: aws.String(name)})
		harness.WantCode(t, err, "NoSuchEntity", "The role with name "+name+" cannot be found.")
	})
}
