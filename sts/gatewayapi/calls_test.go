package gatewayapi_test

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/poolhouse/poolhouse/sts/gatewayapi"
)

// Only a gateway's own key opens the calls, and only for what it signed.
func TestCallsAreSigned(t *testing.T) {
	g := newRig(t)
	user := g.user("/", "admin", allow("*", "*"))
	session := g.session("/", "admins", allow("*", "*"), nil)
	for _, tt := range []struct {
		name  string
		spoil func(*call)
	}{
		{"unsigned", func(c *call) { c.after = func(r *http.Request) { r.Header.Del("Authorization") } }},
		{"wrong secret", func(c *call) { c.key.SecretAccessKey = "another" }},
		{"a user's key", func(c *call) { c.key = gatewayapi.Key{AccessKeyID: user.ID, SecretAccessKey: user.Secret} }},
		{"the root key", func(c *call) { c.key = gatewayapi.Key{AccessKeyID: rootKey, SecretAccessKey: "root-secret"} }},
		{"a session's key", func(c *call) {
			c.key, c.token = gatewayapi.Key{AccessKeyID: session.AccessKeyID, SecretAccessKey: session.SecretAccessKey}, session.SessionToken
		}},
		{"with a token", func(c *call) { c.token = "token" }},
		{"the name of one key, the secret of the other", func(c *call) { c.key.AccessKeyID = oldKey.AccessKeyID }},
		{"stale", func(c *call) { c.at = g.now().Add(-15*time.Minute - time.Second) }},
		{"ahead", func(c *call) { c.at = g.now().Add(15*time.Minute + time.Second) }},
		{"of another region", func(c *call) { c.region = "eu-west-1" }},
		{"for another service", func(c *call) { c.service = "s3" }},
		{"body changed", func(c *call) { c.after = func(r *http.Request) { closeBody(r, `{"accessKeyIds":["`+user.ID+`"]}`) } }},
		{"path changed", func(c *call) { c.after = func(r *http.Request) { r.URL.Path = principals } }},
		{"protocol changed", func(c *call) { c.after = func(r *http.Request) { r.Header.Set(header, "2") } }},
		{"payload not signed", func(c *call) {
			c.after = func(r *http.Request) { r.Header.Set("X-Amz-Content-Sha256", "UNSIGNED-PAYLOAD") }
		}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			c := g.good(identities, m{"accessKeyIds": []string{}})
			tt.spoil(&c)
			g.wantRefused(c, http.StatusForbidden, "GatewayNotAuthorized")
		})
	}
}

// A clock may be a quarter of an hour off, and two keys are accepted.
func TestAcceptedCalls(t *testing.T) {
	g := newRig(t)
	for _, key := range []gatewayapi.Key{gwKey, oldKey} {
		for _, off := range []time.Duration{-15 * time.Minute, 0, 15 * time.Minute} {
			c := g.good(version, m{})
			c.key, c.at = key, g.now().Add(off)
			if w := g.send(c); w.Code != http.StatusOK {
				t.Errorf("%s, %v off: %d %s", key.AccessKeyID, off, w.Code, w.Body)
			}
		}
	}
}

func TestVersion(t *testing.T) {
	g := newRig(t)
	var got struct {
		Protocol, MinClient      int
		ServerVersion, AccountID string
	}
	g.ask(version, m{}, &got)
	if got.Protocol != 1 || got.MinClient != 1 || got.ServerVersion != "v1.2.3" || got.AccountID != account {
		t.Errorf("%+v", got)
	}
}

// A gateway of an unknown protocol is refused before anything else is looked at,
// but may ask for the version.
func TestProtocol(t *testing.T) {
	g := newRig(t)
	for _, v := range []string{"", "0", "-1", "+1", "x", "1.0", "12345", " 1", "٣"} {
		odd := func(r *http.Request) { r.Header[header] = []string{v} }
		if v == "" {
			odd = func(r *http.Request) { r.Header.Del(header) }
		}
		for _, path := range []string{derive, "/private/nothing"} {
			c := g.good(path, m{})
			c.after = odd
			g.wantRefused(c, http.StatusBadRequest, "ProtocolMismatch")
		}
		c := g.good(version, m{})
		c.before = odd
		if w := g.send(c); w.Code != http.StatusOK {
			t.Errorf("version with %q: %d %s", v, w.Code, w.Body)
		}
	}
	c := g.good(version, m{})
	c.before = func(r *http.Request) { r.Header.Set(header, "2") }
	if w := g.send(c); w.Code != http.StatusOK {
		t.Errorf("a newer gateway: %d %s", w.Code, w.Body)
	}
	c = g.good(derive, m{})
	c.after = func(r *http.Request) { r.Header.Add(header, "1") }
	g.wantRefused(c, http.StatusBadRequest, "ProtocolMismatch")
}

// Every answer has the protocol header; send looks for it.
func TestHeaderOnEveryAnswer(t *testing.T) {
	g := newRig(t)
	unknown := g.good("/private/nothing", m{})
	unknown.key.SecretAccessKey = "wrong" // the path comes before the signature
	g.wantRefused(unknown, http.StatusNotFound, "NotFound")
	g.wantRefused(g.good("/", m{}), http.StatusNotFound, "NotFound")
	g.wantRefused(g.good(version+"?x=1", m{}), http.StatusNotFound, "NotFound")
	get := g.good(version, m{})
	get.method = "GET"
	g.wantRefused(get, http.StatusMethodNotAllowed, "MethodNotAllowed")
	for _, body := range []string{"", "{", "[]", `"x"`, `{"accessKeyIds":{}}`, "null x"} {
		g.wantRefused(g.good(identities, body), http.StatusBadRequest, "BadRequest")
	}
	large := g.good(identities, strings.Repeat(" ", 17<<20))
	g.wantRefused(large, http.StatusRequestEntityTooLarge, "RequestTooLarge")

	g.Keys = func(context.Context) ([]gatewayapi.Key, error) { return nil, errors.New("the store's own words") }
	w := g.send(g.good(version, m{}))
	if w.Code != http.StatusInternalServerError || strings.Contains(w.Body.String(), "own words") || !strings.Contains(g.log.String(), "own words") {
		t.Errorf("a fault: %d %s", w.Code, w.Body)
	}
	g.Keys = func(context.Context) ([]gatewayapi.Key, error) { panic("words of a panic") }
	if w := g.send(g.good(version, m{})); w.Code != http.StatusInternalServerError || strings.Contains(w.Body.String(), "panic") {
		t.Errorf("a panic: %d %s", w.Code, w.Body)
	}
}

// Without a gateway key nobody gets in, with an empty secret least of all.
func TestNoKeys(t *testing.T) {
	g := newRig(t)
	for _, keys := range [][]gatewayapi.Key{nil, {{}}, {{AccessKeyID: "GATEWAYKEY"}}} {
		g.Keys = func(context.Context) ([]gatewayapi.Key, error) { return keys, nil }
		c := g.good(version, m{})
		c.key.SecretAccessKey = "x"
		g.wantRefused(c, http.StatusForbidden, "GatewayNotAuthorized")
	}
}
