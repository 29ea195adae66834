package userpool_test

import (
	"encoding/base64"
	"strings"
	"testing"

	"github.com/poolhouse/poolhouse/userpool"
	"github.com/poolhouse/poolhouse/userpool/srp"
)

const devicePassword = "cG9vbGhvdXNlLWRldmljZS1wYXNzd29yZA=="

// tracking is a world whose pool tracks devices, and lets a remembered one stand for
// the second factor.
func tracking(t testing.TB) (*world, *userpool.Service) {
	w := newWorld(t)
	p, err := w.store.UpdatePool(t.Context(), worldPool, func(p *userpool.Pool) error {
		p.Devices = userpool.DeviceRules{Track: true, Challenge: true}
		return nil
	})
	w.check(err)
	w.pool = p
	return w, &userpool.Service{Store: w.store, Ephemeral: w.auth.Ephemeral, Keys: w.auth.Keys, Hasher: w.hasher, Now: w.Now, Issuer: issuer}
}

// confirm makes the device of a sign-in known.
func (w *world) confirm(s *userpool.Service, u *userpool.User, d *userpool.DeviceMetadata) error {
	salt, v := srp.NewSalt(), srp.Identity{Group: d.Group, Name: d.Key}
	verifier := srp.Verifier(v, devicePassword, salt)
	text := func(raw []byte) string { return base64.StdEncoding.EncodeToString(append([]byte{0}, raw...)) }
	_, err := s.ConfirmDevice(w.Context(), u, userpool.NewDevice{Key: d.Key, Name: "phone", Salt: text(salt), Verifier: text(verifier.Bytes())})
	return err
}

func (w *world) knownDevice(s *userpool.Service) (*userpool.DeviceMetadata, *userpool.TokenSet) {
	w.Helper()
	set := w.mustSignIn()
	if d := set.NewDevice; d == nil || !strings.HasPrefix(d.Key, "us-east-1_") || len(d.Group) != 9 || d.Group[0] != '-' {
		w.Fatalf("new device %+v", d)
	}
	w.check(w.confirm(s, w.alice, set.NewDevice))
	return set.NewDevice, set
}

// proof answers DEVICE_SRP_AUTH and returns the answer to DEVICE_PASSWORD_VERIFIER.
func (w *world) proof(d *userpool.DeviceMetadata, password string) (map[string]string, error) {
	w.Helper()
	half := srp.NewClient()
	step, err := w.respond(w.client, "DEVICE_SRP_AUTH", "", "USERNAME", "alice", "DEVICE_KEY", d.Key, "SRP_A", half.Public.Text(16))
	if err != nil {
		return nil, err
	}
	params := step.Challenge.Params
	params["USER_ID_FOR_SRP"] = params["DEVICE_KEY"]
	answer, err := half.Answer(d.Group, password, params, w.Now())
	w.check(err)
	answer["DEVICE_KEY"] = d.Key
	return answer, nil
}

func (w *world) withDevice(d *userpool.DeviceMetadata) *userpool.Step {
	w.Helper()
	step, err := w.initiate(w.client, "USER_PASSWORD_AUTH", "USERNAME", "alice", "PASSWORD", password, "DEVICE_KEY", d.Key)
	w.check(err)
	return step
}

func (w *world) respondDevice(in map[string]string) (*userpool.Step, error) {
	return w.auth.Respond(w.Context(), w.client, "DEVICE_PASSWORD_VERIFIER", in, "", false)
}

func TestKnownDeviceProvesItself(t *testing.T) {
	w, s := tracking(t)
	d, _ := w.knownDevice(s)
	step := w.withDevice(d)
	if step.Challenge == nil || step.Challenge.Name != "DEVICE_SRP_AUTH" {
		t.Fatalf("%+v", step)
	}
	answer, err := w.proof(d, devicePassword)
	w.check(err)
	done, err := w.respondDevice(answer)
	w.check(err)
	if done.Result == nil || done.Result.NewDevice != nil {
		t.Fatalf("%+v", done)
	}
	if _, err = w.tokens.RefreshFrom(t.Context(), w.client, done.Result.RefreshToken, d.Key); err != nil {
		t.Error(err)
	}
	_, err = w.respondDevice(answer)
	wantFault(t, err, userpool.ErrNotAuthorized, incorrect) // a replayed block
	_, err = w.proof(d, devicePassword)
	wantFault(t, err, userpool.ErrNotAuthorized, "Invalid session for the user.") // the step is used up
}

// A back end that ends a sign-in which a device began gets its tokens.
func TestABackEndPassesADevicesProofOn(t *testing.T) {
	w, s := tracking(t)
	d, _ := w.knownDevice(s)
	w.withDevice(d)
	answer, err := w.proof(d, devicePassword)
	w.check(err)
	done, err := w.auth.Respond(t.Context(), w.client, "DEVICE_PASSWORD_VERIFIER", answer, "", true)
	if w.check(err); done.Result == nil {
		t.Errorf("%+v", done)
	}
}

