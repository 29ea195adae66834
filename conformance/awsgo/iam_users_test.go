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

func (w *iamWorld) users(t *testing.T) {
	w.Ledger.Test(t, "a user", "CreateUser GetUser ListUsers TagUser UntagUser ListUserTags PutUserPermissionsBoundary DeleteUserPermissionsBoundary "+
		"ListGroupsForUser ListSSHPublicKeys ListMFADevices ListVirtualMFADevices ListSigningCertificates ListServiceSpecificCredentials DeleteUser", w.userLife)
	w.Ledger.Test(t, "policies of a user", "PutUserPolicy GetUserPolicy ListUserPolicies DeleteUserPolicy AttachUserPolicy ListAttachedUserPolicies DetachUserPolicy", w.userPolicies)
	w.Ledger.Test(t, "access keys", "CreateAccessKey ListAccessKeys UpdateAccessKey GetAccessKeyLastUsed DeleteAccessKey", w.accessKeys)
	w.Ledger.Test(t, "another name", "UpdateUser", w.renamed)
}

func (w *iamWorld) userLife(t *testing.T) {
	ctx, name := t.Context(), aws.String("Ann")
	made, err := w.api.CreateUser(ctx, &iam.CreateUserInput{UserName: name, Path: aws.String("/staff/"), Tags: []types.Tag{tag("a", "b")},
		PermissionsBoundary: aws.String(awsPolicy + "IAMFullAccess")})
	must(t, err)
	same(t, "ARN", *made.User.Arn, "arn:aws:iam::"+harness.Account+":user/staff/Ann")
	_, err = w.api.TagUser(ctx, &iam.TagUserInput{UserName: name, Tags: []types.Tag{tag("c", "d"), tag("A", "e")}})
	must(t, err)
	_, err = w.api.UntagUser(ctx, &iam.UntagUserInput{UserName: name, TagKeys: []string{"c"}})
	must(t, err)
	tags, err := w.api.ListUserTags(ctx, &iam.ListUserTagsInput{UserName: name})
	must(t, err)
	same(t, "tags", *tags.Tags[0].Key+*tags.Tags[0].Value, "Ae")
	_, err = w.api.DeleteUserPermissionsBoundary(ctx, &iam.DeleteUserPermissionsBoundaryInput{UserName: name})
	must(t, err)
	_, err = w.api.PutUserPermissionsBoundary(ctx, &iam.PutUserPermissionsBoundaryInput{UserName: name, PermissionsBoundary: aws.String(awsPolicy + "AdministratorAccess")})
	must(t, err)
	got, err := w.api.GetUser(ctx, &iam.GetUserInput{UserName: aws.String("ANN")})
	must(t, err)
	same(t, "boundary", *got.User.PermissionsBoundary.PermissionsBoundaryArn, awsPolicy+"AdministratorAccess")
	same(t, "ID", *got.User.UserId, *made.User.UserId)
	list, err := w.api.ListUsers(ctx, &iam.ListUsersInput{PathPrefix: aws.String("/staff/")})
	must(t, err)
	if len(list.Users) != 1 || *list.Users[0].UserName != "Ann" || list.Users[0].Tags != nil {
		t.Errorf("users %+v", list.Users)
	}
	w.nothingElse(t, name)
	_, err = w.api.DeleteUser(ctx, &iam.DeleteUserInput{UserName: name})
	must(t, err)
	root, err := w.api.GetUser(ctx, &iam.GetUserInput{})
	must(t, err)
	same(t, "root", *root.User.Arn, "arn:aws:iam::"+harness.Account+":root")
}

// nothingElse asks for all that a user of AWS could have besides.
func (w *iamWorld) nothingElse(t *testing.T, name *string) {
	t.Helper()
	ctx := t.Context()
	groups, err := w.api.ListGroupsForUser(ctx, &iam.ListGroupsForUserInput{UserName: name})
	must(t, err)
	keys, err := w.api.ListSSHPublicKeys(ctx, &iam.ListSSHPublicKeysInput{UserName: name})
	must(t, err)
	devices, err := w.api.ListMFADevices(ctx, &iam.ListMFADevicesInput{UserName: name})
	must(t, err)
	virtual, err := w.api.ListVirtualMFADevices(ctx, &iam.ListVirtualMFADevicesInput{AssignmentStatus: types.AssignmentStatusTypeAssigned})
	must(t, err)
	certificates, err := w.api.ListSigningCertificates(ctx, &iam.ListSigningCertificatesInput{UserName: name})
	must(t, err)
	special, err := w.api.ListServiceSpecificCredentials(ctx, &iam.ListServiceSpecificCredentialsInput{UserName: name})
	must(t, err)
	same(t, "what else there is", len(groups.Groups)+len(keys.SSHPublicKeys)+len(devices.MFADevices)+len(virtual.VirtualMFADevices)+
		len(certificates.Certificates)+len(special.ServiceSpecificCredentials), 0)
}

