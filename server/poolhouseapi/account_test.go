package poolhouseapi_test

import (
	"context"
	"log/slog"
	"testing"
	"time"

	"github.com/poolhouse/poolhouse/internal/awsapi"
	"github.com/poolhouse/poolhouse/internal/ephemeral/ephemeraltest"
	"github.com/poolhouse/poolhouse/internal/keyring/keyringtest"
	"github.com/poolhouse/poolhouse/internal/totp"
	"github.com/poolhouse/poolhouse/server/poolhouseapi"
	"github.com/poolhouse/poolhouse/store/sqlstore/sqlstoretest"
	"github.com/poolhouse/poolhouse/sts"
	"github.com/poolhouse/poolhouse/sts/stsapi"
)

const accountID = "000000000000"

// accountAPI is the API over an account with the user ann.
func accountAPI(t *testing.T) *poolhouseapi.API {
	t.Helper()
	ring := keyringtest.New(t)
	s := &sts.Service{Store: sqlstoretest.SQLite(t, time.Now).STS(ring), Ephemeral: ephemeraltest.New(time.Now), Keys: ring, SAML: stsapi.SAML{},
		Now: time.Now, Log: slog.New(slog.DiscardHandler), Region: "us-east-1", Account: accountID, PublicURL: "http://127.0.0.1"}
	if err := s.CreateUser(context.Background(), &sts.User{Name: "ann"}); err != nil {
		t.Fatal(err)
	}
	return &poolhouseapi.API{STS: s, Region: "us-east-1", Account: accountID}
}

// wantAccountError checks the code that an error has on the wire.
func wantAccountError(t *testing.T, what string, err error, code string) {
	t.Helper()
	if e, ok := poolhouseapi.Errors.Find(err); !ok || e.Code != code {
		t.Errorf("%s: got %v, want %s", what, err, code)
	}
}

func TestAccountSettings(t *testing.T) {
	a, ctx := accountAPI(t), t.Context()
	got, err := a.DescribeAccountSettings(ctx, &poolhouseapi.DescribeAccountSettingsInput{})
	if err != nil || *got.Settings.OutboundWebIdentityFederation || len(got.Settings.DisabledRegions) > 0 ||
		*got.Settings.OutboundWebIdentityFederationIssuer != "http://127.0.0.1/sts/"+accountID {
		t.Errorf("at first: %+v %v", got, err)
	}
	_, err = a.UpdateAccountSettings(ctx, &poolhouseapi.UpdateAccountSettingsInput{DisabledRegions: []string{"us-east-1"}})
	wantAccountError(t, "the server's own region", err, "InvalidParameterException")
	if _, err := a.UpdateAccountSettings(ctx, &poolhouseapi.UpdateAccountSettingsInput{DisabledRegions: []string{"eu-west-1"}}); err != nil {
		t.Fatal(err)
	}
	out, err := a.UpdateAccountSettings(ctx, &poolhouseapi.UpdateAccountSettingsInput{OutboundWebIdentityFederation: awsapi.Ptr(true)})
	if err != nil || !*out.Settings.OutboundWebIdentityFederation || len(out.Settings.DisabledRegions) != 1 {
		t.Errorf("what was left out is lost: %+v %v", out, err)
	}
}

