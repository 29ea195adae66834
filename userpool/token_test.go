package userpool_test

import (
	"reflect"
	"slices"
	"testing"
	"time"

	"github.com/poolhouse/poolhouse/userpool"
)

func keys(m map[string]any) []string {
	var out []string
	for k := range m {
		out = append(out, k)
	}
	slices.Sort(out)
	return out
}

func (w *world) addGroup(name, role string, precedence *int) {
	w.Helper()
	w.check(w.store.CreateGroup(w.Context(), &userpool.Group{Pool: worldPool, Name: name, RoleARN: role,
		Precedence: precedence, Created: w.Now(), Modified: w.Now()}))
	w.check(w.store.AddMember(w.Context(), worldPool, name, "alice"))
}

func TestNativeAccessToken(t *testing.T) {
	w := newWorld(t)
	one := 1
	w.addGroup("admins", "", &one)
	set := w.mustSignIn()
	c := claims(t, set.AccessToken)
	now := float64(w.Now().Unix())
	for name, want := range map[string]any{
		"sub": w.alice.Sub, "client_id": string(w.client.ID), "token_use": "access", "username": "alice",
		"scope": "aws.cognito.signin.user.admin", "iss": issuer(worldPool), "version": 2.0, "auth_time": now,
		"iat": now, "exp": now + 3600, "cognito:groups": []any{"admins"}, "origin_jti": set.Family.ID,
	} {
		if !reflect.DeepEqual(c[name], want) {
			t.Errorf("%s = %v, want %v", name, c[name], want)
		}
	}
	want := []string{"auth_time", "client_id", "cognito:groups", "event_id", "exp", "iat", "iss", "jti",
		"origin_jti", "scope", "sub", "token_use", "username", "version"}
	if got := keys(c); !slices.Equal(got, want) {
		t.Errorf("claims %v", got)
	}
	if set.ExpiresIn != time.Hour {
		t.Errorf("ExpiresIn = %v", set.ExpiresIn)
	}
}

// Nothing refreshes tokens that the authorization endpoint or an exchange hands out, so
// their row goes with the last of them: a service may exchange many in a second.
func TestFrontFamilyIsNotKept(t *testing.T) {
	w := newWorld(t)
	c := w.addClient("frontclient000000000000000", func(c *userpool.Client) { c.AccessTokenLife, c.RefreshTokenLife = 2*time.Hour, 0 })
	for _, tt := range []struct {
		front userpool.Front
		until time.Duration
	}{{userpool.Front{Access: true}, 2 * time.Hour}, {userpool.Front{Access: true, ID: true}, 30*24*time.Hour + 2*time.Hour}} {
		set, err := w.tokens.IssueFront(t.Context(), &userpool.Grant{Pool: w.readPool(), Client: c, User: w.alice, Scopes: []string{"openid"}}, tt.front)
		w.check(err)
		if got := set.Family.Expires.Sub(w.Now()).Round(time.Second); got != tt.until {
			t.Errorf("%+v: kept for %v, want %v", tt.front, got, tt.until)
		}
	}
}

func TestNativeIDToken(t *testing.T) {
	w := newWorld(t)
	c := w.addClient("readerclient00000000000000", func(c *userpool.Client) {
		c.IDTokenLife = 5 * time.Minute
		c.ReadAttributes = []string{"email", "email_verified", "custom:team", "phone_number", "address", "updated_at"}
	})
	w.changeUser("alice", func(u *userpool.User) {
		u.Attributes["name"], u.Attributes["address"], u.Attributes["updated_at"] = "Alice", "1 Main St", "1700000000"
		u.Attributes["dev:custom:x"] = "secret"
	})
	set, err := w.passwordSignIn(c, "alice", password)
	w.check(err)
	got := claims(t, set.IDToken)
	now := float64(w.Now().Unix())
	for name, want := range map[string]any{
		"sub": w.alice.Sub, "aud": string(c.ID), "token_use": "id", "cognito:username": "alice",
		"iss": issuer(worldPool), "auth_time": now, "iat": now, "exp": now + 300, "origin_jti": set.Family.ID,
		"email": "alice@example.com", "email_verified": true, "custom:team": "blue",
		"address": map[string]any{"formatted": "1 Main St"}, "updated_at": 1.7e9,
	} {
		if !reflect.DeepEqual(got[name], want) {
			t.Errorf("%s = %v, want %v", name, got[name], want)
		}
	}
	want := []string{"address", "aud", "auth_time", "cognito:username", "custom:team", "email", "email_verified",
		"event_id", "exp", "iat", "iss", "jti", "origin_jti", "sub", "token_use", "updated_at"}
	if names := keys(got); !slices.Equal(names, want) {
		t.Errorf("claims %v", names)
	}
	if access := claims(t, set.AccessToken); access["jti"] == got["jti"] || access["event_id"] != got["event_id"] {
		t.Error("jti is shared, or event_id is not")
	}
}

