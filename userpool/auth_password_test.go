package userpool_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/poolhouse/poolhouse/userpool"
)

func TestPasswordSignIn(t *testing.T) {
	w := newWorld(t)
	for _, flow := range []string{"USER_PASSWORD_AUTH", "ADMIN_USER_PASSWORD_AUTH", "ADMIN_NO_SRP_AUTH"} {
		for _, name := range []string{"alice", w.alice.Sub} {
			step, err := w.initiate(w.client, flow, "USERNAME", name, "PASSWORD", password)
			if err != nil || step.Result == nil || step.Challenge != nil {
				t.Fatalf("%s as %s: %+v, %v", flow, name, step, err)
			}
			c, err := w.tokens.VerifyAccess(t.Context(), step.Result.AccessToken)
			if err != nil || c.Username != "alice" {
				t.Errorf("%s: %+v, %v", flow, c, err)
			}
		}
	}
}

func TestFlowsOfClients(t *testing.T) {
	w := newWorld(t)
	for _, tt := range []struct{ name, flows, flow, want string }{
		{"defaults", "", "USER_PASSWORD_AUTH", "USER_PASSWORD_AUTH flow not enabled for this client"},
		{"defaults", "", "ADMIN_NO_SRP_AUTH", "Auth flow not enabled for this client"},
		{"defaults", "", "USER_AUTH", "USER_AUTH is not enabled for the client."},
		{"list", "ALLOW_USER_PASSWORD_AUTH", "USER_SRP_AUTH", "USER_SRP_AUTH is not enabled for the client."},
		{"list", "ALLOW_USER_PASSWORD_AUTH", "CUSTOM_AUTH", "CUSTOM_AUTH is not enabled for the client."},
		{"list", "ALLOW_USER_SRP_AUTH", "REFRESH_TOKEN", "REFRESH_TOKEN_AUTH is not enabled for the client."},
		{"legacy custom", "CUSTOM_AUTH_FLOW_ONLY", "USER_SRP_AUTH", "USER_SRP_AUTH is not enabled for the client."},
		{"legacy password", "USER_PASSWORD_AUTH", "ADMIN_USER_PASSWORD_AUTH", "Auth flow not enabled for this client"},
	} {
		c := *w.client
		c.ExplicitAuthFlows = strings.Fields(tt.flows)
		_, err := w.initiate(&c, tt.flow, "USERNAME", "alice", "PASSWORD", password)
		t.Run(tt.name+" "+tt.flow, func(t *testing.T) { wantFault(t, err, userpool.ErrInvalidParameter, tt.want) })
	}
	for _, tt := range []struct{ flows, flow string }{
		{"USER_PASSWORD_AUTH", "USER_PASSWORD_AUTH"}, {"ADMIN_NO_SRP_AUTH", "ADMIN_USER_PASSWORD_AUTH"},
		{"ALLOW_ADMIN_USER_PASSWORD_AUTH", "ADMIN_NO_SRP_AUTH"},
	} {
		c := *w.client
		c.ExplicitAuthFlows = strings.Fields(tt.flows)
		if _, err := w.initiate(&c, tt.flow, "USERNAME", "alice", "PASSWORD", password); err != nil {
			t.Errorf("%s with %s: %v", tt.flow, tt.flows, err)
		}
	}
}

func TestFlowsOfOperations(t *testing.T) {
	w := newWorld(t)
	in := pairs([]string{"USERNAME", "alice", "PASSWORD", password})
	_, err := w.auth.Initiate(t.Context(), w.client, "USER_PASSWORD_AUTH", in, "", true)
	wantFault(t, err, userpool.ErrInvalidParameter, "Initiate Auth method not supported.")
	for _, flow := range []string{"ADMIN_USER_PASSWORD_AUTH", "ADMIN_NO_SRP_AUTH"} {
		_, err = w.auth.Initiate(t.Context(), w.client, flow, in, "", false)
		wantFault(t, err, userpool.ErrInvalidParameter, "Initiate Auth method not supported.")
	}
}

