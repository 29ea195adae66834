package iamapi

import (
	"slices"

	"github.com/poolhouse/poolhouse/internal/awsapi"
)

// Ops lists the operations served.
func (a *API) Ops() []awsapi.Op {
	return slices.Concat(a.userOps(), a.roleOps(), a.policyOps(), a.providerOps(), a.absentOps())
}

// userOps are the operations on users and their access keys.
func (a *API) userOps() []awsapi.Op {
	return []awsapi.Op{
		awsapi.Func("AttachUserPolicy", awsapi.SigV4, a.AttachUserPolicy),
		awsapi.Func("CreateAccessKey", awsapi.SigV4, a.CreateAccessKey),
		awsapi.Func("CreateUser", awsapi.SigV4, a.CreateUser),
		awsapi.Func("DeleteAccessKey", awsapi.SigV4, a.DeleteAccessKey),
		awsapi.Func("DeleteUser", awsapi.SigV4, a.DeleteUser),
		awsapi.Func("DeleteUserPermissionsBoundary", awsapi.SigV4, a.DeleteUserPermissionsBoundary),
		awsapi.Func("DeleteUserPolicy", awsapi.SigV4, a.DeleteUserPolicy),
		awsapi.Func("DetachUserPolicy", awsapi.SigV4, a.DetachUserPolicy),
		awsapi.Func("GetAccessKeyLastUsed", awsapi.SigV4, a.GetAccessKeyLastUsed),
		awsapi.Func("GetUser", awsapi.SigV4, a.GetUser),
		awsapi.Func("GetUserPolicy", awsapi.SigV4, a.GetUserPolicy),
		awsapi.Func("ListAccessKeys", awsapi.SigV4, a.ListAccessKeys),
		awsapi.Func("ListAttachedUserPolicies", awsapi.SigV4, a.ListAttachedUserPolicies),
		awsapi.Func("ListUserPolicies", awsapi.SigV4, a.ListUserPolicies),
		awsapi.Func("ListUserTags", awsapi.SigV4, a.ListUserTags),
		awsapi.Func("ListUsers", awsapi.SigV4, a.ListUsers),
		awsapi.Func("PutUserPermissionsBoundary", awsapi.SigV4, a.PutUserPermissionsBoundary),
		awsapi.Func("PutUserPolicy", awsapi.SigV4, a.PutUserPolicy),
		awsapi.Func("TagUser", awsapi.SigV4, a.TagUser),
		awsapi.Func("UntagUser", awsapi.SigV4, a.UntagUser),
		awsapi.Func("UpdateAccessKey", awsapi.SigV4, a.UpdateAccessKey),
		awsapi.Func("UpdateUser", awsapi.SigV4, a.UpdateUser),
	}
}

// roleOps are the operations on roles.
func (a *API) roleOps() []awsapi.Op {
	return []awsapi.Op{
		awsapi.Func("AttachRolePolicy", awsapi.SigV4, a.AttachRolePolicy),
		awsapi.Func("CreateRole", awsapi.SigV4, a.CreateRole),
		awsapi.Func("CreateServiceLinkedRole", awsapi.SigV4, a.CreateServiceLinkedRole),
		awsapi.Func("DeleteRole", awsapi.SigV4, a.DeleteRole),
		awsapi.Func("DeleteRolePermissionsBoundary", awsapi.SigV4, a.DeleteRolePermissionsBoundary),
		awsapi.Func("DeleteRolePolicy", awsapi.SigV4, a.DeleteRolePolicy),
		awsapi.Func("DeleteServiceLinkedRole", awsapi.SigV4, a.DeleteServiceLinkedRole),
		awsapi.Func("DetachRolePolicy", awsapi.SigV4, a.DetachRolePolicy),
		awsapi.Func("GetRole", awsapi.SigV4, a.GetRole),
		awsapi.Func("GetRolePolicy", awsapi.SigV4, a.GetRolePolicy),
		awsapi.Func("GetServiceLinkedRoleDeletionStatus", awsapi.SigV4, a.GetServiceLinkedRoleDeletionStatus),
		awsapi.Func("ListAttachedRolePolicies", awsapi.SigV4, a.ListAttachedRolePolicies),
		awsapi.Func("ListRolePolicies", awsapi.SigV4, a.ListRolePolicies),
		awsapi.Func("ListRoleTags", awsapi.SigV4, a.ListRoleTags),
		awsapi.Func("ListRoles", awsapi.SigV4, a.ListRoles),
		awsapi.Func("PutRolePermissionsBoundary", awsapi.SigV4, a.PutRolePermissionsBoundary),
		awsapi.Func("PutRolePolicy", awsapi.SigV4, a.PutRolePolicy),
		awsapi.Func("TagRole", awsapi.SigV4, a.TagRole),
		awsapi.Func("UntagRole", awsapi.SigV4, a.UntagRole),
		awsapi.Func("UpdateAssumeRolePolicy", awsapi.SigV4, a.UpdateAssumeRolePolicy),
		awsapi.Func("UpdateRole", awsapi.SigV4, a.UpdateRole),
		awsapi.Func("UpdateRoleDescription", awsapi.SigV4, a.UpdateRoleDescription),
	}
}

