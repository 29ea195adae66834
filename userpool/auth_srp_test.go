package userpool_test

import (
	"encoding/base64"
	"encoding/hex"
	"math/big"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/poolhouse/poolhouse/userpool"
	"github.com/poolhouse/poolhouse/userpool/srp"
)

const incorrect = "Incorrect username or password."

func TestSRPSignIn(t *testing.T) {
	w := newWorld(t)
	half, ch := w.srpChallenge(w.client, w.alice.Sub)
	if ch.Name != "PASSWORD_VERIFIER" || ch.Session != "" || ch.Params["USER_ID_FOR_SRP"] != "alice" || ch.Params["USERNAME"] != "alice" {
		t.Errorf("challenge = %+v", ch)
	}
	if salt, err := hex.DecodeString(ch.Params["SALT"]); err != nil || len(salt) != 16 || salt[0] == 0 {
		t.Errorf("SALT = %s", ch.Params["SALT"])
	}
	step, err := w.verify(w.client, w.srpAnswer(half, ch, password))
	w.check(err)
	if step.Challenge != nil {
		t.Fatalf("challenge = %+v", step.Challenge)
	}
	if _, err := w.tokens.VerifyAccess(t.Context(), step.Result.AccessToken); err != nil {
		t.Error(err)
	}
}

// Clients send either the name they typed or the one of the challenge.
func TestSRPNames(t *testing.T) {
	w := newWorld(t)
	for _, name := range []string{"alice", w.alice.Sub} {
		half, ch := w.srpChallenge(w.client, w.alice.Sub)
		answer := w.srpAnswer(half, ch, password)
		answer["USERNAME"] = name
		if _, err := w.verify(w.client, answer); err != nil {
			t.Errorf("as %s: %v", name, err)
		}
	}
}

func TestRefusedSRPAnswers(t *testing.T) {
	w := newWorld(t)
	w.addUser("bob", func(u *userpool.User) {})
	second := w.addClient("secondclient00000000000000", func(c *userpool.Client) {})
	foreign := w.addClient("foreignclient0000000000000", func(c *userpool.Client) { c.Pool = otherPool })
	for _, tt := range []struct {
		name   string
		change func(in map[string]string)
		client *userpool.Client
		later  time.Duration
		kind   error
		text   string
	}{
		{name: "another user", change: func(in map[string]string) { in["USERNAME"] = "bob" }},
		{name: "another client", client: second},
		{name: "another pool", client: foreign},
		{name: "other signature", change: func(in map[string]string) {
			in["PASSWORD_CLAIM_SIGNATURE"] = base64.StdEncoding.EncodeToString(make([]byte, 32))
		}},
		{name: "no base64 signature", change: func(in map[string]string) { in["PASSWORD_CLAIM_SIGNATURE"] = "%" }},
		{name: "other time than signed", change: func(in map[string]string) { in["TIMESTAMP"] = srp.Timestamp(w.Now().Add(time.Second)) }},
		{name: "cut block", change: func(in map[string]string) {
			in["PASSWORD_CLAIM_SECRET_BLOCK"] = in["PASSWORD_CLAIM_SECRET_BLOCK"][:64]
		}},
		{name: "garbage block", change: func(in map[string]string) { in["PASSWORD_CLAIM_SECRET_BLOCK"] = "AAAA" }},
		{name: "session as block", change: func(in map[string]string) {
			in["PASSWORD_CLAIM_SECRET_BLOCK"] = base64.StdEncoding.EncodeToString(make([]byte, 200))
		}},
		{name: "late", later: 3 * time.Minute},
		{name: "stale timestamp", change: func(in map[string]string) { in["TIMESTAMP"] = srp.Timestamp(w.Now().Add(-6 * time.Minute)) }},
		{name: "timestamp ahead", change: func(in map[string]string) { in["TIMESTAMP"] = srp.Timestamp(w.Now().Add(6 * time.Minute)) }},
		{name: "other layout", change: func(in map[string]string) { in["TIMESTAMP"] = w.Now().Format(time.RFC3339) },
			kind: userpool.ErrInvalidParameter, text: "TIMESTAMP format should be EEE MMM d HH:mm:ss z yyyy in english."},
		{name: "no signature", change: func(in map[string]string) { delete(in, "PASSWORD_CLAIM_SIGNATURE") },
			kind: userpool.ErrInvalidParameter, text: "Missing required parameter PASSWORD_CLAIM_SIGNATURE"},
		{name: "no name", change: func(in map[string]string) { delete(in, "USERNAME") },
			kind: userpool.ErrInvalidParameter, text: "Missing required parameter USERNAME"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			half, ch := w.srpChallenge(w.client, "alice")
			w.Advance(tt.later)
			in := w.srpAnswer(half, ch, password)
			c := w.client
			if tt.change != nil {
				tt.change(in)
			}
			if tt.client != nil {
				c = tt.client
			}
			if tt.kind == nil {
				tt.kind, tt.text = userpool.ErrNotAuthorized, incorrect
			}
			_, err := w.verify(c, in)
			wantFault(t, err, tt.kind, tt.text)
			w.Advance(16 * time.Minute) // forget the failure
		})
	}
}

