package cognitoidp

import (
	"slices"

	"github.com/poolhouse/poolhouse/internal/awsapi"
)

// Ops lists the operations served, by resource.
func (a *API) Ops() []awsapi.Op {
	ops := slices.Concat(a.poolOps(), a.userOps(), a.accountOps(), a.authOps(), a.mfaOps(), a.deviceOps(), a.passkeyOps(), a.secretOps(),
		a.brandingOps(), a.termsOps(), a.providerOps(), a.replicaOps(), a.importOps(), a.riskOps(), a.logOps(), a.limitOps())
	for i := range ops {
		ops[i] = ops[i].Before(a.inRegion).Before(forTriggers)
	}
	return ops
}

// poolOps are the operations on pools and what they are made of.
func (a *API) poolOps() []awsapi.Op {
	return []awsapi.Op{
		awsapi.Func("AddCustomAttributes", awsapi.SigV4, a.AddCustomAttributes),
		awsapi.Func("CreateUserPool", awsapi.SigV4, a.CreateUserPool),
		awsapi.Func("DeleteUserPool", awsapi.SigV4, a.DeleteUserPool),
		awsapi.Func("DescribeUserPool", awsapi.SigV4, a.DescribeUserPool),
		awsapi.Func("ListUserPools", awsapi.SigV4, a.ListUserPools),
		awsapi.Func("UpdateUserPool", awsapi.SigV4, a.UpdateUserPool),

		awsapi.Func("ListTagsForResource", awsapi.SigV4, a.ListTagsForResource),
		awsapi.Func("TagResource", awsapi.SigV4, a.TagResource),
		awsapi.Func("UntagResource", awsapi.SigV4, a.UntagResource),

		awsapi.Func("CreateUserPoolDomain", awsapi.SigV4, a.CreateUserPoolDomain),
		awsapi.Func("DeleteUserPoolDomain", awsapi.SigV4, a.DeleteUserPoolDomain),
		awsapi.Func("DescribeUserPoolDomain", awsapi.SigV4, a.DescribeUserPoolDomain),
		awsapi.Func("UpdateUserPoolDomain", awsapi.SigV4, a.UpdateUserPoolDomain),

		awsapi.Func("CreateUserPoolClient", awsapi.SigV4, a.CreateUserPoolClient),
		awsapi.Func("DeleteUserPoolClient", awsapi.SigV4, a.DeleteUserPoolClient),
		awsapi.Func("DescribeUserPoolClient", awsapi.SigV4, a.DescribeUserPoolClient),
		awsapi.Func("ListUserPoolClients", awsapi.SigV4, a.ListUserPoolClients),
		awsapi.Func("UpdateUserPoolClient", awsapi.SigV4, a.UpdateUserPoolClient),

		awsapi.Func("CreateResourceServer", awsapi.SigV4, a.CreateResourceServer),
		awsapi.Func("DeleteResourceServer", awsapi.SigV4, a.DeleteResourceServer),
		awsapi.Func("DescribeResourceServer", awsapi.SigV4, a.DescribeResourceServer),
		awsapi.Func("ListResourceServers", awsapi.SigV4, a.ListResourceServers),
		awsapi.Func("UpdateResourceServer", awsapi.SigV4, a.UpdateResourceServer),
	}
}

// userOps are an administrator's operations on users and groups.
func (a *API) userOps() []awsapi.Op {
	return []awsapi.Op{
		awsapi.Func("AdminConfirmSignUp", awsapi.SigV4, a.AdminConfirmSignUp),
		awsapi.Func("AdminCreateUser", awsapi.SigV4, a.AdminCreateUser),
		awsapi.Func("AdminDeleteUser", awsapi.SigV4, a.AdminDeleteUser),
		awsapi.Func("AdminDeleteUserAttributes", awsapi.SigV4, a.AdminDeleteUserAttributes),
		awsapi.Func("AdminDisableUser", awsapi.SigV4, a.AdminDisableUser),
		awsapi.Func("AdminEnableUser", awsapi.SigV4, a.AdminEnableUser),
		awsapi.Func("AdminGetUser", awsapi.SigV4, a.AdminGetUser),
		awsapi.Func("AdminResetUserPassword", awsapi.SigV4, a.AdminResetUserPassword),
		awsapi.Func("AdminSetUserPassword", awsapi.SigV4, a.AdminSetUserPassword),
		awsapi.Func("AdminUpdateUserAttributes", awsapi.SigV4, a.AdminUpdateUserAttributes),
		awsapi.Func("AdminUserGlobalSignOut", awsapi.SigV4, a.AdminUserGlobalSignOut),
		awsapi.Func("ListUsers", awsapi.SigV4, a.ListUsers),

		awsapi.Func("AdminAddUserToGroup", awsapi.SigV4, a.AdminAddUserToGroup),
		awsapi.Func("AdminListGroupsForUser", awsapi.SigV4, a.AdminListGroupsForUser),
		awsapi.Func("AdminRemoveUserFromGroup", awsapi.SigV4, a.AdminRemoveUserFromGroup),
		awsapi.Func("CreateGroup", awsapi.SigV4, a.CreateGroup),
		awsapi.Func("DeleteGroup", awsapi.SigV4, a.DeleteGroup),
		awsapi.Func("GetGroup", awsapi.SigV4, a.GetGroup),
		awsapi.Func("ListGroups", awsapi.SigV4, a.ListGroups),
		awsapi.Func("ListUsersInGroup", awsapi.SigV4, a.ListUsersInGroup),
		awsapi.Func("UpdateGroup", awsapi.SigV4, a.UpdateGroup),
	}
}

// accountOps are those of people on their own accounts.
func (a *API) accountOps() []awsapi.Op {
	return []awsapi.Op{
		awsapi.Func("ConfirmForgotPassword", awsapi.Public, a.ConfirmForgotPassword),
		awsapi.Func("ConfirmSignUp", awsapi.Public, a.ConfirmSignUp),
		awsapi.Func("ForgotPassword", awsapi.Public, a.ForgotPassword),
		awsapi.Func("ResendConfirmationCode", awsapi.Public, a.ResendConfirmationCode),
		awsapi.Func("SignUp", awsapi.Public, a.SignUp),

		awsapi.Func("ChangePassword", awsapi.AccessToken, a.ChangePassword),
		awsapi.Func("DeleteUser", awsapi.AccessToken, a.DeleteUser),
		awsapi.Func("DeleteUserAttributes", awsapi.AccessToken, a.DeleteUserAttributes),
		awsapi.Func("GetUserAttributeVerificationCode", awsapi.AccessToken, a.GetUserAttributeVerificationCode),
		awsapi.Func("UpdateUserAttributes", awsapi.AccessToken, a.UpdateUserAttributes),
		awsapi.Func("VerifyUserAttribute", awsapi.AccessToken, a.VerifyUserAttribute),
	}
}