// What is not written says so; it never signs anybody in.
func TestUnwrittenChallenges(t *testing.T) {
	w := newWorld(t)
	_, err := w.respond(w.client, "ADMIN_NO_SRP_AUTH", "", "USERNAME", "alice")
	wantFault(t, err, userpool.ErrNotImplemented, "The ADMIN_NO_SRP_AUTH challenge is not implemented.")
}

func TestRefusedSignIns(t *testing.T) {
	const wrong = "Incorrect username or password."
	w := newWorld(t)
	open := w.addClient("openclient0000000000000000", func(c *userpool.Client) { c.HideUserExistence = false })
	w.addUser("off", func(u *userpool.User) { u.Enabled = false })
	w.addUser("new", func(u *userpool.User) { u.Status = userpool.Unconfirmed })
	w.addUser("reset", func(u *userpool.User) { u.Status, u.Password = userpool.ResetRequired, "" })
	w.addUser("forgot", func(u *userpool.User) { u.Status = userpool.ResetRequired })
	w.addUser("upstream", func(u *userpool.User) { u.Status, u.Password = userpool.ExternalProvider, "" })
	for _, tt := range []struct {
		name           string
		client         *userpool.Client
		user, password string
		kind           error
		text           string
	}{
		{"wrong password", w.client, "alice", "Correct-Horse2", userpool.ErrNotAuthorized, wrong},
		{"other case", w.client, "alice", "correct-horse1", userpool.ErrNotAuthorized, wrong},
		{"unknown user", w.client, "nobody", password, userpool.ErrNotAuthorized, wrong},
		{"unknown user shown", open, "nobody", password, userpool.ErrUserNotFound, "User does not exist."},
		{"no password", w.client, "alice", "", userpool.ErrInvalidParameter, "Missing required parameter PASSWORD"},
		{"no name", w.client, "", password, userpool.ErrInvalidParameter, "Missing required parameter USERNAME"},
		{"user of a provider", w.client, "upstream", password, userpool.ErrNotAuthorized, wrong},
		{"disabled", open, "off", "wrong", userpool.ErrNotAuthorized, "User is disabled."},
		{"disabled, hidden", w.client, "off", "wrong", userpool.ErrNotAuthorized, wrong},
		{"disabled, hidden, right password", w.client, "off", password, userpool.ErrNotAuthorized, "User is disabled."},
		{"unconfirmed", open, "new", "wrong", userpool.ErrUserNotConfirmed, "User is not confirmed."},
		{"unconfirmed, hidden", w.client, "new", "wrong", userpool.ErrNotAuthorized, wrong},
		{"unconfirmed, right password", w.client, "new", password, userpool.ErrUserNotConfirmed, "User is not confirmed."},
		{"reset", open, "forgot", "wrong", userpool.ErrPasswordResetRequired, "Password reset required for the user"},
		{"reset, hidden", w.client, "forgot", "wrong", userpool.ErrNotAuthorized, wrong},
		{"reset, hidden, former password", w.client, "forgot", password, userpool.ErrPasswordResetRequired, "Password reset required for the user"},
		{"imported", w.client, "reset", "anything", userpool.ErrPasswordResetRequired, "Password reset required for the user"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, err := w.initiate(tt.client, "USER_PASSWORD_AUTH", "USERNAME", tt.user, "PASSWORD", tt.password)
			wantFault(t, err, tt.kind, tt.text)
		})
	}
}

// An unknown user costs a hash, as a known one does, whatever keeps either out.
func TestUnknownUserCostsAHash(t *testing.T) {
	w := newWorld(t)
	w.addUser("off", func(u *userpool.User) { u.Enabled = false })
	w.addUser("upstream", func(u *userpool.User) { u.Password = "" })
	for _, name := range []string{"alice", "nobody", "off", "upstream"} {
		before := w.hasher.Stats().Hashes
		if _, err := w.passwordSignIn(w.client, name, "wrong"); !errors.Is(err, userpool.ErrNotAuthorized) {
			t.Errorf("%s: %v", name, err)
		}
		if n := w.hasher.Stats().Hashes - before; n != 1 {
			t.Errorf("%s cost %d hashes", name, n)
		}
	}
}