func TestSRPWrongPassword(t *testing.T) {
	w := newWorld(t)
	half, ch := w.srpChallenge(w.client, "alice")
	_, err := w.verify(w.client, w.srpAnswer(half, ch, "Correct-Horse2"))
	wantFault(t, err, userpool.ErrNotAuthorized, incorrect)
	_, err = w.verify(w.client, w.srpAnswer(half, ch, password))
	wantFault(t, err, userpool.ErrNotAuthorized, incorrect) // a guess uses the block up
}

func TestSRPBlockDiesWithThePassword(t *testing.T) {
	w := newWorld(t)
	half, ch := w.srpChallenge(w.client, "alice")
	w.Advance(time.Second)
	w.changeUser("alice", func(u *userpool.User) { u.PasswordChanged = w.Now() })
	_, err := w.verify(w.client, w.srpAnswer(half, ch, password))
	wantFault(t, err, userpool.ErrNotAuthorized, incorrect)
}

func TestSRPBlockIsUsedOnce(t *testing.T) {
	w := newWorld(t)
	half, ch := w.srpChallenge(w.client, "alice")
	in := w.srpAnswer(half, ch, password)
	var won atomic.Int32
	var wg sync.WaitGroup
	for range 50 {
		wg.Go(func() {
			step, err := w.verify(w.client, in)
			if err == nil && step.Result != nil {
				won.Add(1)
			}
		})
	}
	wg.Wait()
	if won.Load() != 1 {
		t.Errorf("%d of 50 won", won.Load())
	}
}

func TestSRPRefusesPublicValues(t *testing.T) {
	w := newWorld(t)
	half := srp.NewClient()
	for name, a := range map[string]string{"zero": "0", "no hexadecimal": "xyz", "signed": "-" + half.Public.Text(16)} {
		_, err := w.initiate(w.client, "USER_SRP_AUTH", "USERNAME", "alice", "SRP_A", a)
		t.Run(name, func(t *testing.T) {
			wantFault(t, err, userpool.ErrInvalidParameter, "SRP_A is not a valid public value")
		})
	}
	_, err := w.initiate(w.client, "USER_SRP_AUTH", "USERNAME", "alice")
	wantFault(t, err, userpool.ErrInvalidParameter, "Missing required parameter SRP_A")
}

// An unknown user gets a challenge like any other, the same on every call, and
// fails as a wrong password does.
func TestSRPUnknownUser(t *testing.T) {
	w := newWorld(t)
	_, known := w.srpChallenge(w.client, "alice")
	half, first := w.srpChallenge(w.client, "nobod")
	_, again := w.srpChallenge(w.client, "nobod")
	_, another := w.srpChallenge(w.client, "nobo2")
	for _, p := range []string{"SALT", "USERNAME", "USER_ID_FOR_SRP"} {
		if first.Params[p] != again.Params[p] || len(first.Params[p]) != len(known.Params[p]) {
			t.Errorf("%s: %q, %q, known user %q", p, first.Params[p], again.Params[p], known.Params[p])
		}
	}
	if first.Params["SALT"] == another.Params["SALT"] {
		t.Error("two unknown users have the same salt")
	}
	if len(first.Params) != len(known.Params) {
		t.Errorf("parameters %v, known user %v", first.Params, known.Params)
	}
	if b, ok := new(big.Int).SetString(first.Params["SRP_B"], 16); !ok || b.BitLen() < 3000 {
		t.Errorf("SRP_B = %s", first.Params["SRP_B"])
	}
	_, err := w.verify(w.client, w.srpAnswer(half, first, password))
	wantFault(t, err, userpool.ErrNotAuthorized, incorrect)
}

