package awsgo_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/iam/types"

	"github.com/poolhouse/poolhouse/conformance/harness"
)

// Texts of AWS.
const (
	noRole      = "The role with name ghost cannot be found."
	noUser      = "The user with name ghost cannot be found."
	badARN      = "ARN arn:aws:iam::nonsense:thing is not valid."
	twiceTagged = "Duplicate tag keys found. Please note that Tag keys are case insensitive."
	manyTags    = "The number of tags has reached the maximum limit."
	protected   = "Cannot perform the operation on the protected role 'AWSServiceRoleForAmazonCognitoIdp' - this role is only modifiable by AWS"
	serviceOnly = "Cannot attach a Service Role Policy to a Customer Role."
	badSyntax   = "Syntax errors in policy."
)

var (
	ghost   = aws.String("ghost")
	target  = aws.String("target")
	broken  = aws.String("arn:aws:iam::nonsense:thing")
	gone    = aws.String(ownPolicy + "ghost")
	ofAWS   = aws.String(awsPolicy + "aws-service-role/AmazonCognitoIdpServiceRolePolicy")
	linked  = aws.String("AWSServiceRoleForAmazonCognitoIdp")
	twice   = []types.Tag{tag("a", "b"), tag("A", "c")}
	many    = manyTag()
	noOIDC  = aws.String("arn:aws:iam::" + harness.Account + ":oidc-provider/ghost.example")
	noSAML  = aws.String("arn:aws:iam::" + harness.Account + ":saml-provider/ghost")
	noOIDCs = "OpenIDConnect Provider not found for arn " + *noOIDC
	noSAMLs = "Manifest not found for arn " + *noSAML
)

// manyTag are as many tags as an entity may have.
func manyTag() (out []types.Tag) {
	for i := range 50 {
		out = append(out, tag(fmt.Sprint("t", i), ""))
	}
	return out
}

func (w *iamWorld) errors(t *testing.T) {
	w.targets(t)
	t.Run("roles", w.roleErrors)
	t.Run("policies of roles", w.rolePolicyErrors)
	t.Run("users", w.userErrors)
	t.Run("managed policies", w.policyErrors)
	t.Run("OpenID providers", w.oidcErrors)
	t.Run("SAML providers", w.samlErrors)
}

// targets makes a role, a user and a policy, each with 50 tags, and a service's role.
func (w *iamWorld) targets(t *testing.T) {
	ctx := t.Context()
	_, err := w.api.CreateRole(ctx, &iam.CreateRoleInput{RoleName: target, AssumeRolePolicyDocument: aws.String(anyTrust), Tags: many})
	must(t, err)
	_, err = w.api.CreateUser(ctx, &iam.CreateUserInput{UserName: target, Tags: many})
	must(t, err)
	_, err = w.api.CreatePolicy(ctx, &iam.CreatePolicyInput{PolicyName: target, PolicyDocument: aws.String(readThing), Tags: many})
	must(t, err)
	_, err = w.api.CreateServiceLinkedRole(ctx, &iam.CreateServiceLinkedRoleInput{AWSServiceName: aws.String("cognito-idp.amazonaws.com")})
	must(t, err)
	for i := range 10 {
		n := aws.String(fmt.Sprint("fill", i))
		p, err := w.api.CreatePolicy(ctx, &iam.CreatePolicyInput{PolicyName: n, PolicyDocument: aws.String(readThing)})
		must(t, err)
		_, err = w.api.AttachRolePolicy(ctx, &iam.AttachRolePolicyInput{RoleName: target, PolicyArn: p.Policy.Arn})
		must(t, err)
		_, err = w.api.AttachUserPolicy(ctx, &iam.AttachUserPolicyInput{UserName: target, PolicyArn: p.Policy.Arn})
		must(t, err)
	}
}

