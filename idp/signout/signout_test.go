package signout_test

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/poolhouse/poolhouse/idp"
	"github.com/poolhouse/poolhouse/idp/idptest"
	"github.com/poolhouse/poolhouse/idp/signout"
	"github.com/poolhouse/poolhouse/store/sqlstore"
	"github.com/poolhouse/poolhouse/store/sqlstore/sqlstoretest"
	"github.com/poolhouse/poolhouse/userpool"
)

const pool userpool.PoolID = "us-east-1_Test00001"

// clients are the apps of the tests, by ID.
type clients map[userpool.ClientID]*userpool.Client

func (c clients) Client(_ context.Context, id userpool.ClientID) (*userpool.Client, error) {
	if found := c[id]; found != nil {
		return found, nil
	}
	return nil, userpool.ErrClientNotFound
}

func app(id userpool.ClientID, back, front string) *userpool.Client {
	return &userpool.Client{ID: id, Pool: pool, OpenID: userpool.OpenIDClient{BackchannelLogout: back, FrontchannelLogout: front}}
}

type mailbox struct {
	sent  []userpool.Mail
	broke error
}

func (m *mailbox) Send(_ context.Context, mail userpool.Mail) error {
	if m.broke == nil {
		m.sent = append(m.sent, mail)
	}
	return m.broke
}

// to returns who was written to, sorted, and forgets it.
func (m *mailbox) to() (list []string) {
	for _, mail := range m.sent {
		list = append(list, mail.To)
	}
	m.sent = nil
	slices.Sort(list)
	return list
}

type rig struct {
	*signout.Service
	t     *testing.T
	db    *sqlstore.DB
	clock *idptest.Clock
	apps  clients
	mail  *mailbox
}

func open(t *testing.T) *rig {
	clock := idptest.NewClock()
	db := sqlstoretest.SQLite(t, clock.Now)
	apps := clients{"both": app("both", "https://both.example/back", "https://both.example/front?x=1"),
		"back": app("back", "https://back.example/bye", ""), "front": app("front", "", "https://front.example/bye"), "deaf": app("deaf", "", "")}
	mail := &mailbox{}
	return &rig{t: t, db: db, clock: clock, apps: apps, mail: mail, Service: &signout.Service{Participants: db.IDP(), Sessions: db.IDP(), Clients: apps,
		Outbox: mail, Issuer: func(p userpool.PoolID) string { return "https://op.example/" + string(p) }, Now: clock.Now, Log: slog.New(slog.DiscardHandler)}}
}

func (r *rig) session(sub string, apps ...userpool.ClientID) *idp.Session {
	r.t.Helper()
	_, id := idp.NewSecret()
	now := r.clock.Now()
	sess := &idp.Session{ID: id, Root: id, Pool: pool, Sub: sub, AuthTime: now, Created: now, LastSeen: now, Expires: now.Add(time.Hour), Limit: now.Add(time.Hour)}
	if err := r.db.IDP().Create(r.t.Context(), sess); err != nil {
		r.t.Fatal(err)
	}
	for _, a := range apps {
		if err := r.Join(r.t.Context(), r.apps[a], sess); err != nil {
			r.t.Fatal(err)
		}
	}
	return sess
}

func (r *rig) told(want ...string) {
	r.t.Helper()
	if got := r.mail.to(); !slices.Equal(got, want) {
		r.t.Errorf("told %q, want %q", got, want)
	}
}

func TestSessionEnding(t *testing.T) {
	r := open(t)
	sess := r.session("alice", "both", "back", "front", "deaf")
	other := r.session("alice", "back")
	if err := r.SessionEnding(t.Context(), sess); err != nil {
		t.Fatal(err)
	}
	for _, m := range r.mail.sent {
		var body map[string]string
		if err := json.Unmarshal([]byte(m.Body), &body); err != nil || body["sub"] != "alice" || body["sid"] != sess.SID(userpool.ClientID(m.To)) ||
			m.Medium != signout.Medium || m.Pool != pool {
			t.Errorf("%+v: %v", m, err)
		}
	}
	r.told("back", "both")
	if err := r.SessionEnding(t.Context(), sess); err != nil {
		t.Fatal(err)
	}
	r.told()
	if err := r.SessionEnding(t.Context(), other); err != nil {
		t.Fatal(err)
	}
	r.told("back")
}

