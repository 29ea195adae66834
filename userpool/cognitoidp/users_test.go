package cognitoidp_test

import (
	"testing"

	"github.com/poolhouse/poolhouse/userpool"
	idp "github.com/poolhouse/poolhouse/userpool/cognitoidp"
)

func attribute(name, value string) idp.AttributeType {
	return idp.AttributeType{Name: &name, Value: &value}
}

func TestAdminUserLife(t *testing.T) {
	d := newDesk(t)
	p := d.pool(idp.CreateUserPoolInput{})
	made := ok[*idp.AdminCreateUserOutput](t)(d.AdminCreateUser(t.Context(), &idp.AdminCreateUserInput{UserPoolId: p.Id, Username: ptr("bob"),
		MessageAction: ptr("SUPPRESS"), UserAttributes: []idp.AttributeType{attribute("name", "Bob"), attribute("email", "b@example.com")}})).User
	same(t, "status", *made.UserStatus, "FORCE_CHANGE_PASSWORD")
	same(t, "first attribute", *made.Attributes[0].Name, "sub")
	_, err := d.AdminCreateUser(t.Context(), &idp.AdminCreateUserInput{UserPoolId: p.Id, Username: ptr("bob")})
	refused(t, err, "UsernameExistsException", "User account already exists")

	get := func() *idp.AdminGetUserOutput {
		t.Helper()
		return ok[*idp.AdminGetUserOutput](t)(d.AdminGetUser(t.Context(), &idp.AdminGetUserInput{UserPoolId: p.Id, Username: made.Attributes[0].Value}))
	}
	ok[*idp.AdminSetUserPasswordOutput](t)(d.AdminSetUserPassword(t.Context(), &idp.AdminSetUserPasswordInput{UserPoolId: p.Id, Username: ptr("bob"), Password: ptr(password), Permanent: ptr(true)}))
	same(t, "status", *get().UserStatus, "CONFIRMED")
	ok[*idp.AdminDisableUserOutput](t)(d.AdminDisableUser(t.Context(), &idp.AdminDisableUserInput{UserPoolId: p.Id, Username: ptr("bob")}))
	same(t, "enabled", *get().Enabled, false)
	list := ok[*idp.ListUsersOutput](t)(d.ListUsers(t.Context(), &idp.ListUsersInput{UserPoolId: p.Id, Filter: ptr(`status = "Disabled"`), AttributesToGet: []string{"email"}}))
	same(t, "listed", len(list.Users), 1)
	same(t, "attributes to get", len(list.Users[0].Attributes), 1)
	ok[*idp.AdminEnableUserOutput](t)(d.AdminEnableUser(t.Context(), &idp.AdminEnableUserInput{UserPoolId: p.Id, Username: ptr("bob")}))
	ok[*idp.AdminUpdateUserAttributesOutput](t)(d.AdminUpdateUserAttributes(t.Context(), &idp.AdminUpdateUserAttributesInput{UserPoolId: p.Id, Username: ptr("bob"),
		UserAttributes: []idp.AttributeType{attribute("email", "c@example.com"), attribute("email_verified", "true")}}))
	ok[*idp.AdminDeleteUserAttributesOutput](t)(d.AdminDeleteUserAttributes(t.Context(), &idp.AdminDeleteUserAttributesInput{UserPoolId: p.Id, Username: ptr("bob"), UserAttributeNames: []string{"name"}}))
	same(t, "attributes", len(get().UserAttributes), 3)
	ok[*idp.AdminResetUserPasswordOutput](t)(d.AdminResetUserPassword(t.Context(), &idp.AdminResetUserPasswordInput{UserPoolId: p.Id, Username: ptr("bob")}))
	same(t, "status", *get().UserStatus, "RESET_REQUIRED")
	ok[*idp.AdminDeleteUserOutput](t)(d.AdminDeleteUser(t.Context(), &idp.AdminDeleteUserInput{UserPoolId: p.Id, Username: ptr("bob")}))
	_, err = d.AdminGetUser(t.Context(), &idp.AdminGetUserInput{UserPoolId: p.Id, Username: ptr("bob")})
	refused(t, err, "UserNotFoundException", "User does not exist.")
	_, err = d.ListUsers(t.Context(), &idp.ListUsersInput{UserPoolId: p.Id, Filter: ptr(`x`)})
	refused(t, err, "InvalidParameterException", "Error while parsing filter.")
}