func (w *iamWorld) roleErrors(t *testing.T) {
	ctx, api, trust, more := t.Context(), w.api, aws.String(anyTrust), []types.Tag{tag("one", "more")}
	fresh := aws.String("fresh")
	refusals(t, []refusal{
		{"EntityAlreadyExists", "Role with name TARGET already exists.", failed(api.CreateRole(ctx, &iam.CreateRoleInput{RoleName: aws.String("TARGET"), AssumeRolePolicyDocument: trust}))},
		{"MalformedPolicyDocument", "This policy contains invalid Json", failed(api.CreateRole(ctx, &iam.CreateRoleInput{RoleName: fresh, AssumeRolePolicyDocument: aws.String("{")}))},
		{"MalformedPolicyDocument", `Invalid principal in policy: "AWS":"arn:aws:iam::` + harness.Account + `:user/ghost"`, failed(api.CreateRole(ctx, &iam.CreateRoleInput{RoleName: fresh,
			AssumeRolePolicyDocument: aws.String(`{"Version":"2012-10-17","Statement":{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::` + harness.Account + `:user/ghost"},"Action":"sts:AssumeRole"}}`)}))},
		{"InvalidInput", twiceTagged, failed(api.CreateRole(ctx, &iam.CreateRoleInput{RoleName: fresh, AssumeRolePolicyDocument: trust, Tags: twice}))},
		{"InvalidInput", "", failed(api.CreateRole(ctx, &iam.CreateRoleInput{RoleName: fresh, Path: aws.String("/aws-service-role/x/"), AssumeRolePolicyDocument: trust}))},
		{"NoSuchEntity", "Scope ARN: " + *gone + " does not exist or is not attachable.", failed(api.CreateRole(ctx, &iam.CreateRoleInput{RoleName: fresh, AssumeRolePolicyDocument: trust, PermissionsBoundary: gone}))},
		{"LimitExceeded", "Cannot exceed quota for ACLSizePerRole: 2048", failed(api.CreateRole(ctx, &iam.CreateRoleInput{RoleName: fresh, AssumeRolePolicyDocument: wideTrust()}))},
		{"ValidationError", "", failed(api.CreateRole(ctx, &iam.CreateRoleInput{RoleName: fresh, AssumeRolePolicyDocument: trust, MaxSessionDuration: aws.Int32(43201)}))},
		{"NoSuchEntity", noRole, failed(api.GetRole(ctx, &iam.GetRoleInput{RoleName: ghost}))},
		{"NoSuchEntity", noRole, failed(api.UpdateRole(ctx, &iam.UpdateRoleInput{RoleName: ghost, Description: aws.String("x")}))},
		{"UnmodifiableEntity", protected, failed(api.UpdateRole(ctx, &iam.UpdateRoleInput{RoleName: linked, MaxSessionDuration: aws.Int32(7200)}))},
		{"NoSuchEntity", noRole, failed(api.UpdateRoleDescription(ctx, &iam.UpdateRoleDescriptionInput{RoleName: ghost, Description: aws.String("x")}))},
		{"NoSuchEntity", noRole, failed(api.UpdateAssumeRolePolicy(ctx, &iam.UpdateAssumeRolePolicyInput{RoleName: ghost, PolicyDocument: trust}))},
		{"UnmodifiableEntity", protected, failed(api.UpdateAssumeRolePolicy(ctx, &iam.UpdateAssumeRolePolicyInput{RoleName: linked, PolicyDocument: trust}))},
		{"MalformedPolicyDocument", "AssumeRole policy may only specify STS AssumeRole actions.", failed(api.UpdateAssumeRolePolicy(ctx, &iam.UpdateAssumeRolePolicyInput{RoleName: target,
			PolicyDocument: aws.String(`{"Version":"2012-10-17","Statement":{"Effect":"Allow","Principal":"*","Action":"s3:GetObject"}}`)}))},
		{"LimitExceeded", "Cannot exceed quota for ACLSizePerRole: 2048", failed(api.UpdateAssumeRolePolicy(ctx, &iam.UpdateAssumeRolePolicyInput{RoleName: target, PolicyDocument: wideTrust()}))},
		{"NoSuchEntity", noRole, failed(api.TagRole(ctx, &iam.TagRoleInput{RoleName: ghost, Tags: more}))},
		{"InvalidInput", twiceTagged, failed(api.TagRole(ctx, &iam.TagRoleInput{RoleName: target, Tags: twice}))},
		{"LimitExceeded", manyTags, failed(api.TagRole(ctx, &iam.TagRoleInput{RoleName: target, Tags: more}))},
		{"NoSuchEntity", noRole, failed(api.UntagRole(ctx, &iam.UntagRoleInput{RoleName: ghost, TagKeys: []string{"a"}}))},
		{"NoSuchEntity", noRole, failed(api.ListRoleTags(ctx, &iam.ListRoleTagsInput{RoleName: ghost}))},
		{"ValidationError", "Invalid Marker.", failed(api.ListRoleTags(ctx, &iam.ListRoleTagsInput{RoleName: target, Marker: aws.String("%%")}))},
		{"NoSuchEntity", noRole, failed(api.ListInstanceProfilesForRole(ctx, &iam.ListInstanceProfilesForRoleInput{RoleName: ghost}))},
		{"NoSuchEntity", noRole, failed(api.DeleteRole(ctx, &iam.DeleteRoleInput{RoleName: ghost}))},
		{"DeleteConflict", "Cannot delete entity, must detach all policies first.", failed(api.DeleteRole(ctx, &iam.DeleteRoleInput{RoleName: target}))},
		{"UnmodifiableEntity", protected, failed(api.DeleteRole(ctx, &iam.DeleteRoleInput{RoleName: linked}))},
		{"InvalidInput", "Service role name " + *linked + " has been taken in this account, please try a different suffix.",
			failed(api.CreateServiceLinkedRole(ctx, &iam.CreateServiceLinkedRoleInput{AWSServiceName: aws.String("cognito-idp.amazonaws.com")}))},
		{"InvalidInput", "Custom suffix is not allowed for cognito-idp.amazonaws.com",
			failed(api.CreateServiceLinkedRole(ctx, &iam.CreateServiceLinkedRoleInput{AWSServiceName: aws.String("cognito-idp.amazonaws.com"), CustomSuffix: aws.String("x")}))},
		{"NoSuchEntity", noRole, failed(api.DeleteServiceLinkedRole(ctx, &iam.DeleteServiceLinkedRoleInput{RoleName: ghost}))},
		{"NoSuchEntity", "The role with name target cannot be found.", failed(api.DeleteServiceLinkedRole(ctx, &iam.DeleteServiceLinkedRoleInput{RoleName: target}))},
		{"InvalidInput", "", failed(api.GetServiceLinkedRoleDeletionStatus(ctx, &iam.GetServiceLinkedRoleDeletionStatusInput{DeletionTaskId: aws.String("x")}))},
		{"NoSuchEntity", "", failed(api.GetServiceLinkedRoleDeletionStatus(ctx, &iam.GetServiceLinkedRoleDeletionStatusInput{DeletionTaskId: aws.String("task/aws-service-role/a/b/c")}))},
	})
}