// In a pool that signs in by e-mail a known user's name is a UUID, and so is the
// one of an unknown user; the blocks are equally long.
func TestSRPUnknownAddress(t *testing.T) {
	w := newWorld(t)
	mail := w.addPool("us-east-1_Mail00001", func(p *userpool.Pool) { p.UsernameAttributes = []string{"email"} })
	c := w.addClient("mailclient0000000000000000", func(c *userpool.Client) { c.Pool = mail.ID })
	const sub = "0d9f3b6a-7c1e-4f52-9a80-1b2c3d4e5f60"
	w.addUser(sub, func(u *userpool.User) {
		u.Pool, u.Sub = mail.ID, sub
		u.Attributes = map[string]string{"email": "ann@example.com"}
	})
	_, known := w.srpChallenge(c, "ann@example.com")
	_, unknown := w.srpChallenge(c, "bob@example.com")
	if known.Params["USER_ID_FOR_SRP"] != sub {
		t.Errorf("USER_ID_FOR_SRP = %s", known.Params["USER_ID_FOR_SRP"])
	}
	for _, p := range []string{"USER_ID_FOR_SRP", "SECRET_BLOCK", "SALT"} {
		if len(unknown.Params[p]) != len(known.Params[p]) {
			t.Errorf("%s: %d and %d characters", p, len(unknown.Params[p]), len(known.Params[p]))
		}
	}
}

func TestSRPUnknownUserShown(t *testing.T) {
	w := newWorld(t)
	open := w.addClient("openclient0000000000000000", func(c *userpool.Client) { c.HideUserExistence = false })
	_, err := w.initiate(open, "USER_SRP_AUTH", "USERNAME", "nobody", "SRP_A", srp.NewClient().Public.Text(16))
	wantFault(t, err, userpool.ErrUserNotFound, "User does not exist.")
}

// A user without a verifier, as upstream users are, looks like one who has one.
func TestSRPWithoutVerifier(t *testing.T) {
	w := newWorld(t)
	w.addUser("upstream", func(u *userpool.User) { u.Status, u.Password = userpool.ExternalProvider, "" })
	half, ch := w.srpChallenge(w.client, "upstream")
	if ch.Params["USER_ID_FOR_SRP"] != "upstream" {
		t.Errorf("USER_ID_FOR_SRP = %s", ch.Params["USER_ID_FOR_SRP"])
	}
	_, err := w.verify(w.client, w.srpAnswer(half, ch, ""))
	wantFault(t, err, userpool.ErrNotAuthorized, incorrect)
}

// Disabling between the two calls counts.
func TestSRPDisabledBetweenCalls(t *testing.T) {
	w := newWorld(t)
	half, ch := w.srpChallenge(w.client, "alice")
	w.changeUser("alice", func(u *userpool.User) { u.Enabled = false })
	_, err := w.verify(w.client, w.srpAnswer(half, ch, password))
	wantFault(t, err, userpool.ErrNotAuthorized, "User is disabled.")
}

func TestSRPSecretHash(t *testing.T) {
	w := newWorld(t)
	c := w.addClient("secretclient00000000000000", func(c *userpool.Client) { c.Secret = "s3cret" })
	half, ch := w.srpChallenge(c, w.alice.Sub, "SECRET_HASH", userpool.SecretHash("s3cret", c.ID, w.alice.Sub))
	in := w.srpAnswer(half, ch, password)
	_, err := w.verify(c, in)
	wantFault(t, err, userpool.ErrNotAuthorized, "Client "+string(c.ID)+" is configured with secret but SECRET_HASH was not received")
	in["SECRET_HASH"] = userpool.SecretHash("s3cret", c.ID, w.alice.Sub)
	_, err = w.verify(c, in)
	wantFault(t, err, userpool.ErrNotAuthorized, "Unable to verify secret hash for client "+string(c.ID))
	in["SECRET_HASH"] = userpool.SecretHash("s3cret", c.ID, "alice") // the name as this call sends it
	_, err = w.verify(c, in)
	w.check(err)
}

// Clients repeat the same answer without a device key that is not known.
func TestSRPUnknownDeviceKeepsTheBlock(t *testing.T) {
	w := newWorld(t)
	half, ch := w.srpChallenge(w.client, "alice")
	in := w.srpAnswer(half, ch, password)
	in["DEVICE_KEY"] = "us-east-1_gone"
	_, err := w.verify(w.client, in)
	wantFault(t, err, userpool.ErrNotFound, "Device does not exist.")
	delete(in, "DEVICE_KEY")
	_, err = w.verify(w.client, in)
	w.check(err)
}