func TestSecretHash(t *testing.T) {
	d := newDesk(t)
	p := d.pool(idp.CreateUserPoolInput{})
	c := d.client(p, idp.CreateUserPoolClientInput{GenerateSecret: ptr(true)})
	try := func(hash *string) error {
		_, err := d.SignUp(t.Context(), &idp.SignUpInput{ClientId: c.ClientId, SecretHash: hash, Username: ptr("bob"), Password: ptr(password)})
		return err
	}
	refused(t, try(nil), "NotAuthorizedException", "is configured with secret but SECRET_HASH was not received")
	refused(t, try(ptr("AAAA")), "NotAuthorizedException", "Unable to verify secret hash for client "+*c.ClientId)
	hash := userpool.SecretHash(*c.ClientSecret, userpool.ClientID(*c.ClientId), "bob")
	if err := try(&hash); err != nil {
		t.Fatal(err)
	}
	_, err := d.ForgotPassword(t.Context(), &idp.ForgotPasswordInput{ClientId: ptr("nosuchclient"), Username: ptr("bob")})
	refused(t, err, "ResourceNotFoundException", "User pool client nosuchclient does not exist.")
}

// TestUserStory signs up, confirms, signs in, changes everything, forgets the
// password and leaves.
func TestUserStory(t *testing.T) {
	d := newDesk(t)
	p := d.pool(idp.CreateUserPoolInput{AutoVerifiedAttributes: []string{"email"}})
	c := d.client(p, idp.CreateUserPoolClientInput{ExplicitAuthFlows: []string{"ALLOW_USER_PASSWORD_AUTH", "ALLOW_REFRESH_TOKEN_AUTH"}})
	bob := ptr("bob")
	up := ok[*idp.SignUpOutput](t)(d.SignUp(t.Context(), &idp.SignUpInput{ClientId: c.ClientId, Username: bob, Password: ptr(password),
		UserAttributes: []idp.AttributeType{attribute("email", "b@example.com")}}))
	same(t, "confirmed", *up.UserConfirmed, false)
	same(t, "destination", *up.CodeDeliveryDetails.Destination, "b***@e***")
	ok[*idp.ResendConfirmationCodeOutput](t)(d.ResendConfirmationCode(t.Context(), &idp.ResendConfirmationCodeInput{ClientId: c.ClientId, Username: bob}))
	ok[*idp.ConfirmSignUpOutput](t)(d.ConfirmSignUp(t.Context(), &idp.ConfirmSignUpInput{ClientId: c.ClientId, Username: bob, ConfirmationCode: d.code()}))
	token := d.signIn(c, "bob", password)

	sent := ok[*idp.UpdateUserAttributesOutput](t)(d.UpdateUserAttributes(t.Context(), &idp.UpdateUserAttributesInput{AccessToken: token,
		UserAttributes: []idp.AttributeType{attribute("email", "new@example.com"), attribute("nickname", "B")}}))
	same(t, "codes", len(sent.CodeDeliveryDetailsList), 1)
	ok[*idp.GetUserAttributeVerificationCodeOutput](t)(d.GetUserAttributeVerificationCode(t.Context(), &idp.GetUserAttributeVerificationCodeInput{AccessToken: token, AttributeName: ptr("email")}))
	ok[*idp.VerifyUserAttributeOutput](t)(d.VerifyUserAttribute(t.Context(), &idp.VerifyUserAttributeInput{AccessToken: token, AttributeName: ptr("email"), Code: d.code()}))
	ok[*idp.DeleteUserAttributesOutput](t)(d.DeleteUserAttributes(t.Context(), &idp.DeleteUserAttributesInput{AccessToken: token, UserAttributeNames: []string{"nickname"}}))
	ok[*idp.ChangePasswordOutput](t)(d.ChangePassword(t.Context(), &idp.ChangePasswordInput{AccessToken: token, PreviousPassword: ptr(password), ProposedPassword: ptr("Second-Horse2")}))
	ok[*idp.ForgotPasswordOutput](t)(d.ForgotPassword(t.Context(), &idp.ForgotPasswordInput{ClientId: c.ClientId, Username: bob}))
	ok[*idp.ConfirmForgotPasswordOutput](t)(d.ConfirmForgotPassword(t.Context(), &idp.ConfirmForgotPasswordInput{ClientId: c.ClientId, Username: bob, ConfirmationCode: d.code(), Password: ptr("Third-Horse3")}))
	d.signIn(c, "bob", "Third-Horse3")

	ok[*idp.AdminUserGlobalSignOutOutput](t)(d.AdminUserGlobalSignOut(t.Context(), &idp.AdminUserGlobalSignOutInput{UserPoolId: p.Id, Username: bob}))
	_, err := d.DeleteUser(t.Context(), &idp.DeleteUserInput{AccessToken: token})
	refused(t, err, "NotAuthorizedException", "Access Token has been revoked")
	d.clock.Advance(1e9)
	token = d.signIn(c, "bob", "Third-Horse3")
	ok[*idp.DeleteUserOutput](t)(d.DeleteUser(t.Context(), &idp.DeleteUserInput{AccessToken: token}))
	_, err = d.ChangePassword(t.Context(), &idp.ChangePasswordInput{AccessToken: token, PreviousPassword: ptr("Third-Horse3"), ProposedPassword: ptr(password)})
	if err == nil {
		t.Fatal("a deleted user changed the password")
	}
}

