package awsgo_test

import (
	"fmt"
	"net/url"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/iam/types"

	"github.com/poolhouse/poolhouse/conformance/harness"
)

// terraform calls what terraform-provider-aws calls for its resources, in its order:
// create, read, a plan that finds nothing to do, update, delete.
func (w *iamWorld) terraform(t *testing.T) {
	t.Run("aws_iam_policy", w.tfPolicy)
	t.Run("aws_iam_role", w.tfRole)
	t.Run("aws_iam_user", w.tfUser)
	t.Run("aws_iam_openid_connect_provider", w.tfOIDC)
	t.Run("aws_iam_saml_provider", w.tfSAML)
}

// unchanged reads a resource twice; the second time is the plan.
func unchanged(t *testing.T, read func() string) string {
	t.Helper()
	first := read()
	if plan := read(); plan != first {
		t.Errorf("a plan right after finds changes:\n%s\n%s", first, plan)
	}
	return first
}

// decoded is a document of an answer as the provider reads it.
func decoded(t *testing.T, doc *string) string {
	t.Helper()
	text, err := url.QueryUnescape(aws.ToString(doc))
	must(t, err)
	return text
}

func (w *iamWorld) tfPolicy(t *testing.T) {
	ctx, api := t.Context(), w.api
	made, err := api.CreatePolicy(ctx, &iam.CreatePolicyInput{PolicyName: aws.String("tf"), Path: aws.String("/"), Description: aws.String(""), PolicyDocument: aws.String(readThing), Tags: []types.Tag{tag("a", "b")}})
	must(t, err)
	arn := made.Policy.Arn
	read := func() string {
		p, err := api.GetPolicy(ctx, &iam.GetPolicyInput{PolicyArn: arn})
		must(t, err)
		v, err := api.GetPolicyVersion(ctx, &iam.GetPolicyVersionInput{PolicyArn: arn, VersionId: p.Policy.DefaultVersionId})
		must(t, err)
		return fmt.Sprint(*p.Policy.PolicyName, *p.Policy.Path, *p.Policy.PolicyId, aws.ToString(p.Policy.Description), *p.Policy.AttachmentCount, len(p.Policy.Tags), decoded(t, v.PolicyVersion.Document))
	}
	unchanged(t, read)
	for i := range 7 { // each update is a version; from the fifth on the oldest makes room
		list, err := api.ListPolicyVersions(ctx, &iam.ListPolicyVersionsInput{PolicyArn: arn})
		must(t, err)
		if len(list.Versions) == 5 {
			_, err = api.DeletePolicyVersion(ctx, &iam.DeletePolicyVersionInput{PolicyArn: arn, VersionId: oldest(list.Versions)})
			must(t, err)
		}
		v, err := api.CreatePolicyVersion(ctx, &iam.CreatePolicyVersionInput{PolicyArn: arn, PolicyDocument: wide(200 + i)})
		must(t, err)
		_, err = api.SetDefaultPolicyVersion(ctx, &iam.SetDefaultPolicyVersionInput{PolicyArn: arn, VersionId: v.PolicyVersion.VersionId})
		must(t, err)
		if !strings.HasSuffix(unchanged(t, read), *wide(200 + i)) {
			t.Errorf("update %d is not read", i)
		}
	}
	list, err := api.ListPolicyVersions(ctx, &iam.ListPolicyVersionsInput{PolicyArn: arn})
	must(t, err)
	for _, v := range list.Versions {
		if !v.IsDefaultVersion {
			_, err = api.DeletePolicyVersion(ctx, &iam.DeletePolicyVersionInput{PolicyArn: arn, VersionId: v.VersionId})
			must(t, err)
		}
	}
	_, err = api.DeletePolicy(ctx, &iam.DeletePolicyInput{PolicyArn: arn})
	must(t, err)
}

// oldest is the version that the provider deletes: the oldest but the default.
func oldest(list []types.PolicyVersion) *string {
	var found *types.PolicyVersion
	for i, v := range list {
		if !v.IsDefaultVersion && (found == nil || v.CreateDate.Before(*found.CreateDate)) {
			found = &list[i]
		}
	}
	return found.VersionId
}

