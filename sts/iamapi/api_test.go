package iamapi_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"testing"
	"time"

	"github.com/poolhouse/poolhouse/internal/awsapi"
	"github.com/poolhouse/poolhouse/internal/ephemeral/ephemeraltest"
	"github.com/poolhouse/poolhouse/internal/keyring/keyringtest"
	"github.com/poolhouse/poolhouse/internal/totp"
	"github.com/poolhouse/poolhouse/store/sqlstore/sqlstoretest"
	"github.com/poolhouse/poolhouse/sts"
	"github.com/poolhouse/poolhouse/sts/iamapi"
	"github.com/poolhouse/poolhouse/sts/stsapi"
)

const (
	account = "000000000000"
	trust   = `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Principal":"*","Action":"sts:AssumeRole"}}`
	reading = `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"s3:Get*","Resource":"arn:aws:s3:::a b/*"}}`
)

var start = time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)

func newAPI(t *testing.T) *iamapi.API {
	now := func() time.Time { return start }
	ring := keyringtest.New(t)
	return &iamapi.API{STS: &sts.Service{Store: sqlstoretest.SQLite(t, now).STS(ring), Ephemeral: ephemeraltest.New(now), Keys: ring,
		SAML: stsapi.SAML{}, Now: now, Log: slog.New(slog.DiscardHandler), Region: "us-east-1", Account: account, PublicURL: "http://127.0.0.1:8080"}}
}

