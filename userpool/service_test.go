package userpool_test

import (
	"context"
	"errors"
	"log/slog"
	"regexp"
	"strings"
	"sync"
	"testing"

	"github.com/poolhouse/poolhouse/internal/ephemeral/ephemeraltest"
	"github.com/poolhouse/poolhouse/internal/keyring/keyringtest"
	"github.com/poolhouse/poolhouse/store/sqlstore/sqlstoretest"
	"github.com/poolhouse/poolhouse/userpool"
)

// An estate is a Service on a real store, with a mailbox, under a clock that
// tests turn.
type estate struct {
	testing.TB
	*userpool.Service
	clock *ephemeraltest.Clock
	mail  *mailbox
}

func newEstate(t testing.TB) *estate {
	t.Helper()
	clock := ephemeraltest.NewClock()
	ring := keyringtest.Open(t, keyringtest.NewStore(), clock.Now)
	db := sqlstoretest.SQLite(t, clock.Now)
	mail := &mailbox{}
	return &estate{TB: t, clock: clock, mail: mail, Service: &userpool.Service{
		Store: db.Userpool(ring), Ephemeral: db.Ephemeral(), Messages: mail, Keys: ring,
		Hasher: userpool.NewHasher(userpool.HasherConfig{Cost: cheap, Queue: 1000}), Now: clock.Now,
		Region: "us-east-1", Account: "000000000000", Issuer: issuer, Log: slog.New(slog.DiscardHandler),
	}}
}

// A mailbox keeps what was sent.
type mailbox struct {
	mu    sync.Mutex
	sent  []userpool.Mail
	broke error // returned instead
}

func (m *mailbox) Send(_ context.Context, mail userpool.Mail) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.broke != nil {
		return m.broke
	}
	m.sent = append(m.sent, mail)
	return nil
}

func (m *mailbox) count() int { return len(m.sent) }

// last returns the latest message to an address.
func (e *estate) last(to string) userpool.Mail {
	e.Helper()
	for i := len(e.mail.sent) - 1; i >= 0; i-- {
		if e.mail.sent[i].To == to {
			return e.mail.sent[i]
		}
	}
	e.Fatalf("nothing was sent to %s", to)
	return userpool.Mail{}
}

var sixDigits = regexp.MustCompile(`\b\d{6}\b`)

// code returns the latest code sent to an address.
func (e *estate) code(to string) string {
	e.Helper()
	code := sixDigits.FindString(e.last(to).Body)
	if code == "" {
		e.Fatalf("no code in %q", e.last(to).Body)
	}
	return code
}

// wrong returns a code that differs.
func wrong(code string) string {
	if code[0] == '9' {
		return "0" + code[1:]
	}
	return "9" + code[1:]
}

func (e *estate) ok(err error) {
	e.Helper()
	if err != nil {
		e.Fatal(err)
	}
}

// refused wants an error of the kind whose text contains text.
func (e *estate) refused(err, kind error, text string) {
	e.Helper()
	var public interface{ PublicText() string }
	switch {
	case !errors.Is(err, kind):
		e.Fatalf("error %v, want %v", err, kind)
	case text != "" && (!errors.As(err, &public) || !strings.Contains(public.PublicText(), text)):
		e.Fatalf("error %v, want the text %q", err, text)
	}
}

// newPool makes a pool that verifies e-mail addresses.
func (e *estate) newPool(change func(*userpool.Pool), schema ...userpool.SchemaAttribute) *userpool.Pool {
	e.Helper()
	p := userpool.NewPool("pool")
	p.AutoVerified = []string{"email"}
	if change != nil {
		change(p)
	}
	p, err := e.CreatePool(e.Context(), p, schema)
	e.ok(err)
	return p
}

func (e *estate) newClient(p *userpool.Pool, change func(*userpool.Client)) *userpool.Client {
	e.Helper()
	c := userpool.NewClient(p.ID, "app")
	if change != nil {
		change(c)
	}
	c, err := e.CreateClient(e.Context(), c)
	e.ok(err)
	return c
}

func hide(c *userpool.Client) { c.HideUserExistence = true }

// signUp signs a user up with an e-mail address and returns the address.
func (e *estate) signUp(c *userpool.Client, name string) string {
	e.Helper()
	email := name + "@example.com"
	_, _, err := e.Service.SignUp(e.Context(), c, userpool.SignUp{Username: name, Password: password, Attributes: map[string]string{"email": email}})
	e.ok(err)
	return email
}

// member signs a user up and confirms them.
func (e *estate) member(c *userpool.Client, name string) *userpool.User {
	e.Helper()
	email := e.signUp(c, name)
	e.ok(e.ConfirmSignUp(e.Context(), c, name, e.code(email), false))
	return e.user(c.Pool, name)
}

func (e *estate) user(p userpool.PoolID, name string) *userpool.User {
	e.Helper()
	u, err := e.User(e.Context(), p, name)
	e.ok(err)
	return u
}

// accepts reports whether the user's password is the one given.
func (e *estate) accepts(p userpool.PoolID, name, password string) bool {
	e.Helper()
	ok, err := e.Hasher.Verify(e.Context(), e.user(p, name).Password, password)
	e.ok(err)
	return ok
}

func same[T comparable](t testing.TB, what string, got, want T) {
	t.Helper()
	if got != want {
		t.Fatalf("%s: %v, want %v", what, got, want)
	}
}