func (w *iamWorld) tfRole(t *testing.T) {
	ctx, api, name := t.Context(), w.api, aws.String("tf")
	_, err := api.CreateRole(ctx, &iam.CreateRoleInput{RoleName: name, Path: aws.String("/"), AssumeRolePolicyDocument: aws.String(anyTrust), MaxSessionDuration: aws.Int32(3600), Tags: []types.Tag{tag("a", "b")}})
	must(t, err)
	_, err = api.PutRolePolicy(ctx, &iam.PutRolePolicyInput{RoleName: name, PolicyName: aws.String("inline"), PolicyDocument: aws.String(readThing)})
	must(t, err)
	_, err = api.AttachRolePolicy(ctx, &iam.AttachRolePolicyInput{RoleName: name, PolicyArn: aws.String(awsPolicy + "IAMFullAccess")})
	must(t, err)
	read := func() string {
		r, err := api.GetRole(ctx, &iam.GetRoleInput{RoleName: name})
		must(t, err)
		out := []any{*r.Role.Arn, *r.Role.RoleId, decoded(t, r.Role.AssumeRolePolicyDocument), aws.ToString(r.Role.Description), *r.Role.MaxSessionDuration, len(r.Role.Tags), r.Role.PermissionsBoundary != nil}
		inline, err := api.ListRolePolicies(ctx, &iam.ListRolePoliciesInput{RoleName: name})
		must(t, err)
		for _, p := range inline.PolicyNames {
			doc, err := api.GetRolePolicy(ctx, &iam.GetRolePolicyInput{RoleName: name, PolicyName: &p})
			must(t, err)
			out = append(out, p, decoded(t, doc.PolicyDocument))
		}
		attached, err := api.ListAttachedRolePolicies(ctx, &iam.ListAttachedRolePoliciesInput{RoleName: name})
		must(t, err)
		for _, p := range attached.AttachedPolicies {
			out = append(out, *p.PolicyArn)
		}
		return fmt.Sprint(out...)
	}
	unchanged(t, read)
	must(t, failed(api.UpdateAssumeRolePolicy(ctx, &iam.UpdateAssumeRolePolicyInput{RoleName: name, PolicyDocument: aws.String(strings.Replace(anyTrust, "sts:AssumeRole", "sts:*", 1))})))
	must(t, failed(api.UpdateRoleDescription(ctx, &iam.UpdateRoleDescriptionInput{RoleName: name, Description: aws.String("changed")})))
	must(t, failed(api.UpdateRole(ctx, &iam.UpdateRoleInput{RoleName: name, MaxSessionDuration: aws.Int32(7200)})))
	must(t, failed(api.PutRolePermissionsBoundary(ctx, &iam.PutRolePermissionsBoundaryInput{RoleName: name, PermissionsBoundary: aws.String(awsPolicy + "AdministratorAccess")})))
	must(t, failed(api.UntagRole(ctx, &iam.UntagRoleInput{RoleName: name, TagKeys: []string{"a"}})))
	if now := unchanged(t, read); !strings.Contains(now, "changed") || !strings.Contains(now, "7200") || !strings.Contains(now, "sts:*") {
		t.Errorf("after the update: %s", now)
	}
	profiles, err := api.ListInstanceProfilesForRole(ctx, &iam.ListInstanceProfilesForRoleInput{RoleName: name})
	must(t, err)
	same(t, "profiles", len(profiles.InstanceProfiles), 0)
	must(t, failed(api.DetachRolePolicy(ctx, &iam.DetachRolePolicyInput{RoleName: name, PolicyArn: aws.String(awsPolicy + "IAMFullAccess")})))
	must(t, failed(api.DeleteRolePolicy(ctx, &iam.DeleteRolePolicyInput{RoleName: name, PolicyName: aws.String("inline")})))
	must(t, failed(api.DeleteRole(ctx, &iam.DeleteRoleInput{RoleName: name})))
	harness.WantCode(t, failed(api.GetRole(ctx, &iam.GetRoleInput{RoleName: name})), "NoSuchEntity", "")
}