// wideTrust is a trust policy of 2049 characters.
func wideTrust() *string {
	const doc = `{"Version":"2012-10-17","Statement":{"Sid":"","Effect":"Allow","Principal":"*","Action":"sts:AssumeRole"}}`
	return aws.String(strings.Replace(doc, `"Sid":"`, `"Sid":"`+strings.Repeat("x", 2049-len(doc)), 1))
}

func (w *iamWorld) rolePolicyErrors(t *testing.T) {
	ctx, api, doc, name := t.Context(), w.api, aws.String(readThing), aws.String("p")
	fine, another := aws.String(awsPolicy+"IAMFullAccess"), aws.String(awsPolicy+"AdministratorAccess")
	unattachable := "Policy " + *gone + " does not exist or is not attachable."
	refusals(t, []refusal{
		{"NoSuchEntity", noRole, failed(api.AttachRolePolicy(ctx, &iam.AttachRolePolicyInput{RoleName: ghost, PolicyArn: fine}))},
		{"NoSuchEntity", unattachable, failed(api.AttachRolePolicy(ctx, &iam.AttachRolePolicyInput{RoleName: target, PolicyArn: gone}))},
		{"InvalidInput", badARN, failed(api.AttachRolePolicy(ctx, &iam.AttachRolePolicyInput{RoleName: target, PolicyArn: broken}))},
		{"PolicyNotAttachable", serviceOnly, failed(api.AttachRolePolicy(ctx, &iam.AttachRolePolicyInput{RoleName: target, PolicyArn: ofAWS}))},
		{"LimitExceeded", "Cannot exceed quota for PoliciesPerRole: 10", failed(api.AttachRolePolicy(ctx, &iam.AttachRolePolicyInput{RoleName: target, PolicyArn: fine}))},
		{"UnmodifiableEntity", protected, failed(api.AttachRolePolicy(ctx, &iam.AttachRolePolicyInput{RoleName: linked, PolicyArn: fine}))},
		{"NoSuchEntity", noRole, failed(api.DetachRolePolicy(ctx, &iam.DetachRolePolicyInput{RoleName: ghost, PolicyArn: fine}))},
		{"NoSuchEntity", "Policy " + *another + " was not found.", failed(api.DetachRolePolicy(ctx, &iam.DetachRolePolicyInput{RoleName: target, PolicyArn: another}))},
		{"InvalidInput", badARN, failed(api.DetachRolePolicy(ctx, &iam.DetachRolePolicyInput{RoleName: target, PolicyArn: broken}))},
		{"UnmodifiableEntity", protected, failed(api.DetachRolePolicy(ctx, &iam.DetachRolePolicyInput{RoleName: linked, PolicyArn: ofAWS}))},
		{"NoSuchEntity", noRole, failed(api.ListAttachedRolePolicies(ctx, &iam.ListAttachedRolePoliciesInput{RoleName: ghost}))},
		{"NoSuchEntity", noRole, failed(api.PutRolePolicy(ctx, &iam.PutRolePolicyInput{RoleName: ghost, PolicyName: name, PolicyDocument: doc}))},
		{"MalformedPolicyDocument", badSyntax, failed(api.PutRolePolicy(ctx, &iam.PutRolePolicyInput{RoleName: target, PolicyName: name, PolicyDocument: aws.String("[")}))},
		{"LimitExceeded", "Maximum policy size of 10240 bytes exceeded for role target", failed(api.PutRolePolicy(ctx, &iam.PutRolePolicyInput{RoleName: target, PolicyName: name, PolicyDocument: wide(10241)}))},
		{"UnmodifiableEntity", protected, failed(api.PutRolePolicy(ctx, &iam.PutRolePolicyInput{RoleName: linked, PolicyName: name, PolicyDocument: doc}))},
		{"NoSuchEntity", "The role policy with name p cannot be found.", failed(api.GetRolePolicy(ctx, &iam.GetRolePolicyInput{RoleName: target, PolicyName: name}))},
		{"NoSuchEntity", noRole, failed(api.ListRolePolicies(ctx, &iam.ListRolePoliciesInput{RoleName: ghost}))},
		{"NoSuchEntity", "The role policy with name p cannot be found.", failed(api.DeleteRolePolicy(ctx, &iam.DeleteRolePolicyInput{RoleName: target, PolicyName: name}))},
		{"UnmodifiableEntity", protected, failed(api.DeleteRolePolicy(ctx, &iam.DeleteRolePolicyInput{RoleName: linked, PolicyName: name}))},
		{"NoSuchEntity", noRole, failed(api.PutRolePermissionsBoundary(ctx, &iam.PutRolePermissionsBoundaryInput{RoleName: ghost, PermissionsBoundary: fine}))},
		{"InvalidInput", badARN, failed(api.PutRolePermissionsBoundary(ctx, &iam.PutRolePermissionsBoundaryInput{RoleName: target, PermissionsBoundary: broken}))},
		{"PolicyNotAttachable", serviceOnly, failed(api.PutRolePermissionsBoundary(ctx, &iam.PutRolePermissionsBoundaryInput{RoleName: target, PermissionsBoundary: ofAWS}))},
		{"UnmodifiableEntity", protected, failed(api.PutRolePermissionsBoundary(ctx, &iam.PutRolePermissionsBoundaryInput{RoleName: linked, PermissionsBoundary: fine}))},
		{"NoSuchEntity", noRole, failed(api.DeleteRolePermissionsBoundary(ctx, &iam.DeleteRolePermissionsBoundaryInput{RoleName: ghost}))},
		{"UnmodifiableEntity", protected, failed(api.DeleteRolePermissionsBoundary(ctx, &iam.DeleteRolePermissionsBoundaryInput{RoleName: linked}))},
	})
	_, err := api.PutRolePolicy(ctx, &iam.PutRolePolicyInput{RoleName: target, PolicyName: name, PolicyDocument: wide(10240)})
	must(t, err)
	refusals(t, []refusal{
		{"LimitExceeded", "Maximum policy size of 10240 bytes exceeded for role target", failed(api.PutRolePolicy(ctx, &iam.PutRolePolicyInput{RoleName: target, PolicyName: aws.String("q"), PolicyDocument: doc}))},
		{"DeleteConflict", "Cannot delete entity, must delete policies first.", failed(api.DeleteRole(ctx, &iam.DeleteRoleInput{RoleName: target}))},
	})
}