func TestDeviceWithAWrongPassword(t *testing.T) {
	w, s := tracking(t)
	d, _ := w.knownDevice(s)
	w.withDevice(d)
	answer, err := w.proof(d, "wrong")
	w.check(err)
	_, err = w.respondDevice(answer)
	wantFault(t, err, userpool.ErrNotAuthorized, incorrect)
}

// A device of its own password alone signs nobody in.
func TestDeviceWithoutAPassword(t *testing.T) {
	w, s := tracking(t)
	d, _ := w.knownDevice(s)
	_, err := w.proof(d, devicePassword)
	wantFault(t, err, userpool.ErrNotAuthorized, "Invalid session for the user.")
}

func TestRememberedDeviceReplacesTheSecondFactor(t *testing.T) {
	w, s := tracking(t)
	d, _ := w.knownDevice(s)
	w.mfa(userpool.MFAOn, func(*userpool.Pool) {})
	w.changeUser("alice", withTOTP)
	if ch := w.withDevice(d).Challenge; ch.Name != "DEVICE_SRP_AUTH" {
		t.Errorf("%+v", ch)
	}
	w.check(s.RememberDevice(t.Context(), w.alice, d.Key, false))
	if ch := w.withDevice(d).Challenge; ch.Name != userpool.FactorTOTP {
		t.Errorf("a device that is not remembered: %+v", ch)
	}
}

func TestRefreshNeedsItsDevice(t *testing.T) {
	w, s := tracking(t)
	set := w.mustSignIn()
	refresh := func(device string) error {
		_, err := w.tokens.RefreshFrom(t.Context(), w.client, set.RefreshToken, device)
		return err
	}
	const refused = "Invalid Refresh Token."
	wantFault(t, refresh(set.NewDevice.Key), userpool.ErrNotAuthorized, refused) // not confirmed yet
	w.check(w.confirm(s, w.alice, set.NewDevice))
	w.check(refresh(set.NewDevice.Key))
	wantFault(t, refresh(""), userpool.ErrNotAuthorized, refused)
	other, _ := w.knownDevice(s)
	wantFault(t, refresh(other.Key), userpool.ErrNotAuthorized, refused)
	w.check(s.ForgetDevice(t.Context(), w.alice, set.NewDevice.Key))
	wantFault(t, refresh(set.NewDevice.Key), userpool.ErrNotAuthorized, refused)
	wantFault(t, w.confirm(s, w.alice, set.NewDevice), userpool.ErrInvalidParameter, "Invalid device key given.")
}

func TestForeignDevices(t *testing.T) {
	w, s := tracking(t)
	d, _ := w.knownDevice(s)
	bob := w.addUser("bob", func(*userpool.User) {})
	wantFault(t, w.confirm(s, bob, w.mustSignIn().NewDevice), userpool.ErrInvalidParameter, "Invalid device key given.")
	wantFault(t, w.confirm(s, w.alice, d), userpool.ErrDeviceKeyExists, "Device key already exists.")
	for _, in := range [][]string{{"USERNAME", "bob"}, {"USERNAME", "nobody"}} {
		_, err := w.initiate(w.client, "USER_PASSWORD_AUTH", append(in, "PASSWORD", password, "DEVICE_KEY", d.Key)...)
		wantFault(t, err, userpool.ErrNotFound, "Device does not exist.")
	}
	wantFault(t, s.ForgetDevice(t.Context(), bob, d.Key), userpool.ErrNotFound, "Device does not exist.")
	_, err := s.Device(t.Context(), bob, d.Key)
	wantFault(t, err, userpool.ErrNotFound, "Device does not exist.")
}

func TestVerifiersOfDevices(t *testing.T) {
	w, s := tracking(t)
	d := w.mustSignIn().NewDevice
	for name, in := range map[string]userpool.NewDevice{
		"negative":   {Key: d.Key, Salt: "AQ==", Verifier: "gA=="},
		"zero":       {Key: d.Key, Salt: "AQ==", Verifier: "AAA="},
		"no salt":    {Key: d.Key, Verifier: "AQ=="},
		"not base64": {Key: d.Key, Salt: "AQ==", Verifier: "!"},
		"too long":   {Key: d.Key, Salt: "AQ==", Verifier: strings.Repeat("f", 1<<20)},
	} {
		if _, err := s.ConfirmDevice(t.Context(), w.alice, in); err == nil {
			t.Errorf("%s was taken", name)
		}
	}
	w.check(w.confirm(s, w.alice, d)) // the key is not used up by a refusal
}