func (d *desk) signIn(c *idp.UserPoolClientType, name, password string) *string {
	d.Helper()
	out := ok[*idp.InitiateAuthOutput](d)(d.InitiateAuth(d.Context(), &idp.InitiateAuthInput{ClientId: c.ClientId, AuthFlow: ptr("USER_PASSWORD_AUTH"),
		AuthParameters: map[string]string{"USERNAME": name, "PASSWORD": password}}))
	return out.AuthenticationResult.AccessToken
}

func TestProfileRefusesForgedTokens(t *testing.T) {
	d := newDesk(t)
	for name, err := range map[string]error{
		"UpdateUserAttributes":             second(d.UpdateUserAttributes(t.Context(), &idp.UpdateUserAttributesInput{AccessToken: ptr("a.b.c")})),
		"DeleteUserAttributes":             second(d.DeleteUserAttributes(t.Context(), &idp.DeleteUserAttributesInput{AccessToken: ptr("a.b.c")})),
		"DeleteUser":                       second(d.DeleteUser(t.Context(), &idp.DeleteUserInput{AccessToken: ptr("a.b.c")})),
		"ChangePassword":                   second(d.ChangePassword(t.Context(), &idp.ChangePasswordInput{AccessToken: ptr("a.b.c"), ProposedPassword: ptr(password)})),
		"VerifyUserAttribute":              second(d.VerifyUserAttribute(t.Context(), &idp.VerifyUserAttributeInput{AccessToken: ptr("a.b.c"), AttributeName: ptr("email"), Code: ptr("1")})),
		"GetUserAttributeVerificationCode": second(d.GetUserAttributeVerificationCode(t.Context(), &idp.GetUserAttributeVerificationCodeInput{AccessToken: ptr("a.b.c"), AttributeName: ptr("email")})),
	} {
		t.Run(name, func(t *testing.T) { refused(t, err, "NotAuthorizedException", "Invalid Access Token") })
	}
}

func second[T any](_ T, err error) error { return err }

func TestGroups(t *testing.T) {
	d := newDesk(t)
	p := d.pool(idp.CreateUserPoolInput{})
	g := ok[*idp.CreateGroupOutput](t)(d.CreateGroup(t.Context(), &idp.CreateGroupInput{UserPoolId: p.Id, GroupName: ptr("g"), Precedence: ptr(int32(0)), Description: ptr("d")})).Group
	same(t, "precedence", *g.Precedence, 0)
	_, err := d.CreateGroup(t.Context(), &idp.CreateGroupInput{UserPoolId: p.Id, GroupName: ptr("g")})
	refused(t, err, "GroupExistsException", "")
	g = ok[*idp.UpdateGroupOutput](t)(d.UpdateGroup(t.Context(), &idp.UpdateGroupInput{UserPoolId: p.Id, GroupName: ptr("g"), RoleArn: ptr("arn:aws:iam::000000000000:role/r")})).Group
	same(t, "kept description", *g.Description, "d")
	ok[*idp.AdminCreateUserOutput](t)(d.AdminCreateUser(t.Context(), &idp.AdminCreateUserInput{UserPoolId: p.Id, Username: ptr("bob")}))
	ok[*idp.AdminAddUserToGroupOutput](t)(d.AdminAddUserToGroup(t.Context(), &idp.AdminAddUserToGroupInput{UserPoolId: p.Id, GroupName: ptr("g"), Username: ptr("bob")}))
	mine := ok[*idp.AdminListGroupsForUserOutput](t)(d.AdminListGroupsForUser(t.Context(), &idp.AdminListGroupsForUserInput{UserPoolId: p.Id, Username: ptr("bob")}))
	same(t, "groups", *mine.Groups[0].RoleArn, "arn:aws:iam::000000000000:role/r")
	members := ok[*idp.ListUsersInGroupOutput](t)(d.ListUsersInGroup(t.Context(), &idp.ListUsersInGroupInput{UserPoolId: p.Id, GroupName: ptr("g")}))
	same(t, "members", *members.Users[0].Username, "bob")
	ok[*idp.AdminRemoveUserFromGroupOutput](t)(d.AdminRemoveUserFromGroup(t.Context(), &idp.AdminRemoveUserFromGroupInput{UserPoolId: p.Id, GroupName: ptr("g"), Username: ptr("bob")}))
	ok[*idp.DeleteGroupOutput](t)(d.DeleteGroup(t.Context(), &idp.DeleteGroupInput{UserPoolId: p.Id, GroupName: ptr("g")}))
	_, err = d.GetGroup(t.Context(), &idp.GetGroupInput{UserPoolId: p.Id, GroupName: ptr("g")})
	refused(t, err, "ResourceNotFoundException", "Group not found.")
	list := ok[*idp.ListGroupsOutput](t)(d.ListGroups(t.Context(), &idp.ListGroupsInput{UserPoolId: p.Id}))
	same(t, "groups", len(list.Groups), 0)
}