func TestSecretHash(t *testing.T) {
	w := newWorld(t)
	c := w.addClient("secretclient00000000000000", func(c *userpool.Client) { c.Secret = "s3cret" })
	w.addUser("bob", func(u *userpool.User) {})
	try := func(c *userpool.Client, name, hash string) error {
		_, err := w.initiate(c, "USER_PASSWORD_AUTH", "USERNAME", name, "PASSWORD", password, "SECRET_HASH", hash)
		return err
	}
	w.check(try(c, "alice", userpool.SecretHash("s3cret", c.ID, "alice")))
	w.check(try(c, w.alice.Sub, userpool.SecretHash("s3cret", c.ID, w.alice.Sub))) // covers the name as sent
	unable := "Unable to verify secret hash for client " + string(c.ID)
	wantFault(t, try(c, "alice", ""), userpool.ErrNotAuthorized,
		"Client "+string(c.ID)+" is configured with secret but SECRET_HASH was not received")
	wantFault(t, try(c, "alice", userpool.SecretHash("other", c.ID, "alice")), userpool.ErrNotAuthorized, unable)
	wantFault(t, try(c, "alice", userpool.SecretHash("s3cret", c.ID, "bob")), userpool.ErrNotAuthorized, unable)
	wantFault(t, try(c, "alice", userpool.SecretHash("s3cret", w.client.ID, "alice")), userpool.ErrNotAuthorized, unable)
	wantFault(t, try(w.client, "alice", "whatever"), userpool.ErrNotAuthorized,
		"Unable to verify secret hash for client "+string(w.client.ID))
}

// The vector was computed with Python's hmac module.
func TestSecretHashVector(t *testing.T) {
	if got := userpool.SecretHash("key", "client", "user"); got != "YwFvZ4loYJ8AoBhNXIih/Y38DF2IP6/Lq768LwhOvJ0=" {
		t.Errorf("SecretHash = %s", got)
	}
}

func TestUnknownDevice(t *testing.T) {
	w := newWorld(t)
	_, err := w.initiate(w.client, "USER_PASSWORD_AUTH", "USERNAME", "alice", "PASSWORD", password, "DEVICE_KEY", "us-east-1_x")
	wantFault(t, err, userpool.ErrNotFound, "Device does not exist.")
	_, err = w.initiate(w.client, "USER_PASSWORD_AUTH", "USERNAME", "alice", "PASSWORD", password, "DEVICE_KEY", "")
	w.check(err)
}

func TestCheckPasswordWithoutClient(t *testing.T) {
	w := newWorld(t)
	u, err := w.auth.CheckPassword(t.Context(), w.pool, nil, "alice", password)
	if err != nil || u.Username != "alice" {
		t.Fatalf("%+v, %v", u, err)
	}
	_, err = w.auth.CheckPassword(t.Context(), w.pool, nil, "nobody", password)
	wantFault(t, err, userpool.ErrNotAuthorized, "Incorrect username or password.")
}

func TestBusyHasherRefuses(t *testing.T) {
	w := newWorld(t)
	w.auth.Hasher = userpool.NewHasher(userpool.HasherConfig{Cost: userpool.HashCost{MemoryKiB: 32768, Passes: 4, Lanes: 1},
		Slots: 1, Queue: 1, Wait: time.Nanosecond})
	errs := make(chan error, 8)
	for range cap(errs) {
		go func() {
			_, err := w.passwordSignIn(w.client, "nobody", password)
			errs <- err
		}()
	}
	var busy int
	for range cap(errs) {
		if errors.Is(<-errs, userpool.ErrBusy) {
			busy++
		}
	}
	if busy == 0 {
		t.Error("no sign-in was shed")
	}
}