func TestHeadersNameDifferentKeys(t *testing.T) {
	w := newWorld(t)
	set := w.mustSignIn()
	access, id := decodePart(t, set.AccessToken, 0), decodePart(t, set.IDToken, 0)
	if access["alg"] != "RS256" || id["alg"] != "RS256" || access["kid"] == id["kid"] || access["kid"] == "" {
		t.Errorf("headers %v, %v", access, id)
	}
}

func TestWithoutTokenRevocation(t *testing.T) {
	w := newWorld(t)
	c := w.addClient("plainclient000000000000000", func(c *userpool.Client) { c.TokenRevocation = false })
	set, err := w.passwordSignIn(c, "alice", password)
	w.check(err)
	for _, token := range []string{set.AccessToken, set.IDToken} {
		m := claims(t, token)
		if m["jti"] != nil || m["origin_jti"] != nil {
			t.Errorf("claims %v", m)
		}
	}
}

func TestRolesOfGroups(t *testing.T) {
	one, two := 1, 2
	for _, tt := range []struct {
		name      string
		groups    func(*world)
		roles     any
		preferred any
	}{
		{"none", func(w *world) { w.addGroup("g", "", &one) }, nil, nil},
		{"lowest precedence", func(w *world) { w.addGroup("a", "arn:2", &two); w.addGroup("b", "arn:1", &one) }, []any{"arn:1", "arn:2"}, "arn:1"},
		{"tie", func(w *world) { w.addGroup("a", "arn:1", &one); w.addGroup("b", "arn:2", &one) }, []any{"arn:1", "arn:2"}, nil},
		{"tie of one role", func(w *world) { w.addGroup("a", "arn:1", &one); w.addGroup("b", "arn:1", &one) }, []any{"arn:1"}, "arn:1"},
		{"without precedence", func(w *world) { w.addGroup("a", "arn:1", nil) }, []any{"arn:1"}, "arn:1"},
		{"behind all others", func(w *world) { w.addGroup("a", "arn:1", nil); w.addGroup("b", "arn:2", &two) }, []any{"arn:2", "arn:1"}, "arn:2"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			w := newWorld(t)
			tt.groups(w)
			c := claims(t, w.mustSignIn().IDToken)
			if !reflect.DeepEqual(c["cognito:roles"], tt.roles) || !reflect.DeepEqual(c["cognito:preferred_role"], tt.preferred) {
				t.Errorf("roles %v, preferred %v", c["cognito:roles"], c["cognito:preferred_role"])
			}
		})
	}
}

// The scopes of an OAuth grant select what an ID token shows.
func TestScopesSelectClaims(t *testing.T) {
	w := newWorld(t)
	w.changeUser("alice", func(u *userpool.User) { u.Attributes["name"], u.Attributes["phone_number"] = "Alice", "+15550100" })
	strict := *w.pool
	strict.Strict = true
	all := []string{"email", "email_verified", "name", "phone_number"}
	for _, tt := range []struct {
		name   string
		pool   *userpool.Pool
		scopes []string
		want   []string
	}{
		{"openid alone", w.pool, []string{"openid"}, all},
		{"openid alone, strict", &strict, []string{"openid"}, nil},
		{"email", w.pool, []string{"openid", "email"}, []string{"email", "email_verified"}},
		{"phone", w.pool, []string{"openid", "phone"}, []string{"phone_number"}},
		{"profile", w.pool, []string{"openid", "profile"}, []string{"name"}},
		{"all, strict", &strict, []string{"openid", "profile", "email", "phone"}, all},
	} {
		t.Run(tt.name, func(t *testing.T) {
			set, err := w.tokens.Issue(t.Context(), &userpool.Grant{Pool: tt.pool, Client: w.client, User: mustUser(w, "alice"),
				Scopes: tt.scopes, AuthTime: w.Now().Add(-time.Hour), Nonce: "n-1"})
			w.check(err)
			c := claims(t, set.IDToken)
			var got []string
			for _, name := range all {
				if c[name] != nil {
					got = append(got, name)
				}
			}
			if !slices.Equal(got, tt.want) {
				t.Errorf("claims %v, want %v", got, tt.want)
			}
			if c["nonce"] != "n-1" || c["at_hash"] == nil || c["auth_time"] != float64(w.Now().Add(-time.Hour).Unix()) {
				t.Errorf("claims %v", c)
			}
		})
	}
}

