package sts_test

import (
	"errors"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/poolhouse/poolhouse/internal/totp"
	"github.com/poolhouse/poolhouse/sts"
)

const wrongCode = "MultiFactorAuthentication failed with invalid MFA one time pass code. "

// code is what a device shows, steps from now.
func (e *env) code(d *sts.MFADevice, steps int64) string {
	e.t.Helper()
	code, err := totp.Code(d.Secret, e.now().Unix()/30+steps)
	if err != nil {
		e.t.Fatal(err)
	}
	return code
}

// device gives a user an MFA device that works.
func (e *env) device(user string) *sts.MFADevice {
	e.t.Helper()
	d, err := e.CreateMFADevice(e.ctx, user, user)
	if err == nil {
		err = e.EnableMFADevice(e.ctx, user, d.Serial(), e.code(d, -1), e.code(d, 0))
	}
	if err != nil {
		e.t.Fatal(err)
	}
	e.advance(30 * time.Second)
	return d
}

func (e *env) proof(d *sts.MFADevice) sts.MFAProof {
	return sts.MFAProof{Serial: d.Serial(), Code: e.code(d, 0)}
}

func TestSessionTokenWithMFA(t *testing.T) {
	e := newEnv(t)
	ann := e.user("ann", allowAll)
	d := e.device("ann")
	ann = e.principal(ann.AccessKeyID, "")
	c, err := e.SessionToken(e.ctx, ann, sts.SessionTokenRequest{MFA: e.proof(d)})
	if err != nil {
		t.Fatal(err)
	}
	e.advance(time.Minute)
	p := e.principal(c.AccessKeyID, c.SessionToken)
	if got := p.Keys["aws:MultiFactorAuthPresent"][0] + " " + p.Keys["aws:MultiFactorAuthAge"][0]; got != "true 60" {
		t.Errorf("keys %q", got)
	}
	plain, err := e.SessionToken(e.ctx, ann, sts.SessionTokenRequest{})
	if err != nil {
		t.Fatal(err)
	}
	without := e.principal(plain.AccessKeyID, plain.SessionToken)
	for _, tt := range []struct {
		who    *sts.Principal
		action string
		ok     bool
	}{
		{p, "iam:GetUser", true}, {without, "iam:GetUser", false},
		{p, "poolhouse:DeleteMfaDevice", true}, {without, "poolhouse:DeleteMfaDevice", false},
		{p, "sts:GetFederationToken", false}, {p, "sts:AssumeRoot", false}, {without, "s3:GetObject", true},
	} {
		if err := e.Authorize(e.ctx, tt.who, tt.action, "*", nil); (err == nil) != tt.ok {
			t.Errorf("%s with MFA at %v: %v", tt.action, tt.who.MFA(), err)
		}
	}
}

// A trust policy that wants MFA is satisfied by a code with the request, or by a
// session that began with one.
func TestTrustWithMFA(t *testing.T) {
	e := newEnv(t)
	e.role("r", `{"Effect":"Allow","Principal":{"AWS":"*"},"Action":"sts:AssumeRole","Condition":{"Bool":{"aws:MultiFactorAuthPresent":"true"},"NumericLessThan":{"aws:MultiFactorAuthAge":"300"}}}`, allowAll)
	first := e.user("ann", "")
	d := e.device("ann")
	ann := e.principal(first.AccessKeyID, "")
	assume := func(p *sts.Principal, proof sts.MFAProof) (*sts.AssumedRole, error) {
		return e.AssumeRole(e.ctx, p, sts.AssumeRoleRequest{RoleARN: "arn:aws:iam::" + account + ":role/r", SessionName: "ann", MFA: proof})
	}
	if _, err := assume(ann, sts.MFAProof{}); !errors.Is(err, sts.ErrAccessDenied) {
		t.Errorf("without a code: %v", err)
	}
	good := e.proof(d)
	out, err := assume(ann, good)
	if err != nil {
		t.Fatal(err)
	}
	if p := e.principal(out.Credentials.AccessKeyID, out.Credentials.SessionToken); p.Keys["aws:MultiFactorAuthPresent"][0] != "false" {
		t.Error("credentials of AssumeRole say nothing of MFA")
	}
	_, err = assume(ann, good)
	wantFault(t, err, sts.ErrAccessDenied, wrongCode)
	e.advance(30 * time.Second)
	c, err := e.SessionToken(e.ctx, ann, sts.SessionTokenRequest{MFA: e.proof(d)})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := assume(e.principal(c.AccessKeyID, c.SessionToken), sts.MFAProof{}); err != nil {
		t.Errorf("by a session with MFA: %v", err)
	}
	e.advance(5 * time.Minute)
	if _, err := assume(e.principal(c.AccessKeyID, c.SessionToken), sts.MFAProof{}); err == nil {
		t.Error("the code was shown too long ago")
	}
}

