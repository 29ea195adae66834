package cognitoidp

import (
	"strings"

	"github.com/poolhouse/poolhouse/userpool"
)

// category says whose ceiling a call counts against. A refresh is one of tokens,
// though it comes as a sign-in.
func category(op string, in any) userpool.Category {
	if flow := member(in, "AuthFlow"); strings.HasPrefix(flow, "REFRESH_TOKEN") {
		return userpool.CategoryToken
	}
	return categories[op]
}

var categories = byOperation(map[userpool.Category]string{
	userpool.CategoryAuthentication: `AdminInitiateAuth AdminRespondToAuthChallenge AssociateSoftwareToken CompleteWebAuthnRegistration InitiateAuth
		RespondToAuthChallenge StartWebAuthnRegistration VerifySoftwareToken`,
	userpool.CategoryCreation: `AdminConfirmSignUp AdminCreateUser ConfirmSignUp SignUp`,
	userpool.CategoryRecovery: `AdminResetUserPassword ChangePassword ConfirmForgotPassword ForgotPassword GetUserAttributeVerificationCode
		ResendConfirmationCode VerifyUserAttribute`,
	userpool.CategoryToken:    `AdminUserGlobalSignOut GetTokensFromRefreshToken GlobalSignOut RevokeToken`,
	userpool.CategoryUserRead: `AdminGetUser AdminGetUserAuthFactors GetUser GetUserAuthFactors`,
	userpool.CategoryUserUpdate: `AdminDeleteUser AdminDeleteUserAttributes AdminDisableUser AdminEnableUser AdminSetUserMFAPreference
		AdminSetUserPassword AdminSetUserSettings AdminUpdateUserAttributes DeleteUser DeleteUserAttributes SetUserMFAPreference
		SetUserSettings UpdateUserAttributes`,
	userpool.CategoryUserList: `ListUsers ListUsersInGroup`,
	userpool.CategoryUserResourceRead: `AdminGetDevice AdminListDevices AdminListGroupsForUser AdminListUserAuthEvents GetDevice ListDevices
		ListWebAuthnCredentials`,
	userpool.CategoryUserResourceUpdate: `AdminAddUserToGroup AdminDisableProviderForUser AdminForgetDevice AdminLinkProviderForUser AdminRemoveUserFromGroup
		AdminUpdateAuthEventFeedback AdminUpdateDeviceStatus ConfirmDevice DeleteWebAuthnCredential ForgetDevice
		UpdateAuthEventFeedback UpdateDeviceStatus`,
	userpool.CategoryPoolRead:   `DescribeUserPool GetUserPoolMfaConfig ListUserPools`,
	userpool.CategoryPoolUpdate: `AddCustomAttributes CreateUserPool DeleteUserPool SetUserPoolMfaConfig UpdateUserPool`,
	userpool.CategoryPoolResourceRead: `DescribeIdentityProvider DescribeManagedLoginBranding DescribeManagedLoginBrandingByClient DescribeResourceServer
		DescribeRiskConfiguration DescribeTerms DescribeUserImportJob DescribeUserPoolDomain GetCSVHeader GetGroup
		GetIdentityProviderByIdentifier GetLogDeliveryConfiguration GetProvisionedLimit GetSigningCertificate GetUICustomization
		ListGroups ListIdentityProviders ListResourceServers ListTagsForResource ListTerms ListUserImportJobs
		ListUserPoolReplicas`,
	userpool.CategoryPoolResourceUpdate: `CreateGroup CreateIdentityProvider CreateManagedLoginBranding CreateResourceServer CreateTerms CreateUserImportJob
		CreateUserPoolDomain CreateUserPoolReplica DeleteGroup DeleteIdentityProvider DeleteManagedLoginBranding
		DeleteResourceServer DeleteTerms DeleteUserPoolDomain DeleteUserPoolReplica SetLogDeliveryConfiguration
		SetRiskConfiguration SetUICustomization StartUserImportJob StopUserImportJob TagResource UntagResource UpdateGroup
		UpdateIdentityProvider UpdateManagedLoginBranding UpdateProvisionedLimit UpdateResourceServer UpdateTerms
		UpdateUserPoolDomain UpdateUserPoolReplica`,
	userpool.CategoryPoolClientRead:   `DescribeUserPoolClient ListUserPoolClientSecrets ListUserPoolClients`,
	userpool.CategoryPoolClientUpdate: `AddUserPoolClientSecret CreateUserPoolClient DeleteUserPoolClient DeleteUserPoolClientSecret UpdateUserPoolClient`,
})

// byOperation turns names of operations by category into the opposite.
func byOperation(all map[userpool.Category]string) map[string]userpool.Category {
	out := map[string]userpool.Category{}
	for c, names := range all {
		for _, op := range strings.Fields(names) {
			out[op] = c
		}
	}
	return out
}