func (w *iamWorld) userPolicies(t *testing.T) {
	ctx, name := t.Context(), aws.String("holding")
	_, err := w.api.CreateUser(ctx, &iam.CreateUserInput{UserName: name})
	must(t, err)
	_, err = w.api.PutUserPolicy(ctx, &iam.PutUserPolicyInput{UserName: name, PolicyName: aws.String("p"), PolicyDocument: aws.String(readThing)})
	must(t, err)
	got, err := w.api.GetUserPolicy(ctx, &iam.GetUserPolicyInput{UserName: name, PolicyName: aws.String("p")})
	must(t, err)
	documentIs(t, got.PolicyDocument, readThing)
	inline, err := w.api.ListUserPolicies(ctx, &iam.ListUserPoliciesInput{UserName: name})
	must(t, err)
	same(t, "inline policies", inline.PolicyNames, []string{"p"})
	_, err = w.api.DeleteUserPolicy(ctx, &iam.DeleteUserPolicyInput{UserName: name, PolicyName: aws.String("p")})
	must(t, err)
	arn := aws.String(awsPolicy + "AmazonCognitoReadOnly")
	_, err = w.api.AttachUserPolicy(ctx, &iam.AttachUserPolicyInput{UserName: name, PolicyArn: arn})
	must(t, err)
	attached, err := w.api.ListAttachedUserPolicies(ctx, &iam.ListAttachedUserPoliciesInput{UserName: name, PathPrefix: aws.String("/")})
	must(t, err)
	same(t, "attached", *attached.AttachedPolicies[0].PolicyName, "AmazonCognitoReadOnly")
	_, err = w.api.DetachUserPolicy(ctx, &iam.DetachUserPolicyInput{UserName: name, PolicyArn: arn})
	must(t, err)
	_, err = w.api.DeleteUser(ctx, &iam.DeleteUserInput{UserName: name})
	must(t, err)
}

// withKey makes a user with an access key.
func (w *iamWorld) withKey(t *testing.T, name string) *types.AccessKey {
	t.Helper()
	_, err := w.api.CreateUser(t.Context(), &iam.CreateUserInput{UserName: &name})
	must(t, err)
	k, err := w.api.CreateAccessKey(t.Context(), &iam.CreateAccessKeyInput{UserName: &name})
	must(t, err)
	return k.AccessKey
}

// identity is the ARN that a key or a session acts as, or the error's code.
func (w *iamWorld) identity(t *testing.T, id, secret, token string) string {
	t.Helper()
	out, err := w.As(id, secret, token).STS.GetCallerIdentity(t.Context(), &sts.GetCallerIdentityInput{})
	if err != nil {
		return harness.Code(err)
	}
	return *out.Arn
}