func (w *iamWorld) tfUser(t *testing.T) {
	ctx, api, name, next := t.Context(), w.api, aws.String("tf"), aws.String("tf-renamed")
	must(t, failed(api.CreateUser(ctx, &iam.CreateUserInput{UserName: name, Path: aws.String("/"), Tags: []types.Tag{tag("a", "b")}})))
	key, err := api.CreateAccessKey(ctx, &iam.CreateAccessKeyInput{UserName: name})
	must(t, err)
	read := func() string {
		u, err := api.GetUser(ctx, &iam.GetUserInput{UserName: name})
		must(t, err)
		keys, err := api.ListAccessKeys(ctx, &iam.ListAccessKeysInput{UserName: name})
		must(t, err)
		used, err := api.GetAccessKeyLastUsed(ctx, &iam.GetAccessKeyLastUsedInput{AccessKeyId: key.AccessKey.AccessKeyId}) // how a key is imported
		must(t, err)
		return fmt.Sprint(*u.User.Arn, *u.User.UserId, len(u.User.Tags), *keys.AccessKeyMetadata[0].AccessKeyId, keys.AccessKeyMetadata[0].Status, *used.UserName)
	}
	unchanged(t, read)
	must(t, failed(api.UpdateUser(ctx, &iam.UpdateUserInput{UserName: name, NewUserName: next, NewPath: aws.String("/moved/")})))
	name = next
	must(t, failed(api.UpdateAccessKey(ctx, &iam.UpdateAccessKeyInput{UserName: name, AccessKeyId: key.AccessKey.AccessKeyId, Status: types.StatusTypeInactive})))
	if now := unchanged(t, read); !strings.Contains(now, ":user/moved/tf-renamed") || !strings.HasSuffix(now, "tf-renamed") || !strings.Contains(now, "Inactive") {
		t.Errorf("after the update: %s", now)
	}
	w.nothingElse(t, name)
	must(t, failed(api.DeleteAccessKey(ctx, &iam.DeleteAccessKeyInput{UserName: name, AccessKeyId: key.AccessKey.AccessKeyId})))
	harness.WantCode(t, failed(api.DeleteLoginProfile(ctx, &iam.DeleteLoginProfileInput{UserName: name})), "NoSuchEntity", "")
	must(t, failed(api.DeleteUser(ctx, &iam.DeleteUserInput{UserName: name})))
}

func (w *iamWorld) tfOIDC(t *testing.T) {
	ctx, api := t.Context(), w.api
	made, err := api.CreateOpenIDConnectProvider(ctx, &iam.CreateOpenIDConnectProviderInput{Url: aws.String("https://tf.example"), ClientIDList: []string{"b", "a"}, ThumbprintList: []string{thumbprint}})
	must(t, err)
	arn := made.OpenIDConnectProviderArn
	read := func() string {
		p, err := api.GetOpenIDConnectProvider(ctx, &iam.GetOpenIDConnectProviderInput{OpenIDConnectProviderArn: arn})
		must(t, err)
		return fmt.Sprint(*p.Url, p.ClientIDList, p.ThumbprintList, len(p.Tags))
	}
	same(t, "read", unchanged(t, read), "tf.example[b a] ["+thumbprint+"] 0")
	must(t, failed(api.UpdateOpenIDConnectProviderThumbprint(ctx, &iam.UpdateOpenIDConnectProviderThumbprintInput{OpenIDConnectProviderArn: arn, ThumbprintList: []string{thumbprint, thumbprint[1:] + "0"}})))
	must(t, failed(api.AddClientIDToOpenIDConnectProvider(ctx, &iam.AddClientIDToOpenIDConnectProviderInput{OpenIDConnectProviderArn: arn, ClientID: aws.String("c")})))
	must(t, failed(api.RemoveClientIDFromOpenIDConnectProvider(ctx, &iam.RemoveClientIDFromOpenIDConnectProviderInput{OpenIDConnectProviderArn: arn, ClientID: aws.String("b")})))
	same(t, "read", unchanged(t, read), "tf.example[a c] ["+thumbprint+" "+thumbprint[1:]+"0] 0")
	must(t, failed(api.DeleteOpenIDConnectProvider(ctx, &iam.DeleteOpenIDConnectProviderInput{OpenIDConnectProviderArn: arn})))
	harness.WantCode(t, failed(api.GetOpenIDConnectProvider(ctx, &iam.GetOpenIDConnectProviderInput{OpenIDConnectProviderArn: arn})), "NoSuchEntity", "")
}

func (w *iamWorld) tfSAML(t *testing.T) {
	ctx, api, metadata := t.Context(), w.api, w.metadata(t)
	made, err := api.CreateSAMLProvider(ctx, &iam.CreateSAMLProviderInput{Name: aws.String("tf"), SAMLMetadataDocument: metadata})
	must(t, err)
	arn := made.SAMLProviderArn
	read := func() string {
		p, err := api.GetSAMLProvider(ctx, &iam.GetSAMLProviderInput{SAMLProviderArn: arn})
		must(t, err)
		return fmt.Sprint(*p.SAMLProviderUUID, p.ValidUntil, *p.SAMLMetadataDocument)
	}
	if !strings.HasSuffix(unchanged(t, read), *metadata) {
		t.Error("the metadata are not read as they were written")
	}
	other := w.metadata(t)
	must(t, failed(api.UpdateSAMLProvider(ctx, &iam.UpdateSAMLProviderInput{SAMLProviderArn: arn, SAMLMetadataDocument: other})))
	if !strings.HasSuffix(unchanged(t, read), *other) {
		t.Error("the new metadata are not read")
	}
	must(t, failed(api.DeleteSAMLProvider(ctx, &iam.DeleteSAMLProviderInput{SAMLProviderArn: arn})))
}

