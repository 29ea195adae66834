package cognitoidp_test

import (
	"testing"
	"time"

	idp "github.com/poolhouse/poolhouse/userpool/cognitoidp"
)

// trackingDesk is a pool that tracks devices, with an access token of bob and the
// key of a device that he confirmed.
func trackingDesk(t testing.TB, onPrompt bool) (d *desk, pool, client, token, key *string) {
	t.Helper()
	d = newDesk(t)
	p := d.pool(idp.CreateUserPoolInput{DeviceConfiguration: &idp.DeviceConfigurationType{
		ChallengeRequiredOnNewDevice: ptr(true), DeviceOnlyRememberedOnUserPrompt: &onPrompt}})
	if c := p.DeviceConfiguration; c == nil || !*c.ChallengeRequiredOnNewDevice || *c.DeviceOnlyRememberedOnUserPrompt != onPrompt {
		t.Fatalf("%+v", p.DeviceConfiguration)
	}
	c := d.client(p, idp.CreateUserPoolClientInput{ExplicitAuthFlows: []string{"ALLOW_USER_PASSWORD_AUTH", "ALLOW_ADMIN_USER_PASSWORD_AUTH", "ALLOW_REFRESH_TOKEN_AUTH"}})
	ok[*idp.AdminCreateUserOutput](d)(d.AdminCreateUser(d.Context(), &idp.AdminCreateUserInput{UserPoolId: p.Id, Username: ptr("bob"), MessageAction: ptr("SUPPRESS")}))
	ok[*idp.AdminSetUserPasswordOutput](d)(d.AdminSetUserPassword(d.Context(), &idp.AdminSetUserPasswordInput{UserPoolId: p.Id, Username: ptr("bob"),
		Password: ptr(password), Permanent: ptr(true)}))
	d.clock.Advance(time.Second)
	r := d.begin(c.ClientId).AuthenticationResult
	confirmed := ok[*idp.ConfirmDeviceOutput](t)(d.ConfirmDevice(t.Context(), confirmation(r.AccessToken, r.NewDeviceMetadata.DeviceKey)))
	same(t, "asks", *confirmed.UserConfirmationNecessary, onPrompt)
	return d, p.Id, c.ClientId, r.AccessToken, r.NewDeviceMetadata.DeviceKey
}

func confirmation(token, key *string) *idp.ConfirmDeviceInput {
	return &idp.ConfirmDeviceInput{AccessToken: token, DeviceKey: key, DeviceName: ptr("phone"),
		DeviceSecretVerifierConfig: &idp.DeviceSecretVerifierConfigType{Salt: ptr("ANGl4MSz8pGAcGBQQDAgEP8="), PasswordVerifier: ptr("AQID")}}
}

func attributesOf(d *idp.DeviceType) map[string]string {
	m := map[string]string{}
	for _, a := range d.DeviceAttributes {
		m[*a.Name] = *a.Value
	}
	return m
}