func TestGrantWithoutOpenID(t *testing.T) {
	w := newWorld(t)
	w.client.OAuthEnabled, w.client.OAuthScopes = true, []string{"openid", "api/read", userpool.ScopeAdmin}
	set, err := w.tokens.Issue(t.Context(), &userpool.Grant{Pool: w.pool, Client: w.client, User: w.alice,
		Scopes: []string{"api/read", userpool.ScopeAdmin}, Resource: "https://api.example.com"})
	w.check(err)
	c := claims(t, set.AccessToken)
	if set.IDToken != "" || c["aud"] != "https://api.example.com" || c["scope"] != "api/read aws.cognito.signin.user.admin" {
		t.Errorf("claims %v, ID token %q", c, set.IDToken)
	}
	again, err := w.tokens.Refresh(t.Context(), w.client, userpool.RefreshRequest{Token: set.RefreshToken})
	w.check(err)
	if c := claims(t, again.AccessToken); again.IDToken != "" || c["aud"] != "https://api.example.com" {
		t.Errorf("refreshed claims %v", c)
	}
}

// The example of OpenID Connect Core appendix A.3 and A.4.
func TestHashes(t *testing.T) {
	w := newWorld(t)
	g := &userpool.Grant{Pool: w.pool, Client: w.client, User: w.alice, Scopes: []string{"openid"}}
	set, err := w.tokens.Issue(t.Context(), g)
	w.check(err)
	id, err := w.tokens.IDToken(t.Context(), g, set.Family, "jHkWEdUXMU1BwAsC4vtUsZwnNvTIxEl0z9K3vx5KF0Y",
		"Qcb0Orv1zh30vL1MPRsbm-diHiMwcLyZvn1arpZv-Jxf_11jnpEX3Tgfvk")
	w.check(err)
	if c := claims(t, id); c["at_hash"] != "77QmUPtjPfzWtF2AnpK9RQ" || c["c_hash"] != "LDktKdoQak3Pk0cnXxCltA" {
		t.Errorf("at_hash %v, c_hash %v", c["at_hash"], c["c_hash"])
	}
}

func TestClientCredentials(t *testing.T) {
	w := newWorld(t)
	set, err := w.tokens.ClientCredentials(t.Context(), &userpool.Grant{Pool: w.pool, Client: w.client, Scopes: []string{"api/read"}})
	w.check(err)
	c := claims(t, set.AccessToken)
	if set.IDToken != "" || set.RefreshToken != "" || c["sub"] != string(w.client.ID) || c["username"] != nil || c["scope"] != "api/read" {
		t.Errorf("claims %v", c)
	}
	got, err := w.tokens.VerifyAccess(t.Context(), set.AccessToken)
	if err != nil || got.User != nil || !slices.Equal(got.Scopes, []string{"api/read"}) {
		t.Errorf("%+v, %v", got, err)
	}
	_, err = w.tokens.SignedInUser(t.Context(), set.AccessToken)
	wantFault(t, err, userpool.ErrNotAuthorized, "Access Token does not have required scopes")
}

// Attribute values cannot break out of their place in the token.
func TestHostileAttributes(t *testing.T) {
	w := newWorld(t)
	const evil = "\",\"sub\":\"root\",\"x\":\"\\\n\u2028<"
	w.changeUser("alice", func(u *userpool.User) {
		u.Attributes["name"], u.Attributes["identities"], u.Attributes["updated_at"] = evil, `[{"userId":"1"}`, evil
		u.Attributes["cognito:username"], u.Attributes["aud"], u.Attributes["custom:\",\"sub\":\"root"] = "root", "root", "x"
	})
	c := claims(t, func() string {
		client := *w.client
		client.ReadAttributes = []string{"name", "identities", "updated_at", "cognito:username", "aud", "sub", "custom:\",\"sub\":\"root"}
		set, err := w.tokens.Issue(t.Context(), &userpool.Grant{Pool: w.pool, Client: &client, User: mustUser(w, "alice"), Native: true})
		w.check(err)
		return set.IDToken
	}())
	if c["sub"] != w.alice.Sub || c["name"] != evil || c["cognito:username"] != "alice" || c["aud"] != string(w.client.ID) {
		t.Errorf("claims %v", c)
	}
}

func TestIdentitiesClaim(t *testing.T) {
	raw, err := userpool.AttributeClaim("identities", `[{"userId":"1","providerName":"a","providerType":"OIDC","issuer":null,"primary":true,"dateCreated":1642699117273}]`)
	if err != nil {
		t.Fatal(err)
	}
	sameJSON(t, string(raw), `[{"userId":"1","providerName":"a","providerType":"OIDC","issuer":null,"primary":"true","dateCreated":"1642699117273"}]`)
	if raw, err := userpool.AttributeClaim("identities", `[{"userId":`); err != nil || raw[0] != '"' {
		t.Errorf("%s, %v", raw, err)
	}
}