func TestMFADevices(t *testing.T) {
	a, ctx := accountAPI(t), t.Context()
	ann := awsapi.Ptr("ann")
	_, err := a.CreateMfaDevice(ctx, &poolhouseapi.CreateMfaDeviceInput{UserName: awsapi.Ptr("nobody")})
	wantAccountError(t, "nobody's device", err, "ResourceNotFoundException")
	d, err := a.CreateMfaDevice(ctx, &poolhouseapi.CreateMfaDeviceInput{UserName: ann})
	if err != nil || *d.SerialNumber != "arn:aws:iam::"+accountID+":mfa/ann" || len(d.QrCode) == 0 {
		t.Fatalf("device %+v %v", d, err)
	}
	enable := &poolhouseapi.EnableMfaDeviceInput{UserName: ann, SerialNumber: d.SerialNumber, FirstCode: awsapi.Ptr("000000"), SecondCode: awsapi.Ptr("000001")}
	_, err = a.EnableMfaDevice(ctx, enable)
	wantAccountError(t, "wrong codes", err, "InvalidParameterException")
	stored, err := a.STS.Store.MFADevices().Get(ctx, accountID, "ann")
	if err != nil {
		t.Fatal(err)
	}
	for i, to := range []**string{&enable.FirstCode, &enable.SecondCode} {
		code, err := totp.Code(stored.Secret, time.Now().Unix()/30-1+int64(i))
		if err != nil {
			t.Fatal(err)
		}
		*to = &code
	}
	if _, err := a.EnableMfaDevice(ctx, enable); err != nil {
		t.Fatal(err)
	}
	_, err = a.CreateMfaDevice(ctx, &poolhouseapi.CreateMfaDeviceInput{UserName: ann})
	wantAccountError(t, "a second one of the name", err, "ResourceConflictException")
	list, err := a.ListMfaDevices(ctx, &poolhouseapi.ListMfaDevicesInput{UserName: ann})
	if err != nil || len(list.Devices) != 1 || *list.Devices[0].SerialNumber != *d.SerialNumber {
		t.Errorf("list %+v %v", list, err)
	}
	gone := &poolhouseapi.DeleteMfaDeviceInput{UserName: ann, SerialNumber: d.SerialNumber}
	if _, err := a.DeleteMfaDevice(ctx, gone); err != nil {
		t.Error(err)
	}
	_, err = a.DeleteMfaDevice(ctx, gone)
	wantAccountError(t, "deleted twice", err, "ResourceNotFoundException")
}

// What permission is asked for names the account, the user or the role.
func TestAccountResources(t *testing.T) {
	resource := accountAPI(t).Service().Resource
	const base, role = "arn:aws:poolhouse:us-east-1:" + accountID + ":", "arn:aws:iam::" + accountID + ":role/r"
	ann := awsapi.Ptr("ann")
	for want, in := range map[string][]any{
		base + "account":  {&poolhouseapi.DescribeAccountSettingsInput{}, &poolhouseapi.UpdateAccountSettingsInput{}},
		base + "user/ann": {&poolhouseapi.CreateMfaDeviceInput{UserName: ann}, &poolhouseapi.EnableMfaDeviceInput{UserName: ann}, &poolhouseapi.ListMfaDevicesInput{UserName: ann}, &poolhouseapi.DeleteMfaDeviceInput{UserName: ann}},
		role:              {&poolhouseapi.CreateTradeInTokenInput{RoleArn: awsapi.Ptr(role)}},
	} {
		for _, one := range in {
			if got := resource("", one); got != want {
				t.Errorf("%T: %s, want %s", one, got, want)
			}
		}
	}
}

// A name in another case is the same user's or role's, and so asks for the same
// permission: else a policy that denies one of them would not.
func TestAccountResourcesIgnoreCase(t *testing.T) {
	a := accountAPI(t)
	const trust = `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Principal":{"Service":"s3.amazonaws.com"},"Action":"sts:AssumeRole"}}`
	if err := a.STS.CreateRole(t.Context(), &sts.Role{Name: "Guarded", Trust: trust}); err != nil {
		t.Fatal(err)
	}
	const base = "arn:aws:poolhouse:us-east-1:" + accountID + ":"
	ann, role := awsapi.Ptr("ANN"), awsapi.Ptr("guarded")
	for want, in := range map[string][]any{
		base + "user/ann": {&poolhouseapi.CreateMfaDeviceInput{UserName: ann}, &poolhouseapi.EnableMfaDeviceInput{UserName: ann},
			&poolhouseapi.ListMfaDevicesInput{UserName: ann}, &poolhouseapi.DeleteMfaDeviceInput{UserName: ann}},
		base + "role/Guarded": {&poolhouseapi.PutUpstreamRoleInput{RoleName: role}, &poolhouseapi.DescribeUpstreamRoleInput{RoleName: role},
			&poolhouseapi.DeleteUpstreamRoleInput{RoleName: role}},
	} {
		for _, one := range in {
			if got := a.Service().Resource("", one); got != want {
				t.Errorf("%T: %s, want %s", one, got, want)
			}
		}
	}
}