func (w *iamWorld) userErrors(t *testing.T) {
	ctx, api, doc, name, fine := t.Context(), w.api, aws.String(readThing), aws.String("p"), aws.String(awsPolicy+"IAMFullAccess")
	more, unattachable := []types.Tag{tag("one", "more")}, "Policy "+*gone+" does not exist or is not attachable."
	key, noKey := aws.String("AKIAGHOSTGHOSTGHOST2"), "The Access Key with id AKIAGHOSTGHOSTGHOST2 cannot be found."
	for range 2 {
		_, err := api.CreateAccessKey(ctx, &iam.CreateAccessKeyInput{UserName: target})
		must(t, err)
	}
	_, err := api.CreateUser(ctx, &iam.CreateUserInput{UserName: aws.String("neighbour")})
	must(t, err)
	refusals(t, []refusal{
		{"EntityAlreadyExists", "User with name Target already exists.", failed(api.CreateUser(ctx, &iam.CreateUserInput{UserName: aws.String("Target")}))},
		{"InvalidInput", twiceTagged, failed(api.CreateUser(ctx, &iam.CreateUserInput{UserName: name, Tags: twice}))},
		{"NoSuchEntity", "Scope ARN: " + *gone + " does not exist or is not attachable.", failed(api.CreateUser(ctx, &iam.CreateUserInput{UserName: name, PermissionsBoundary: gone}))},
		{"NoSuchEntity", noUser, failed(api.GetUser(ctx, &iam.GetUserInput{UserName: ghost}))},
		{"NoSuchEntity", noUser, failed(api.UpdateUser(ctx, &iam.UpdateUserInput{UserName: ghost, NewPath: aws.String("/x/")}))},
		{"EntityAlreadyExists", "User with name TARGET already exists.", failed(api.UpdateUser(ctx, &iam.UpdateUserInput{UserName: aws.String("neighbour"), NewUserName: aws.String("TARGET")}))},
		{"NoSuchEntity", noUser, failed(api.TagUser(ctx, &iam.TagUserInput{UserName: ghost, Tags: more}))},
		{"InvalidInput", twiceTagged, failed(api.TagUser(ctx, &iam.TagUserInput{UserName: target, Tags: twice}))},
		{"LimitExceeded", manyTags, failed(api.TagUser(ctx, &iam.TagUserInput{UserName: target, Tags: more}))},
		{"NoSuchEntity", noUser, failed(api.UntagUser(ctx, &iam.UntagUserInput{UserName: ghost, TagKeys: []string{"a"}}))},
		{"NoSuchEntity", noUser, failed(api.ListUserTags(ctx, &iam.ListUserTagsInput{UserName: ghost}))},
		{"NoSuchEntity", noUser, failed(api.ListGroupsForUser(ctx, &iam.ListGroupsForUserInput{UserName: ghost}))},
		{"NoSuchEntity", noUser, failed(api.ListSSHPublicKeys(ctx, &iam.ListSSHPublicKeysInput{UserName: ghost}))},
		{"NoSuchEntity", noUser, failed(api.ListMFADevices(ctx, &iam.ListMFADevicesInput{UserName: ghost}))},
		{"NoSuchEntity", noUser, failed(api.ListSigningCertificates(ctx, &iam.ListSigningCertificatesInput{UserName: ghost}))},
		{"NoSuchEntity", noUser, failed(api.ListServiceSpecificCredentials(ctx, &iam.ListServiceSpecificCredentialsInput{UserName: ghost}))},
		{"NoSuchEntity", "Login Profile for User target cannot be found.", failed(api.DeleteLoginProfile(ctx, &iam.DeleteLoginProfileInput{UserName: target}))},
		{"NoSuchEntity", noUser, failed(api.DeleteUser(ctx, &iam.DeleteUserInput{UserName: ghost}))},
		{"DeleteConflict", "Cannot delete entity, must delete access keys first.", failed(api.DeleteUser(ctx, &iam.DeleteUserInput{UserName: target}))},
		{"NoSuchEntity", noUser, failed(api.PutUserPermissionsBoundary(ctx, &iam.PutUserPermissionsBoundaryInput{UserName: ghost, PermissionsBoundary: fine}))},
		{"InvalidInput", badARN, failed(api.PutUserPermissionsBoundary(ctx, &iam.PutUserPermissionsBoundaryInput{UserName: target, PermissionsBoundary: broken}))},
		{"PolicyNotAttachable", serviceOnly, failed(api.PutUserPermissionsBoundary(ctx, &iam.PutUserPermissionsBoundaryInput{UserName: target, PermissionsBoundary: ofAWS}))},
		{"NoSuchEntity", noUser, failed(api.DeleteUserPermissionsBoundary(ctx, &iam.DeleteUserPermissionsBoundaryInput{UserName: ghost}))},

		{"NoSuchEntity", noUser, failed(api.AttachUserPolicy(ctx, &iam.AttachUserPolicyInput{UserName: ghost, PolicyArn: fine}))},
		{"NoSuchEntity", unattachable, failed(api.AttachUserPolicy(ctx, &iam.AttachUserPolicyInput{UserName: target, PolicyArn: gone}))},
		{"InvalidInput", badARN, failed(api.AttachUserPolicy(ctx, &iam.AttachUserPolicyInput{UserName: target, PolicyArn: broken}))},
		{"PolicyNotAttachable", serviceOnly, failed(api.AttachUserPolicy(ctx, &iam.AttachUserPolicyInput{UserName: target, PolicyArn: ofAWS}))},
		{"LimitExceeded", "Cannot exceed quota for PoliciesPerUser: 10", failed(api.AttachUserPolicy(ctx, &iam.AttachUserPolicyInput{UserName: target, PolicyArn: fine}))},
		{"NoSuchEntity", "Policy " + *fine + " was not found.", failed(api.DetachUserPolicy(ctx, &iam.DetachUserPolicyInput{UserName: target, PolicyArn: fine}))},
		{"InvalidInput", badARN, failed(api.DetachUserPolicy(ctx, &iam.DetachUserPolicyInput{UserName: target, PolicyArn: broken}))},
		{"NoSuchEntity", noUser, failed(api.ListAttachedUserPolicies(ctx, &iam.ListAttachedUserPoliciesInput{UserName: ghost}))},
		{"NoSuchEntity", noUser, failed(api.PutUserPolicy(ctx, &iam.PutUserPolicyInput{UserName: ghost, PolicyName: name, PolicyDocument: doc}))},
		{"MalformedPolicyDocument", badSyntax, failed(api.PutUserPolicy(ctx, &iam.PutUserPolicyInput{UserName: target, PolicyName: name, PolicyDocument: aws.String("[")}))},
		{"LimitExceeded", "Maximum policy size of 2048 bytes exceeded for user target", failed(api.PutUserPolicy(ctx, &iam.PutUserPolicyInput{UserName: target, PolicyName: name, PolicyDocument: wide(2049)}))},
		{"NoSuchEntity", "The user policy with name p cannot be found.", failed(api.GetUserPolicy(ctx, &iam.GetUserPolicyInput{UserName: target, PolicyName: name}))},
		{"NoSuchEntity", noUser, failed(api.ListUserPolicies(ctx, &iam.ListUserPoliciesInput{UserName: ghost}))},
		{"NoSuchEntity", "The user policy with name p cannot be found.", failed(api.DeleteUserPolicy(ctx, &iam.DeleteUserPolicyInput{UserName: target, PolicyName: name}))},

		{"NoSuchEntity", noUser, failed(api.CreateAccessKey(ctx, &iam.CreateAccessKeyInput{UserName: ghost}))},
		{"LimitExceeded", "Cannot exceed quota for AccessKeysPerUser: 2", failed(api.CreateAccessKey(ctx, &iam.CreateAccessKeyInput{UserName: target}))},
		{"NoSuchEntity", noUser, failed(api.ListAccessKeys(ctx, &iam.ListAccessKeysInput{UserName: ghost}))},
		{"NoSuchEntity", noKey, failed(api.UpdateAccessKey(ctx, &iam.UpdateAccessKeyInput{UserName: target, AccessKeyId: key, Status: types.StatusTypeActive}))},
		{"InvalidInput", "", failed(api.UpdateAccessKey(ctx, &iam.UpdateAccessKeyInput{UserName: target, AccessKeyId: key, Status: types.StatusTypeExpired}))},
		{"NoSuchEntity", noKey, failed(api.DeleteAccessKey(ctx, &iam.DeleteAccessKeyInput{UserName: target, AccessKeyId: key}))},
		{"AccessDenied", "User: arn:aws:iam::" + harness.Account + ":root is not authorized to perform: iam:GetAccessKeyLastUsed on resource: access key " + *key,
			failed(api.GetAccessKeyLastUsed(ctx, &iam.GetAccessKeyLastUsedInput{AccessKeyId: key}))},
	})
}