func TestFrames(t *testing.T) {
	r := open(t)
	sess := r.session("alice", "both", "back", "front", "deaf")
	frames, err := r.Frames(t.Context(), sess)
	if err != nil || len(frames) != 2 || !strings.HasPrefix(frames[0], "https://both.example/front?x=1&") || !strings.HasPrefix(frames[1], "https://front.example/bye?") {
		t.Fatalf("%q, %v", frames, err)
	}
	u, err := url.Parse(frames[1])
	if err != nil || u.Query().Get("iss") != "https://op.example/"+string(pool) || u.Query().Get("sid") != sess.SID("front") {
		t.Errorf("%s, %v", frames[1], err)
	}
	if frames, err := r.Frames(t.Context(), r.session("alice", "back")); err != nil || frames != nil {
		t.Errorf("%q, %v", frames, err)
	}
}

func TestUserSignedOut(t *testing.T) {
	r := open(t)
	first, second, bob := r.session("alice", "back"), r.session("alice", "back", "both"), r.session("bob", "back")
	r.UserSignedOut(t.Context(), pool, "alice")
	r.told("back", "back", "both")
	for _, s := range []*idp.Session{first, second} {
		if _, err := r.db.IDP().Get(t.Context(), pool, s.ID); !errors.Is(err, idp.ErrSessionNotFound) {
			t.Error("a session of the user lives:", err)
		}
	}
	if _, err := r.db.IDP().Get(t.Context(), pool, bob.ID); err != nil {
		t.Error("another user's session died:", err)
	}
}

// TestParticipationOutlivesTheSession: an app that refreshes its tokens for a month
// hears of a sign-out in that month, and of none after.
func TestParticipationOutlivesTheSession(t *testing.T) {
	r := open(t)
	r.apps["back"].RefreshTokenLife = 10 * 24 * time.Hour
	r.session("alice", "back")
	r.clock.Add(10 * 24 * time.Hour)
	r.UserSignedOut(t.Context(), pool, "alice")
	r.told("back")
	r.session("alice", "back")
	r.clock.Add(10*24*time.Hour + time.Hour)
	r.UserSignedOut(t.Context(), pool, "alice")
	r.told()
}

func TestAppsThatAreGone(t *testing.T) {
	r := open(t)
	sess := r.session("alice", "back", "both", "front")
	delete(r.apps, "back")
	r.apps["both"] = app("both", "https://other.example", "https://other.example")
	r.apps["both"].Pool = "us-east-1_Other0001"
	frames, err := r.Frames(t.Context(), sess)
	if err != nil || len(frames) != 1 {
		t.Errorf("%q, %v", frames, err)
	}
	if err := r.SessionEnding(t.Context(), sess); err != nil {
		t.Fatal(err)
	}
	r.told()
}

// TestMessageThatCannotBeKept: nobody is forgotten who was not told.
func TestMessageThatCannotBeKept(t *testing.T) {
	r := open(t)
	sess := r.session("alice", "back")
	r.mail.broke = errors.New("broken")
	if err := r.SessionEnding(t.Context(), sess); !errors.Is(err, r.mail.broke) {
		t.Fatal(err)
	}
	r.mail.broke = nil
	if err := r.SessionEnding(t.Context(), sess); err != nil {
		t.Fatal(err)
	}
	r.told("back")
}

// TestOtherKindsAreNotClients: an app that is told in another way is neither told as a
// client of that ID nor forgotten.
func TestOtherKindsAreNotClients(t *testing.T) {
	r := open(t)
	sess := r.session("alice")
	p := &idp.Participant{Pool: pool, Sub: "alice", Root: sess.Root, Kind: idp.SAMLApp, Client: "both", Joined: r.clock.Now(), Expires: sess.Limit}
	if err := r.Participants.Join(t.Context(), p); err != nil {
		t.Fatal(err)
	}
	if frames, err := r.Frames(t.Context(), sess); err != nil || len(frames) > 0 {
		t.Error(frames, err)
	}
	if err := r.SessionEnding(t.Context(), sess); err != nil {
		t.Fatal(err)
	}
	r.told()
	if list, err := r.Participants.Participants(t.Context(), pool, "alice", sess.Root); err != nil || len(list) != 1 {
		t.Error(list, err)
	}
}