// cloudFormation makes a stack as the CDK describes it: the role first, then its
// default policy, managed policies with the roles they are attached to, and the
// users; and deletes it in the opposite order. Inline policies are put again by each
// update whether they changed or not.
func (w *iamWorld) cloudFormation(t *testing.T) {
	ctx, api, name := t.Context(), w.api, aws.String("Stack-FnServiceRole-AB12")
	harness.WantCode(t, failed(api.GetRole(ctx, &iam.GetRoleInput{RoleName: name})), "NoSuchEntity", "")
	must(t, failed(api.CreateRole(ctx, &iam.CreateRoleInput{RoleName: name, Path: aws.String("/"), AssumeRolePolicyDocument: aws.String(anyTrust)})))
	must(t, failed(api.AttachRolePolicy(ctx, &iam.AttachRolePolicyInput{RoleName: name, PolicyArn: aws.String(awsPolicy + "AmazonCognitoReadOnly")})))
	must(t, failed(api.TagRole(ctx, &iam.TagRoleInput{RoleName: name, Tags: []types.Tag{tag("aws-cdk:id", "x")}})))
	must(t, failed(api.CreateUser(ctx, &iam.CreateUserInput{UserName: name, Path: aws.String("/")})))
	managed, err := api.CreatePolicy(ctx, &iam.CreatePolicyInput{PolicyName: name, Path: aws.String("/"), Description: aws.String(""), PolicyDocument: aws.String(readThing)})
	must(t, err)
	must(t, failed(api.AttachRolePolicy(ctx, &iam.AttachRolePolicyInput{RoleName: name, PolicyArn: managed.Policy.Arn})))
	must(t, failed(api.AttachUserPolicy(ctx, &iam.AttachUserPolicyInput{UserName: name, PolicyArn: managed.Policy.Arn})))
	for range 2 {
		must(t, failed(api.PutRolePolicy(ctx, &iam.PutRolePolicyInput{RoleName: name, PolicyName: aws.String("DefaultPolicy"), PolicyDocument: aws.String(readThing)})))
		must(t, failed(api.UpdateAssumeRolePolicy(ctx, &iam.UpdateAssumeRolePolicyInput{RoleName: name, PolicyDocument: aws.String(anyTrust)})))
		must(t, failed(api.CreatePolicyVersion(ctx, &iam.CreatePolicyVersionInput{PolicyArn: managed.Policy.Arn, PolicyDocument: aws.String(readThing), SetAsDefault: true})))
	}

	must(t, failed(api.DeleteRolePolicy(ctx, &iam.DeleteRolePolicyInput{RoleName: name, PolicyName: aws.String("DefaultPolicy")})))
	users, err := api.ListEntitiesForPolicy(ctx, &iam.ListEntitiesForPolicyInput{PolicyArn: managed.Policy.Arn})
	must(t, err)
	same(t, "who has the policy", len(users.PolicyRoles)+len(users.PolicyUsers), 2)
	must(t, failed(api.DetachRolePolicy(ctx, &iam.DetachRolePolicyInput{RoleName: name, PolicyArn: managed.Policy.Arn})))
	must(t, failed(api.DetachUserPolicy(ctx, &iam.DetachUserPolicyInput{UserName: name, PolicyArn: managed.Policy.Arn})))
	for _, v := range []string{"v1", "v2"} {
		must(t, failed(api.DeletePolicyVersion(ctx, &iam.DeletePolicyVersionInput{PolicyArn: managed.Policy.Arn, VersionId: &v})))
	}
	must(t, failed(api.DeletePolicy(ctx, &iam.DeletePolicyInput{PolicyArn: managed.Policy.Arn})))
	must(t, failed(api.DeleteUser(ctx, &iam.DeleteUserInput{UserName: name})))
	must(t, failed(api.DetachRolePolicy(ctx, &iam.DetachRolePolicyInput{RoleName: name, PolicyArn: aws.String(awsPolicy + "AmazonCognitoReadOnly")})))
	must(t, failed(api.DeleteRole(ctx, &iam.DeleteRoleInput{RoleName: name})))
	harness.WantCode(t, failed(api.DeleteRole(ctx, &iam.DeleteRoleInput{RoleName: name})), "NoSuchEntity", "")
}