func (w *iamWorld) policyErrors(t *testing.T) {
	ctx, api, doc := t.Context(), w.api, aws.String(readThing)
	arn, notFound, own := aws.String(ownPolicy+"target"), "Policy "+*gone+" was not found.", aws.String(awsPolicy+"AdministratorAccess")
	v1, v9, more := aws.String("v1"), aws.String("v9"), []types.Tag{tag("one", "more")}
	for range 4 {
		_, err := api.CreatePolicyVersion(ctx, &iam.CreatePolicyVersionInput{PolicyArn: arn, PolicyDocument: doc})
		must(t, err)
	}
	noVersion := "Policy " + *arn + " version v9 does not exist or is not attachable."
	refusals(t, []refusal{
		{"EntityAlreadyExists", "A policy called TARGET already exists. Duplicate names are not allowed.", failed(api.CreatePolicy(ctx, &iam.CreatePolicyInput{PolicyName: aws.String("TARGET"), PolicyDocument: doc}))},
		{"MalformedPolicyDocument", badSyntax, failed(api.CreatePolicy(ctx, &iam.CreatePolicyInput{PolicyName: ghost, PolicyDocument: aws.String("{")}))},
		{"InvalidInput", twiceTagged, failed(api.CreatePolicy(ctx, &iam.CreatePolicyInput{PolicyName: ghost, PolicyDocument: doc, Tags: twice}))},
		{"LimitExceeded", "Cannot exceed quota for PolicySize: 6144", failed(api.CreatePolicy(ctx, &iam.CreatePolicyInput{PolicyName: ghost, PolicyDocument: wide(6145)}))},
		{"NoSuchEntity", notFound, failed(api.GetPolicy(ctx, &iam.GetPolicyInput{PolicyArn: gone}))},
		{"InvalidInput", badARN, failed(api.GetPolicy(ctx, &iam.GetPolicyInput{PolicyArn: broken}))},
		{"NoSuchEntity", notFound, failed(api.CreatePolicyVersion(ctx, &iam.CreatePolicyVersionInput{PolicyArn: gone, PolicyDocument: doc}))},
		{"InvalidInput", badARN, failed(api.CreatePolicyVersion(ctx, &iam.CreatePolicyVersionInput{PolicyArn: broken, PolicyDocument: doc}))},
		{"MalformedPolicyDocument", badSyntax, failed(api.CreatePolicyVersion(ctx, &iam.CreatePolicyVersionInput{PolicyArn: arn, PolicyDocument: aws.String("{")}))},
		{"LimitExceeded", "A managed policy can have up to 5 versions. Before you create a new version, you must delete an existing version.",
			failed(api.CreatePolicyVersion(ctx, &iam.CreatePolicyVersionInput{PolicyArn: arn, PolicyDocument: doc}))},
		{"AccessDenied", "", failed(api.CreatePolicyVersion(ctx, &iam.CreatePolicyVersionInput{PolicyArn: own, PolicyDocument: doc}))},
		{"NoSuchEntity", noVersion, failed(api.GetPolicyVersion(ctx, &iam.GetPolicyVersionInput{PolicyArn: arn, VersionId: v9}))},
		{"InvalidInput", badARN, failed(api.GetPolicyVersion(ctx, &iam.GetPolicyVersionInput{PolicyArn: broken, VersionId: v1}))},
		{"NoSuchEntity", notFound, failed(api.ListPolicyVersions(ctx, &iam.ListPolicyVersionsInput{PolicyArn: gone}))},
		{"InvalidInput", badARN, failed(api.ListPolicyVersions(ctx, &iam.ListPolicyVersionsInput{PolicyArn: broken}))},
		{"NoSuchEntity", noVersion, failed(api.SetDefaultPolicyVersion(ctx, &iam.SetDefaultPolicyVersionInput{PolicyArn: arn, VersionId: v9}))},
		{"InvalidInput", badARN, failed(api.SetDefaultPolicyVersion(ctx, &iam.SetDefaultPolicyVersionInput{PolicyArn: broken, VersionId: v1}))},
		{"NoSuchEntity", noVersion, failed(api.DeletePolicyVersion(ctx, &iam.DeletePolicyVersionInput{PolicyArn: arn, VersionId: v9}))},
		{"InvalidInput", badARN, failed(api.DeletePolicyVersion(ctx, &iam.DeletePolicyVersionInput{PolicyArn: broken, VersionId: v1}))},
		{"DeleteConflict", "Cannot delete the default version of a policy.", failed(api.DeletePolicyVersion(ctx, &iam.DeletePolicyVersionInput{PolicyArn: arn, VersionId: v1}))},
		{"NoSuchEntity", notFound, failed(api.TagPolicy(ctx, &iam.TagPolicyInput{PolicyArn: gone, Tags: more}))},
		{"InvalidInput", twiceTagged, failed(api.TagPolicy(ctx, &iam.TagPolicyInput{PolicyArn: arn, Tags: twice}))},
		{"LimitExceeded", manyTags, failed(api.TagPolicy(ctx, &iam.TagPolicyInput{PolicyArn: arn, Tags: more}))},
		{"NoSuchEntity", notFound, failed(api.UntagPolicy(ctx, &iam.UntagPolicyInput{PolicyArn: gone, TagKeys: []string{"a"}}))},
		{"InvalidInput", badARN, failed(api.UntagPolicy(ctx, &iam.UntagPolicyInput{PolicyArn: broken, TagKeys: []string{"a"}}))},
		{"NoSuchEntity", notFound, failed(api.ListPolicyTags(ctx, &iam.ListPolicyTagsInput{PolicyArn: gone}))},
		{"InvalidInput", badARN, failed(api.ListPolicyTags(ctx, &iam.ListPolicyTagsInput{PolicyArn: broken}))},
		{"NoSuchEntity", notFound, failed(api.ListEntitiesForPolicy(ctx, &iam.ListEntitiesForPolicyInput{PolicyArn: gone}))},
		{"InvalidInput", badARN, failed(api.ListEntitiesForPolicy(ctx, &iam.ListEntitiesForPolicyInput{PolicyArn: broken}))},
		{"NoSuchEntity", notFound, failed(api.DeletePolicy(ctx, &iam.DeletePolicyInput{PolicyArn: gone}))},
		{"InvalidInput", badARN, failed(api.DeletePolicy(ctx, &iam.DeletePolicyInput{PolicyArn: broken}))},
		{"AccessDenied", "", failed(api.DeletePolicy(ctx, &iam.DeletePolicyInput{PolicyArn: own}))},
		{"DeleteConflict", "Cannot delete a policy attached to entities.", failed(api.DeletePolicy(ctx, &iam.DeletePolicyInput{PolicyArn: aws.String(ownPolicy + "fill0")}))},
		{"DeleteConflict", "This policy has more than one version. Before you delete a policy, you must delete the policy's versions. The default version is deleted with the policy.",
			failed(api.DeletePolicy(ctx, &iam.DeletePolicyInput{PolicyArn: arn}))},
	})
	still, err := api.GetPolicy(ctx, &iam.GetPolicyInput{PolicyArn: arn})
	must(t, err)
	if !still.Policy.IsAttachable {
		t.Error("a policy that was not deleted cannot be attached any more")
	}
}