func TestDeviceOperations(t *testing.T) {
	d, pool, _, token, key := trackingDesk(t, true)
	own := ok[*idp.GetDeviceOutput](t)(d.GetDevice(t.Context(), &idp.GetDeviceInput{AccessToken: token, DeviceKey: key})).Device
	if a := attributesOf(own); a["device_name"] != "phone" || a["device_status"] != "valid" || a["dev:device_arn"] != "" {
		t.Errorf("%v", a)
	}
	status := func() string {
		out := ok[*idp.AdminGetDeviceOutput](t)(d.AdminGetDevice(t.Context(), &idp.AdminGetDeviceInput{UserPoolId: pool, Username: ptr("bob"), DeviceKey: key}))
		return attributesOf(out.Device)["dev:device_remembered_status"]
	}
	same(t, "before the user is asked", status(), "not_remembered")
	ok[*idp.UpdateDeviceStatusOutput](t)(d.UpdateDeviceStatus(t.Context(), &idp.UpdateDeviceStatusInput{AccessToken: token, DeviceKey: key, DeviceRememberedStatus: ptr("remembered")}))
	same(t, "after", status(), "remembered")
	ok[*idp.AdminUpdateDeviceStatusOutput](t)(d.AdminUpdateDeviceStatus(t.Context(), &idp.AdminUpdateDeviceStatusInput{UserPoolId: pool, Username: ptr("bob"),
		DeviceKey: key, DeviceRememberedStatus: ptr("not_remembered")}))
	same(t, "by an administrator", status(), "not_remembered")

	same(t, "devices", len(ok[*idp.ListDevicesOutput](t)(d.ListDevices(t.Context(), &idp.ListDevicesInput{AccessToken: token})).Devices), 1)
	same(t, "devices", len(ok[*idp.AdminListDevicesOutput](t)(d.AdminListDevices(t.Context(), &idp.AdminListDevicesInput{UserPoolId: pool, Username: ptr("bob")})).Devices), 1)
	ok[*idp.ForgetDeviceOutput](t)(d.ForgetDevice(t.Context(), &idp.ForgetDeviceInput{AccessToken: token, DeviceKey: key}))
	_, err := d.GetDevice(t.Context(), &idp.GetDeviceInput{AccessToken: token, DeviceKey: key})
	refused(t, err, "ResourceNotFoundException", "Device does not exist.")
	_, err = d.AdminForgetDevice(t.Context(), &idp.AdminForgetDeviceInput{UserPoolId: pool, Username: ptr("bob"), DeviceKey: key})
	refused(t, err, "ResourceNotFoundException", "Device does not exist.")
}

func TestDeviceRefusals(t *testing.T) {
	d, pool, client, token, key := trackingDesk(t, false)
	_, err := d.ConfirmDevice(t.Context(), confirmation(token, key))
	refused(t, err, "DeviceKeyExistsException", "")
	_, err = d.ConfirmDevice(t.Context(), confirmation(token, ptr("us-east-1_0d9f3b6a-7c1e-4f52-9a80-1b2c3d4e5f60")))
	refused(t, err, "InvalidParameterException", "Invalid device key given.")
	_, err = d.GetDevice(t.Context(), &idp.GetDeviceInput{DeviceKey: key})
	refused(t, err, "InvalidParameterException", "Missing required parameter AccessToken")
	_, err = d.AdminGetDevice(t.Context(), &idp.AdminGetDeviceInput{UserPoolId: pool, Username: ptr("nobody"), DeviceKey: key})
	refused(t, err, "ResourceNotFoundException", "User does not exist.")
	_, err = d.UpdateDeviceStatus(t.Context(), &idp.UpdateDeviceStatusInput{AccessToken: token, DeviceKey: key})
	refused(t, err, "InvalidParameterException", "Missing required parameter DeviceRememberedStatus")

	// A back end's sign-in is of no device.
	out := ok[*idp.AdminInitiateAuthOutput](t)(d.AdminInitiateAuth(t.Context(), &idp.AdminInitiateAuthInput{UserPoolId: pool, ClientId: client, AuthFlow: ptr("ADMIN_USER_PASSWORD_AUTH"),
		AuthParameters: map[string]string{"USERNAME": "bob", "PASSWORD": password}}))
	if out.AuthenticationResult.NewDeviceMetadata != nil {
		t.Error("a back end got a device")
	}
	ok[*idp.GetTokensFromRefreshTokenOutput](t)(d.GetTokensFromRefreshToken(t.Context(), &idp.GetTokensFromRefreshTokenInput{ClientId: client, RefreshToken: out.AuthenticationResult.RefreshToken}))
	own := d.begin(client).AuthenticationResult
	_, err = d.GetTokensFromRefreshToken(t.Context(), &idp.GetTokensFromRefreshTokenInput{ClientId: client, RefreshToken: own.RefreshToken, DeviceKey: key})
	refused(t, err, "NotAuthorizedException", "Invalid Refresh Token.")

	_, untracked := d.mfaPool("OPTIONAL")
	r := d.begin(untracked).AuthenticationResult
	if r.NewDeviceMetadata != nil {
		t.Error("a device where none are tracked")
	}
	_, err = d.ConfirmDevice(t.Context(), confirmation(r.AccessToken, key))
	refused(t, err, "InvalidUserPoolConfigurationException", "")
}