func TestWrongMFA(t *testing.T) {
	e := newEnv(t)
	first := e.user("ann", allowAll)
	e.user("bob", allowAll)
	d, bobs := e.device("ann"), e.device("bob")
	ann := e.principal(first.AccessKeyID, "")
	const unknown = "MultiFactorAuthentication failed, unable to validate MFA code.  Please verify your MFA serial number is valid and associated with this user."
	for name, tt := range map[string]struct {
		who   *sts.Principal
		proof sts.MFAProof
		text  string
	}{
		"another's device": {ann, e.proof(bobs), unknown},
		"unknown device":   {ann, sts.MFAProof{Serial: d.Serial() + "x", Code: "123456"}, unknown},
		"not a serial":     {ann, sts.MFAProof{Serial: "GAHT12345678", Code: "123456"}, unknown},
		"code alone":       {ann, sts.MFAProof{Code: "123456"}, "MultiFactorAuthentication failed, must provide both MFA serial number and one time pass code."},
		"future code":      {ann, sts.MFAProof{Serial: d.Serial(), Code: e.code(d, 3)}, wrongCode},
		"root":             {e.root(), e.proof(d), unknown},
	} {
		_, err := e.SessionToken(e.ctx, tt.who, sts.SessionTokenRequest{MFA: tt.proof})
		t.Run(name, func(t *testing.T) { wantFault(t, err, sts.ErrAccessDenied, tt.text) })
	}
}

// Of many at once with one code one wins; five wrong ones close the door for a while.
func TestMFACodesAreScarce(t *testing.T) {
	e := newEnv(t)
	first := e.user("ann", allowAll)
	d := e.device("ann")
	ann := e.principal(first.AccessKeyID, "")
	var won atomic.Int32
	var wg sync.WaitGroup
	proof := e.proof(d)
	for range 20 {
		wg.Go(func() {
			if _, err := e.SessionToken(e.ctx, ann, sts.SessionTokenRequest{MFA: proof}); err == nil {
				won.Add(1)
			}
		})
	}
	wg.Wait()
	if won.Load() != 1 {
		t.Errorf("%d sessions for one code", won.Load())
	}
	e.advance(15 * time.Minute)
	bad := sts.MFAProof{Serial: d.Serial(), Code: strings.Repeat("x", 6)}
	for range 5 {
		_, err := e.SessionToken(e.ctx, ann, sts.SessionTokenRequest{MFA: bad})
		wantFault(t, err, sts.ErrAccessDenied, wrongCode)
	}
	_, err := e.SessionToken(e.ctx, ann, sts.SessionTokenRequest{MFA: e.proof(d)})
	wantFault(t, err, sts.ErrAccessDenied, wrongCode)
	e.advance(15 * time.Minute)
	if _, err := e.SessionToken(e.ctx, ann, sts.SessionTokenRequest{MFA: e.proof(d)}); err != nil {
		t.Errorf("after the pause: %v", err)
	}
}

// TestMFADeviceTooMany: a device above the limit is not enabled, and can be made anew.
func TestMFADeviceTooMany(t *testing.T) {
	e := newEnv(t)
	e.user("ann", "")
	for n := range 8 {
		d, err := e.CreateMFADevice(e.ctx, "ann", "d"+strconv.Itoa(n))
		if err != nil {
			t.Fatal(err)
		}
		if err := e.EnableMFADevice(e.ctx, "ann", d.Serial(), e.code(d, -1), e.code(d, 0)); err != nil {
			t.Fatal(err)
		}
	}
	d, err := e.CreateMFADevice(e.ctx, "ann", "d8")
	if err != nil {
		t.Fatal(err)
	}
	err = e.EnableMFADevice(e.ctx, "ann", d.Serial(), e.code(d, -1), e.code(d, 0))
	wantFault(t, err, sts.ErrLimitExceeded, "MFADevicesPerUser: 8")
	if _, err := e.CreateMFADevice(e.ctx, "ann", "d8"); err != nil {
		t.Errorf("made anew: %v", err)
	}
}

