package gatewayapi_test

import (
	"bytes"
	"context"
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/poolhouse/poolhouse/internal/awsapi/sigv4"
	"github.com/poolhouse/poolhouse/internal/ratelimit"
	"github.com/poolhouse/poolhouse/sts/gatewayapi"
)

func deriving(id, token, date string) m {
	out := m{"accessKeyId": id, "date": date, "region": "eu-west-3", "service": "s3"}
	if token != "" {
		out["sessionToken"] = token
	}
	return out
}

type derived struct {
	DerivedKey            []byte
	PrincipalARN, RoleARN string
}

func TestDerive(t *testing.T) {
	g := newRig(t)
	user := g.user("/team/", "ann", "")
	session := g.session("/team/", "Readers", allow("s3:*", "*"), nil)
	for _, tt := range []struct{ id, token, secret, principal, role string }{
		{user.ID, "", user.Secret, "arn:aws:iam::000000000000:user/team/ann", ""},
		{session.AccessKeyID, session.SessionToken, session.SecretAccessKey,
			"arn:aws:sts::000000000000:assumed-role/Readers/session", "arn:aws:iam::000000000000:role/team/Readers"},
		{rootKey, "", "root-secret", "arn:aws:iam::000000000000:root", ""},
	} {
		var got derived
		g.ask(derive, deriving(tt.id, tt.token, "20261123"), &got)
		want := sigv4.SigningKey(tt.secret, "20261123", "eu-west-3", "s3")
		if !bytes.Equal(got.DerivedKey, want) || len(want) != 32 || got.PrincipalARN != tt.principal || got.RoleARN != tt.role {
			t.Errorf("%s: %+v", tt.principal, got)
		}
	}
	if _, use, err := g.STS.AccessKeyLastUsed(t.Context(), user.ID); err != nil || !use.Time.IsZero() {
		t.Errorf("a use that nobody has proved yet: %+v %v", use, err)
	}
}

// altered flips one character in the middle of a token.
func altered(token string) string {
	i := len(token) / 2
	c := byte('A')
	if token[i] == c {
		c = 'B'
	}
	return token[:i] + string(c) + token[i+1:]
}

func TestRefusedCredentials(t *testing.T) {
	g := newRig(t)
	user := g.user("/", "ann", "")
	a := g.session("/", "a", allow("s3:*", "*"), nil)
	b := g.session("/", "b", allow("s3:*", "*"), nil)
	for _, tt := range []struct{ name, id, token, code string }{
		{"nobody's key", "AKIANOBODYNOBODYNOBO", "", "NoSuchIdentity"},
		{"no key", "", "", "NoSuchIdentity"},
		{"a session without its token", a.AccessKeyID, "", "NoSuchIdentity"},
		{"a session with another's token", a.AccessKeyID, b.SessionToken, "InvalidToken"},
		{"a token that was altered", a.AccessKeyID, altered(a.SessionToken), "InvalidToken"},
		{"a token that is none", a.AccessKeyID, "x", "InvalidToken"},
		{"a long-term key with a token", user.ID, a.SessionToken, "InvalidToken"},
		{"the root key with a token", rootKey, a.SessionToken, "InvalidToken"},
		{"the gateway's own key", gwKey.AccessKeyID, "", "NoSuchIdentity"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			g.wantRefused(g.good(derive, deriving(tt.id, tt.token, "20261123")), http.StatusForbidden, tt.code)
		})
	}
	g.clock.Store(a.Expiration.Add(-time.Second).UnixMicro())
	g.ask(derive, deriving(a.AccessKeyID, a.SessionToken, "20261123"), new(derived))
	g.clock.Store(a.Expiration.UnixMicro())
	g.wantRefused(g.good(derive, deriving(a.AccessKeyID, a.SessionToken, "20261123")), http.StatusForbidden, "InvalidToken")
}

// A key is worth a day: it is given out for the days that a good request can be of.
func TestDays(t *testing.T) {
	g := newRig(t)
	user := g.user("/", "ann", "")
	session := g.session("/", "a", allow("s3:*", "*"), nil)
	for _, tt := range []struct {
		date              string
		byUser, bySession string
	}{
		{"20261115", "NoSuchIdentity", "InvalidToken"},
		{"20261116", "", "InvalidToken"},
		{"20261122", "", "InvalidToken"},
		{"20261123", "", ""},
		{"20261124", "", ""},
		{"20261125", "NoSuchIdentity", "InvalidToken"},
		{"99991231", "NoSuchIdentity", "InvalidToken"},
	} {
		for _, c := range []struct{ id, token, code string }{{user.ID, "", tt.byUser}, {session.AccessKeyID, session.SessionToken, tt.bySession}} {
			if c.code == "" {
				g.ask(derive, deriving(c.id, c.token, tt.date), new(derived))
				continue
			}
			g.wantRefused(g.good(derive, deriving(c.id, c.token, tt.date)), http.StatusForbidden, c.code)
		}
	}
	for name, value := range map[string]string{"date": "2026-11-23", "service": "iam", "region": ""} {
		in := deriving(user.ID, "", "20261123")
		in[name] = value
		g.wantRefused(g.good(derive, in), http.StatusBadRequest, "BadRequest")
	}
}

// Whatever is asked and refused: no secret and no token is in an answer or the log.
func TestNoSecretIsTold(t *testing.T) {
	g := newRig(t)
	user := g.user("/", "ann", allow("s3:*", "*"))
	a := g.session("/", "a", allow("s3:*", "*"), nil)
	b := g.session("/", "b", allow("s3:*", "*"), nil)
	for _, who := range [][2]string{{user.ID, ""}, {user.ID, a.SessionToken}, {a.AccessKeyID, a.SessionToken}, {a.AccessKeyID, b.SessionToken}, {a.AccessKeyID, ""}} {
		g.send(g.good(derive, deriving(who[0], who[1], "20261123")))
		g.send(g.good(derive, deriving(who[0], who[1], "x")))
		g.send(g.good(evaluate, evaluating(who[0], who[1], []string{"s3:GetObject"}, []string{"arn:aws:s3:::b/k"}, nil)))
		spoiled := g.good(derive, deriving(who[0], who[1], "20261123"))
		spoiled.key.SecretAccessKey = "another"
		g.send(spoiled)
	}
	said := g.said.String() + g.log.String()
	for name, secret := range map[string]string{"user's secret": user.Secret, "session's secret": a.SecretAccessKey, "token": a.SessionToken,
		"another's token": b.SessionToken, "gateway's secret": gwKey.SecretAccessKey, "key of the ring": oldKey.SecretAccessKey} {
		if strings.Contains(said, secret) {
			t.Errorf("the %s was told", name)
		}
	}
	if !strings.Contains(g.log.String(), "gateway call refused") {
		t.Error("the log says nothing of refusals")
	}
}

func TestLimit(t *testing.T) {
	g := newRig(t)
	user := g.user("/", "ann", "")
	g.Limit = gatewayapi.NewLimit(ratelimit.New(full{}, g.now, g.Log))
	g.wantRefused(g.good(derive, deriving(user.ID, "", "20261123")), http.StatusServiceUnavailable, "TooManyRequests")
	g.Limit = func(context.Context, string) error { return errors.New("no store") }
	g.wantRefused(g.good(derive, deriving(user.ID, "", "20261123")), http.StatusInternalServerError, "InternalError")
}

// full is a counter that has counted more than any ceiling.
type full struct{}

func (full) Count(context.Context, string, string, int64, time.Duration) (int64, error) {
	return 1 << 40, nil
}