// call calls an operation that must succeed.
func call[In, Out any](t *testing.T, f func(context.Context, *In) (*Out, error), in *In) *Out {
	t.Helper()
	out, err := f(context.Background(), in)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// refuse calls an operation that must fail with a code.
func refuse[In, Out any](t *testing.T, f func(context.Context, *In) (*Out, error), in *In, code string) {
	t.Helper()
	_, err := f(context.Background(), in)
	if err == nil {
		t.Errorf("no error, want %s", code)
		return
	}
	if e, ok := iamapi.Errors.Find(err); !ok || e.Code != code {
		t.Errorf("got %v, want %s", err, code)
	}
}

var p = awsapi.Ptr[string]

func newRole(t *testing.T, a *iamapi.API, name string) *iamapi.Role {
	t.Helper()
	return call(t, a.CreateRole, &iamapi.CreateRoleInput{RoleName: p(name), Path: p("/team/"), AssumeRolePolicyDocument: p(trust),
		Description: p("d"), MaxSessionDuration: awsapi.Ptr(int32(7200)), Tags: []iamapi.Tag{{Key: p("Team"), Value: p("blue")}}}).Role
}

func TestRole(t *testing.T) {
	a := newAPI(t)
	newRole(t, a, "dev")
	r := call(t, a.GetRole, &iamapi.GetRoleInput{RoleName: p("dev")}).Role
	if *r.Arn != "arn:aws:iam::000000000000:role/team/dev" || *r.MaxSessionDuration != 7200 || *r.Description != "d" || len(r.Tags) != 1 {
		t.Errorf("got %+v", r)
	}
	if doc, err := url.PathUnescape(*r.AssumeRolePolicyDocument); err != nil || doc != trust || *r.AssumeRolePolicyDocument == trust {
		t.Errorf("document %q", *r.AssumeRolePolicyDocument)
	}
	refuse(t, a.CreateRole, &iamapi.CreateRoleInput{RoleName: p("DEV"), AssumeRolePolicyDocument: p(trust)}, "EntityAlreadyExists")
	refuse(t, a.CreateRole, &iamapi.CreateRoleInput{RoleName: p("x"), AssumeRolePolicyDocument: p("{}")}, "MalformedPolicyDocument")
	refuse(t, a.GetRole, &iamapi.GetRoleInput{RoleName: p("x")}, "NoSuchEntity")
	call(t, a.UpdateRole, &iamapi.UpdateRoleInput{RoleName: p("dev"), MaxSessionDuration: awsapi.Ptr(int32(3600))})
	call(t, a.UpdateRoleDescription, &iamapi.UpdateRoleDescriptionInput{RoleName: p("dev"), Description: p("new")})
	call(t, a.TagRole, &iamapi.TagRoleInput{RoleName: p("dev"), Tags: []iamapi.Tag{{Key: p("TEAM"), Value: p("red")}, {Key: p("a"), Value: p("")}}})
	call(t, a.UntagRole, &iamapi.UntagRoleInput{RoleName: p("dev"), TagKeys: []string{"A"}})
	tags := call(t, a.ListRoleTags, &iamapi.ListRoleTagsInput{RoleName: p("dev")}).Tags
	if len(tags) != 1 || *tags[0].Key != "TEAM" || *tags[0].Value != "red" {
		t.Errorf("tags %+v", tags)
	}
	if r = call(t, a.GetRole, &iamapi.GetRoleInput{RoleName: p("dev")}).Role; *r.MaxSessionDuration != 3600 || *r.Description != "new" {
		t.Errorf("got %+v", r)
	}
}

func TestRolePolicies(t *testing.T) {
	a := newAPI(t)
	newRole(t, a, "dev")
	call(t, a.PutRolePolicy, &iamapi.PutRolePolicyInput{RoleName: p("dev"), PolicyName: p("p"), PolicyDocument: p(reading)})
	got := call(t, a.GetRolePolicy, &iamapi.GetRolePolicyInput{RoleName: p("dev"), PolicyName: p("p")})
	if doc, err := url.PathUnescape(*got.PolicyDocument); err != nil || doc != reading {
		t.Errorf("document %q", *got.PolicyDocument)
	}
	refuse(t, a.DeleteRole, &iamapi.DeleteRoleInput{RoleName: p("dev")}, "DeleteConflict")
	m := call(t, a.CreatePolicy, &iamapi.CreatePolicyInput{PolicyName: p("m"), PolicyDocument: p(reading)}).Policy
	call(t, a.AttachRolePolicy, &iamapi.AttachRolePolicyInput{RoleName: p("dev"), PolicyArn: m.Arn})
	call(t, a.PutRolePermissionsBoundary, &iamapi.PutRolePermissionsBoundaryInput{RoleName: p("dev"), PermissionsBoundary: m.Arn})
	if list := call(t, a.ListAttachedRolePolicies, &iamapi.ListAttachedRolePoliciesInput{RoleName: p("dev")}).AttachedPolicies; len(list) != 1 || *list[0].PolicyName != "m" {
		t.Errorf("attached %+v", list)
	}
	if m = call(t, a.GetPolicy, &iamapi.GetPolicyInput{PolicyArn: m.Arn}).Policy; *m.AttachmentCount != 1 {
		t.Errorf("count %d", *m.AttachmentCount)
	}
	refuse(t, a.DeletePolicy, &iamapi.DeletePolicyInput{PolicyArn: m.Arn}, "DeleteConflict")
	call(t, a.DetachRolePolicy, &iamapi.DetachRolePolicyInput{RoleName: p("dev"), PolicyArn: m.Arn})
	refuse(t, a.DetachRolePolicy, &iamapi.DetachRolePolicyInput{RoleName: p("dev"), PolicyArn: m.Arn}, "NoSuchEntity")
	call(t, a.DeleteRolePermissionsBoundary, &iamapi.DeleteRolePermissionsBoundaryInput{RoleName: p("dev")})
	call(t, a.DeletePolicy, &iamapi.DeletePolicyInput{PolicyArn: m.Arn})
	call(t, a.DeleteRolePolicy, &iamapi.DeleteRolePolicyInput{RoleName: p("dev"), PolicyName: p("p")})
	call(t, a.DeleteRole, &iamapi.DeleteRoleInput{RoleName: p("dev")})
	refuse(t, a.AttachRolePolicy, &iamapi.AttachRolePolicyInput{RoleName: p("dev"), PolicyArn: m.Arn}, "NoSuchEntity")
}

func TestPages(t *testing.T) {
	a := newAPI(t)
	for i := range 5 {
		newRole(t, a, fmt.Sprintf("r%d", i))
		call(t, a.PutRolePolicy, &iamapi.PutRolePolicyInput{RoleName: p("r0"), PolicyName: p(fmt.Sprintf("p%d", i)), PolicyDocument: p(reading)})
	}
	var roles, policies []string
	in := &iamapi.ListRolesInput{MaxItems: awsapi.Ptr(int32(2)), PathPrefix: p("/team/")}
	for more := true; more; {
		out := call(t, a.ListRoles, in)
		for _, r := range out.Roles {
			roles = append(roles, *r.RoleName)
		}
		in.Marker, more = out.Marker, *out.IsTruncated
	}
	inline := &iamapi.ListRolePoliciesInput{RoleName: p("r0"), MaxItems: awsapi.Ptr(int32(2))}
	for more := true; more; {
		out := call(t, a.ListRolePolicies, inline)
		policies = append(policies, out.PolicyNames...)
		inline.Marker, more = out.Marker, *out.IsTruncated
	}
	if fmt.Sprint(roles, policies) != "[r0 r1 r2 r3 r4] [p0 p1 p2 p3 p4]" {
		t.Errorf("got %v %v", roles, policies)
	}
	refuse(t, a.ListRoles, &iamapi.ListRolesInput{Marker: p("%%")}, "ValidationError")
}

func TestPolicyVersions(t *testing.T) {
	a := newAPI(t)
	m := call(t, a.CreatePolicy, &iamapi.CreatePolicyInput{PolicyName: p("m"), PolicyDocument: p(reading)}).Policy
	v := call(t, a.CreatePolicyVersion, &iamapi.CreatePolicyVersionInput{PolicyArn: m.Arn, PolicyDocument: p(reading), SetAsDefault: awsapi.Ptr(true)}).PolicyVersion
	if *v.VersionId != "v2" || !*v.IsDefaultVersion {
		t.Errorf("got %+v", v)
	}
	call(t, a.SetDefaultPolicyVersion, &iamapi.SetDefaultPolicyVersionInput{PolicyArn: m.Arn, VersionId: p("v1")})
	call(t, a.DeletePolicyVersion, &iamapi.DeletePolicyVersionInput{PolicyArn: m.Arn, VersionId: p("v2")})
	refuse(t, a.GetPolicyVersion, &iamapi.GetPolicyVersionInput{PolicyArn: m.Arn, VersionId: p("v2")}, "NoSuchEntity")
	if list := call(t, a.ListPolicyVersions, &iamapi.ListPolicyVersionsInput{PolicyArn: m.Arn}).Versions; len(list) != 1 {
		t.Errorf("got %+v", list)
	}
	if list := call(t, a.ListPolicies, &iamapi.ListPoliciesInput{Scope: p("Local")}).Policies; len(list) != 1 {
		t.Errorf("got %+v", list)
	}
}

func TestUser(t *testing.T) {
	a := newAPI(t)
	call(t, a.CreateUser, &iamapi.CreateUserInput{UserName: p("ann"), Tags: []iamapi.Tag{{Key: p("a"), Value: p("b")}}})
	call(t, a.PutUserPolicy, &iamapi.PutUserPolicyInput{UserName: p("ann"), PolicyName: p("p"), PolicyDocument: p(reading)})
	if names := call(t, a.ListUserPolicies, &iamapi.ListUserPoliciesInput{UserName: p("ann")}).PolicyNames; len(names) != 1 {
		t.Errorf("got %v", names)
	}
	k := call(t, a.CreateAccessKey, &iamapi.CreateAccessKeyInput{UserName: p("ann")}).AccessKey
	call(t, a.UpdateAccessKey, &iamapi.UpdateAccessKeyInput{UserName: p("ann"), AccessKeyId: k.AccessKeyId, Status: p("Inactive")})
	list := call(t, a.ListAccessKeys, &iamapi.ListAccessKeysInput{UserName: p("ann")}).AccessKeyMetadata
	if len(list) != 1 || *list[0].Status != "Inactive" {
		t.Errorf("got %+v", list)
	}
	refuse(t, a.DeleteUser, &iamapi.DeleteUserInput{UserName: p("ann")}, "DeleteConflict")
	refuse(t, a.DeleteAccessKey, &iamapi.DeleteAccessKeyInput{UserName: p("ann"), AccessKeyId: p("AKIAAAAAAAAAAAAAAAAA")}, "NoSuchEntity")
	call(t, a.DeleteAccessKey, &iamapi.DeleteAccessKeyInput{UserName: p("ann"), AccessKeyId: k.AccessKeyId})
	call(t, a.DeleteUserPolicy, &iamapi.DeleteUserPolicyInput{UserName: p("ann"), PolicyName: p("p")})
	call(t, a.DeleteUser, &iamapi.DeleteUserInput{UserName: p("ann")})
	refuse(t, a.GetUser, &iamapi.GetUserInput{UserName: p("ann")}, "NoSuchEntity")
	refuse(t, a.GetUser, &iamapi.GetUserInput{}, "ValidationError") // nobody called
}

func TestOIDCProvider(t *testing.T) {
	a := newAPI(t)
	arn := call(t, a.CreateOpenIDConnectProvider, &iamapi.CreateOpenIDConnectProviderInput{Url: p("http://127.0.0.1:8080/us-east-1_Demo"),
		ClientIDList: []string{"one"}}).OpenIDConnectProviderArn
	if *arn != "arn:aws:iam::000000000000:oidc-provider/127.0.0.1:8080/us-east-1_Demo" {
		t.Errorf("got %s", *arn)
	}
	call(t, a.AddClientIDToOpenIDConnectProvider, &iamapi.AddClientIDToOpenIDConnectProviderInput{OpenIDConnectProviderArn: arn, ClientID: p("two")})
	call(t, a.RemoveClientIDFromOpenIDConnectProvider, &iamapi.RemoveClientIDFromOpenIDConnectProviderInput{OpenIDConnectProviderArn: arn, ClientID: p("one")})
	print := "0123456789012345678901234567890123456789"
	call(t, a.UpdateOpenIDConnectProviderThumbprint, &iamapi.UpdateOpenIDConnectProviderThumbprintInput{OpenIDConnectProviderArn: arn, ThumbprintList: []string{print}})
	got := call(t, a.GetOpenIDConnectProvider, &iamapi.GetOpenIDConnectProviderInput{OpenIDConnectProviderArn: arn})
	if *got.Url != "127.0.0.1:8080/us-east-1_Demo" || fmt.Sprint(got.ClientIDList, got.ThumbprintList) != "[two] ["+print+"]" {
		t.Errorf("got %+v", got)
	}
	if list := call(t, a.ListOpenIDConnectProviders, &iamapi.ListOpenIDConnectProvidersInput{}).OpenIDConnectProviderList; len(list) != 1 {
		t.Errorf("got %+v", list)
	}
	call(t, a.DeleteOpenIDConnectProvider, &iamapi.DeleteOpenIDConnectProviderInput{OpenIDConnectProviderArn: arn})
	refuse(t, a.GetOpenIDConnectProvider, &iamapi.GetOpenIDConnectProviderInput{OpenIDConnectProviderArn: arn}, "NoSuchEntity")
}

func TestSAMLProvider(t *testing.T) {
	a := newAPI(t)
	refuse(t, a.CreateSAMLProvider, &iamapi.CreateSAMLProviderInput{Name: p("corp"), SAMLMetadataDocument: p("<x/>")}, "InvalidInput")
	refuse(t, a.CreateSAMLProvider, &iamapi.CreateSAMLProviderInput{Name: p("corp"), SAMLMetadataDocument: p("<x/>"), AssertionEncryptionMode: p("Required")}, "InvalidInput")
	refuse(t, a.GetSAMLProvider, &iamapi.GetSAMLProviderInput{SAMLProviderArn: p("arn:aws:iam::000000000000:saml-provider/corp")}, "NoSuchEntity")
	refuse(t, a.DeleteSAMLProvider, &iamapi.DeleteSAMLProviderInput{SAMLProviderArn: p("x")}, "InvalidInput")
	if list := call(t, a.ListSAMLProviders, &iamapi.ListSAMLProvidersInput{}).SAMLProviderList; len(list) != 0 {
		t.Errorf("got %+v", list)
	}
}

// What authorisation is asked for is the entity as stored, whatever the spelling.
func TestResource(t *testing.T) {
	a := newAPI(t)
	newRole(t, a, "Dev")
	resource := a.Service().Resource
	for in, want := range map[any]string{
		&iamapi.GetRoleInput{RoleName: p("DEV")}:                                     "arn:aws:iam::000000000000:role/team/Dev",
		&iamapi.CreateRoleInput{RoleName: p("new"), Path: p("/x/")}:                  "arn:aws:iam::000000000000:role/x/new",
		&iamapi.PutRolePolicyInput{RoleName: p("dev"), PolicyName: p("p")}:           "arn:aws:iam::000000000000:role/team/Dev",
		&iamapi.AttachRolePolicyInput{RoleName: p("dev"), PolicyArn: p("arn:x")}:     "arn:aws:iam::000000000000:role/team/Dev",
		&iamapi.GetPolicyInput{PolicyArn: p("arn:x")}:                                "arn:x",
		&iamapi.CreateSAMLProviderInput{Name: p("corp")}:                             "arn:aws:iam::000000000000:saml-provider/corp",
		&iamapi.CreateOpenIDConnectProviderInput{Url: p("https://issuer.example/a")}: "arn:aws:iam::000000000000:oidc-provider/issuer.example/a",
		&iamapi.ListRolesInput{}:                                                     "*",
	} {
		if got := resource("", in); got != want {
			t.Errorf("%T: got %s, want %s", in, got, want)
		}
	}
}

func TestMFADevicesAreTold(t *testing.T) {
	a := newAPI(t)
	call(t, a.CreateUser, &iamapi.CreateUserInput{UserName: p("ann")})
	d, err := a.STS.CreateMFADevice(t.Context(), "ann", "phone")
	if err != nil {
		t.Fatal(err)
	}
	codes := make([]string, 2)
	for i := range codes {
		if codes[i], err = totp.Code(d.Secret, start.Unix()/30+int64(i-1)); err != nil {
			t.Fatal(err)
		}
	}
	if list := call(t, a.ListVirtualMFADevices, &iamapi.ListVirtualMFADevicesInput{}).VirtualMFADevices; len(list) != 0 {
		t.Errorf("before it is enabled: %+v", list)
	}
	if err := a.STS.EnableMFADevice(t.Context(), "ann", d.Serial(), codes[0], codes[1]); err != nil {
		t.Fatal(err)
	}
	own := call(t, a.ListMFADevices, &iamapi.ListMFADevicesInput{UserName: p("ann")}).MFADevices
	all := call(t, a.ListVirtualMFADevices, &iamapi.ListVirtualMFADevicesInput{AssignmentStatus: p("Assigned")}).VirtualMFADevices
	if len(own) != 1 || *own[0].SerialNumber != d.Serial() || len(all) != 1 || *all[0].User.UserName != "ann" || all[0].Base32StringSeed != nil {
		t.Errorf("got %+v and %+v", own, all)
	}
	if list := call(t, a.ListVirtualMFADevices, &iamapi.ListVirtualMFADevicesInput{AssignmentStatus: p("Unassigned")}).VirtualMFADevices; len(list) != 0 {
		t.Errorf("unassigned: %+v", list)
	}
}

func TestUnknownErrorsStayInside(t *testing.T) {
	if e, ok := iamapi.Errors.Find(errors.New("disk on fire")); ok {
		t.Errorf("told the client: %v", e)
	}
}