// policyOps are the operations on managed policies, and those that ask what policies say.
func (a *API) policyOps() []awsapi.Op {
	return []awsapi.Op{
		awsapi.Func("CreatePolicy", awsapi.SigV4, a.CreatePolicy),
		awsapi.Func("CreatePolicyVersion", awsapi.SigV4, a.CreatePolicyVersion),
		awsapi.Func("DeletePolicy", awsapi.SigV4, a.DeletePolicy),
		awsapi.Func("DeletePolicyVersion", awsapi.SigV4, a.DeletePolicyVersion),
		awsapi.Func("GetContextKeysForCustomPolicy", awsapi.SigV4, a.GetContextKeysForCustomPolicy),
		awsapi.Func("GetContextKeysForPrincipalPolicy", awsapi.SigV4, a.GetContextKeysForPrincipalPolicy),
		awsapi.Func("GetPolicy", awsapi.SigV4, a.GetPolicy),
		awsapi.Func("GetPolicyVersion", awsapi.SigV4, a.GetPolicyVersion),
		awsapi.Func("ListEntitiesForPolicy", awsapi.SigV4, a.ListEntitiesForPolicy),
		awsapi.Func("ListPolicies", awsapi.SigV4, a.ListPolicies),
		awsapi.Func("ListPolicyTags", awsapi.SigV4, a.ListPolicyTags),
		awsapi.Func("ListPolicyVersions", awsapi.SigV4, a.ListPolicyVersions),
		awsapi.Func("SetDefaultPolicyVersion", awsapi.SigV4, a.SetDefaultPolicyVersion),
		awsapi.Func("SimulateCustomPolicy", awsapi.SigV4, a.SimulateCustomPolicy),
		awsapi.Func("SimulatePrincipalPolicy", awsapi.SigV4, a.SimulatePrincipalPolicy),
		awsapi.Func("TagPolicy", awsapi.SigV4, a.TagPolicy),
		awsapi.Func("UntagPolicy", awsapi.SigV4, a.UntagPolicy),
	}
}

// providerOps are the operations on identity providers.
func (a *API) providerOps() []awsapi.Op {
	return []awsapi.Op{
		awsapi.Func("AddClientIDToOpenIDConnectProvider", awsapi.SigV4, a.AddClientIDToOpenIDConnectProvider),
		awsapi.Func("CreateOpenIDConnectProvider", awsapi.SigV4, a.CreateOpenIDConnectProvider),
		awsapi.Func("CreateSAMLProvider", awsapi.SigV4, a.CreateSAMLProvider),
		awsapi.Func("DeleteOpenIDConnectProvider", awsapi.SigV4, a.DeleteOpenIDConnectProvider),
		awsapi.Func("DeleteSAMLProvider", awsapi.SigV4, a.DeleteSAMLProvider),
		awsapi.Func("GetOpenIDConnectProvider", awsapi.SigV4, a.GetOpenIDConnectProvider),
		awsapi.Func("GetSAMLProvider", awsapi.SigV4, a.GetSAMLProvider),
		awsapi.Func("ListOpenIDConnectProviderTags", awsapi.SigV4, a.ListOpenIDConnectProviderTags),
		awsapi.Func("ListOpenIDConnectProviders", awsapi.SigV4, a.ListOpenIDConnectProviders),
		awsapi.Func("ListSAMLProviderTags", awsapi.SigV4, a.ListSAMLProviderTags),
		awsapi.Func("ListSAMLProviders", awsapi.SigV4, a.ListSAMLProviders),
		awsapi.Func("RemoveClientIDFromOpenIDConnectProvider", awsapi.SigV4, a.RemoveClientIDFromOpenIDConnectProvider),
		awsapi.Func("TagOpenIDConnectProvider", awsapi.SigV4, a.TagOpenIDConnectProvider),
		awsapi.Func("TagSAMLProvider", awsapi.SigV4, a.TagSAMLProvider),
		awsapi.Func("UntagOpenIDConnectProvider", awsapi.SigV4, a.UntagOpenIDConnectProvider),
		awsapi.Func("UntagSAMLProvider", awsapi.SigV4, a.UntagSAMLProvider),
		awsapi.Func("UpdateOpenIDConnectProviderThumbprint", awsapi.SigV4, a.UpdateOpenIDConnectProviderThumbprint),
		awsapi.Func("UpdateSAMLProvider", awsapi.SigV4, a.UpdateSAMLProvider),
	}
}

// absentOps are on what users and roles can have in AWS: tools ask before they delete one.
func (a *API) absentOps() []awsapi.Op {
	return []awsapi.Op{
		awsapi.Func("DeleteLoginProfile", awsapi.SigV4, a.DeleteLoginProfile),
		awsapi.Func("ListGroupsForUser", awsapi.SigV4, a.ListGroupsForUser),
		awsapi.Func("ListInstanceProfilesForRole", awsapi.SigV4, a.ListInstanceProfilesForRole),
		awsapi.Func("ListMFADevices", awsapi.SigV4, a.ListMFADevices),
		awsapi.Func("ListSSHPublicKeys", awsapi.SigV4, a.ListSSHPublicKeys),
		awsapi.Func("ListServiceSpecificCredentials", awsapi.SigV4, a.ListServiceSpecificCredentials),
		awsapi.Func("ListSigningCertificates", awsapi.SigV4, a.ListSigningCertificates),
		awsapi.Func("ListVirtualMFADevices", awsapi.SigV4, a.ListVirtualMFADevices),
	}
}