func (w *iamWorld) accessKeys(t *testing.T) {
	ctx, name := t.Context(), aws.String("keeper")
	k := w.withKey(t, "keeper")
	lastUsed := func() *iam.GetAccessKeyLastUsedOutput {
		out, err := w.api.GetAccessKeyLastUsed(ctx, &iam.GetAccessKeyLastUsedInput{AccessKeyId: k.AccessKeyId})
		must(t, err)
		return out
	}
	if never := lastUsed().AccessKeyLastUsed; *never.ServiceName != "N/A" || *never.Region != "N/A" || never.LastUsedDate != nil {
		t.Errorf("before its use %+v", never)
	}
	same(t, "identity", w.identity(t, *k.AccessKeyId, *k.SecretAccessKey, ""), "arn:aws:iam::"+harness.Account+":user/keeper")
	used := lastUsed()
	if u := used.AccessKeyLastUsed; *used.UserName != "keeper" || *u.ServiceName != "sts" || *u.Region != harness.Region || u.LastUsedDate == nil || time.Since(*u.LastUsedDate).Abs() > time.Minute {
		t.Errorf("after its use %+v", u)
	}
	second, err := w.api.CreateAccessKey(ctx, &iam.CreateAccessKeyInput{UserName: name})
	must(t, err)
	var ids []string
	for p := iam.NewListAccessKeysPaginator(w.api, &iam.ListAccessKeysInput{UserName: name, MaxItems: aws.Int32(1)}); p.HasMorePages(); {
		page, err := p.NextPage(ctx)
		must(t, err)
		for _, m := range page.AccessKeyMetadata {
			ids = append(ids, *m.AccessKeyId)
		}
	}
	same(t, "keys", ids, []string{*k.AccessKeyId, *second.AccessKey.AccessKeyId})
	own, err := w.As(*k.AccessKeyId, *k.SecretAccessKey, "").IAM.ListAccessKeys(ctx, &iam.ListAccessKeysInput{})
	if harness.Code(err) != "AccessDenied" {
		t.Errorf("a user without policies lists its keys: %+v, %v", own, err)
	}
	_, err = w.api.UpdateAccessKey(ctx, &iam.UpdateAccessKeyInput{UserName: name, AccessKeyId: k.AccessKeyId, Status: types.StatusTypeInactive})
	must(t, err)
	same(t, "a key that is off", w.identity(t, *k.AccessKeyId, *k.SecretAccessKey, ""), "InvalidClientTokenId")
	for _, id := range ids {
		_, err = w.api.DeleteAccessKey(ctx, &iam.DeleteAccessKeyInput{UserName: name, AccessKeyId: &id})
		must(t, err)
	}
	_, err = w.api.DeleteUser(ctx, &iam.DeleteUserInput{UserName: name})
	must(t, err)
}

// renamed gives a user another name. What it has goes with it; who takes its old
// name has nothing of it.
func (w *iamWorld) renamed(t *testing.T) {
	ctx := t.Context()
	k := w.withKey(t, "before")
	_, err := w.api.PutUserPolicy(ctx, &iam.PutUserPolicyInput{UserName: aws.String("before"), PolicyName: aws.String("p"), PolicyDocument: aws.String(readThing)})
	must(t, err)
	trust := strings.Replace(anyTrust, harness.Account, "arn:aws:iam::"+harness.Account+":user/before", 1)
	role, err := w.api.CreateRole(ctx, &iam.CreateRoleInput{RoleName: aws.String("befriended"), AssumeRolePolicyDocument: &trust})
	must(t, err)
	session, err := w.As(*k.AccessKeyId, *k.SecretAccessKey, "").STS.GetSessionToken(ctx, &sts.GetSessionTokenInput{})
	must(t, err)
	_, err = w.api.UpdateUser(ctx, &iam.UpdateUserInput{UserName: aws.String("before"), NewUserName: aws.String("after"), NewPath: aws.String("/moved/")})
	must(t, err)

	const arn = "arn:aws:iam::" + harness.Account + ":user/moved/after"
	same(t, "its key", w.identity(t, *k.AccessKeyId, *k.SecretAccessKey, ""), arn)
	c := session.Credentials
	same(t, "its session", w.identity(t, *c.AccessKeyId, *c.SecretAccessKey, *c.SessionToken), arn)
	inline, err := w.api.ListUserPolicies(ctx, &iam.ListUserPoliciesInput{UserName: aws.String("after")})
	must(t, err)
	same(t, "its policies", inline.PolicyNames, []string{"p"})
	shown, err := w.api.GetRole(ctx, &iam.GetRoleInput{RoleName: aws.String("befriended")})
	must(t, err)
	documentIs(t, shown.Role.AssumeRolePolicyDocument, strings.Replace(trust, "user/before", "user/moved/after", 1))
	assume := func(k *types.AccessKey) error {
		_, err := w.As(*k.AccessKeyId, *k.SecretAccessKey, "").STS.AssumeRole(ctx, &sts.AssumeRoleInput{RoleArn: role.Role.Arn, RoleSessionName: aws.String("friend")})
		return err
	}
	must(t, assume(k))
	impostor := w.withKey(t, "before")
	harness.WantCode(t, assume(impostor), "AccessDenied", "")
	same(t, "the key once more", w.identity(t, *k.AccessKeyId, *k.SecretAccessKey, ""), arn)
}