func TestMFADevicesOfUsers(t *testing.T) {
	e := newEnv(t)
	first := e.user("ann", "")
	e.user("bob", "")
	d, err := e.CreateMFADevice(e.ctx, "ann", "phone")
	if err != nil {
		t.Fatal(err)
	}
	ann := e.principal(first.AccessKeyID, "")
	if _, err := e.SessionToken(e.ctx, ann, sts.SessionTokenRequest{MFA: e.proof(d)}); !errors.Is(err, sts.ErrAccessDenied) {
		t.Errorf("a device that was not enabled: %v", err)
	}
	if _, err := e.CreateMFADevice(e.ctx, "bob", "phone"); !errors.Is(err, sts.ErrExists) {
		t.Errorf("another's name: %v", err)
	}
	for _, codes := range [][2]string{{e.code(d, 0), e.code(d, 0)}, {e.code(d, 1), e.code(d, 0)}, {"000000", e.code(d, 0)}} {
		if err := e.EnableMFADevice(e.ctx, "ann", d.Serial(), codes[0], codes[1]); !errors.Is(err, sts.ErrInvalidInput) {
			t.Errorf("codes %v: %v", codes, err)
		}
	}
	if err := e.EnableMFADevice(e.ctx, "bob", d.Serial(), e.code(d, -1), e.code(d, 0)); !errors.Is(err, sts.ErrNotFound) {
		t.Errorf("enabled for another: %v", err)
	}
	if err := e.EnableMFADevice(e.ctx, "ann", d.Serial(), e.code(d, -1), e.code(d, 0)); err != nil {
		t.Fatal(err)
	}
	if err := e.EnableMFADevice(e.ctx, "ann", d.Serial(), e.code(d, -1), e.code(d, 0)); !errors.Is(err, sts.ErrExists) {
		t.Errorf("enabled twice: %v", err)
	}
	if _, err := e.CreateMFADevice(e.ctx, "ann", "phone"); !errors.Is(err, sts.ErrExists) {
		t.Errorf("a working device was replaced: %v", err)
	}
	if list, err := e.MFADevices(e.ctx, "ann"); err != nil || len(list) != 1 || list[0].Enabled.IsZero() {
		t.Errorf("list %v %v", list, err)
	}
	if err := e.DeleteMFADevice(e.ctx, "bob", d.Serial()); !errors.Is(err, sts.ErrNotFound) {
		t.Errorf("deleted by another: %v", err)
	}
	if err := e.DeleteUser(e.ctx, "ann"); !errors.Is(err, sts.ErrDeleteConflict) {
		t.Errorf("a user with a device: %v", err)
	}
	e.advance(time.Minute)
	ann = e.principal(first.AccessKeyID, "")
	if err := e.DeleteMFADevice(e.ctx, "ann", d.Serial()); err != nil {
		t.Fatal(err)
	}
	if _, err := e.SessionToken(e.ctx, ann, sts.SessionTokenRequest{MFA: e.proof(d)}); !errors.Is(err, sts.ErrAccessDenied) {
		t.Errorf("a deleted device: %v", err)
	}
}

func TestSettings(t *testing.T) {
	e := newEnv(t)
	on, regions := true, []string{"eu-west-1", "ap-south-1", "eu-west-1"}
	if err := e.CheckRegion(e.ctx, "eu-west-1"); err != nil {
		t.Error(err)
	}
	if _, err := e.UpdateSettings(e.ctx, sts.SettingsChange{DisabledRegions: &regions}); err != nil {
		t.Fatal(err)
	}
	set, err := e.UpdateSettings(e.ctx, sts.SettingsChange{Outbound: &on})
	if err != nil || !set.Outbound || strings.Join(set.DisabledRegions, " ") != "ap-south-1 eu-west-1" {
		t.Errorf("settings %+v %v", set, err)
	}
	if err := e.CheckRegion(e.ctx, "eu-west-1"); !errors.Is(err, sts.ErrRegionDisabled) {
		t.Errorf("got %v", err)
	}
	if err := e.CheckRegion(e.ctx, "us-east-1"); err != nil {
		t.Error(err)
	}
	own := []string{"us-east-1"}
	if _, err := e.UpdateSettings(e.ctx, sts.SettingsChange{DisabledRegions: &own}); !errors.Is(err, sts.ErrValidation) {
		t.Errorf("the own region: %v", err)
	}
	// What another node changes counts a second later at the latest.
	none := &sts.Service{Store: e.Store, Account: account, Region: "us-east-1", Now: e.now}
	if _, err := none.UpdateSettings(e.ctx, sts.SettingsChange{DisabledRegions: &[]string{}}); err != nil {
		t.Fatal(err)
	}
	e.advance(time.Second)
	if err := e.CheckRegion(e.ctx, "eu-west-1"); err != nil {
		t.Error(err)
	}
}
