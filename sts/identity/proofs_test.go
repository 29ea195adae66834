package identity_test

import (
	"context"
	"errors"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/poolhouse/poolhouse/sts"
	"github.com/poolhouse/poolhouse/sts/identity"
)

func TestSAMLLogins(t *testing.T) {
	w := newWorld(t)
	p := w.pool(func(s *identity.Settings) { s.SAMLProviders = []string{samlARN} })
	for _, role := range []string{userRole, teamRole, rootRole} {
		w.role(role, p, "authenticated")
	}
	w.saml["one"] = &sts.SAMLLogin{Subject: "ann", Roles: []string{teamRole}, Attributes: map[string][]string{"dept": {"eng"}}}
	w.saml["two"] = &sts.SAMLLogin{Subject: "ann", Roles: []string{teamRole, rootRole}}
	w.saml["none"] = &sts.SAMLLogin{Subject: "ann"}
	id := w.id(p, map[string]string{samlARN: "one"})
	get := func(response, custom string) (string, error) {
		c, err := w.credentials(id, map[string]string{samlARN: response}, custom)
		if err != nil {
			return "", err
		}
		return c.Role, nil
	}
	for _, tt := range []struct{ response, custom, want string }{
		{"one", "", teamRole}, // without an authenticated role of the pool
		{"one", teamRole, teamRole},
		{"two", rootRole, rootRole},
	} {
		if role, err := get(tt.response, tt.custom); role != tt.want {
			t.Errorf("%s, %q: %s, %v", tt.response, tt.custom, role, err)
		}
	}
	for _, tt := range [][2]string{{"two", ""}, {"one", rootRole}, {"none", rootRole}} {
		_, err := get(tt[0], tt[1])
		wantFault(t, tt[0]+" asks for "+tt[1], err, identity.ErrNotAuthorized, "forbidden")
	}
	_, err := get("none", "")
	wantFault(t, "no role at all", err, identity.ErrConfiguration, "")
	w.setRoles(p, map[string]identity.RoleMapping{samlARN: {Type: identity.MappingRules, Ambiguous: identity.AmbiguousDeny,
		Rules: []identity.Rule{{Claim: "dept", Match: "Equals", Value: "eng", Role: userRole}}}})
	if role, err := get("one", ""); role != userRole {
		t.Errorf("by rules: %s, %v", role, err)
	}
	_, err = get("two", teamRole)
	wantFault(t, "rules that match nothing", err, identity.ErrNotAuthorized, "forbidden")
	_, err = get("forged", "")
	wantFault(t, "forged", err, identity.ErrNotAuthorized, "Not a valid SAML assertion")
	_, _, err = w.token(id, map[string]string{samlARN: "one"})
	wantFault(t, "the basic flow", err, identity.ErrInvalidParameter, "enhanced flow")
	_, err = w.GetID(ctx, w.pool(nil).ID, map[string]string{samlARN: "one"}, "")
	wantFault(t, "a pool without the provider", err, identity.ErrNotAuthorized, "supported provider")
}

func TestAccessTokens(t *testing.T) {
	w := newWorld(t)
	p := w.pool(func(s *identity.Settings) {
		s.LoginProviders = map[string]string{"graph.facebook.com": "app1", "www.amazon.com": "app2;app3"}
	})
	w.bearers["good"] = bearer{app: "app1", subject: "f1"}
	w.bearers["amazon"] = bearer{app: "app3", subject: "f1"}
	w.bearers["another app"] = bearer{app: "evil", subject: "f1"}
	w.bearers["no app"] = bearer{subject: "f1"}
	w.bearers["nobody"] = bearer{app: "app1"}
	w.bearers["down"] = bearer{err: identity.ErrExternalService}
	one := w.id(p, map[string]string{"graph.facebook.com": "good"})
	if again := w.id(p, map[string]string{"graph.facebook.com": "good"}); again != one {
		t.Error("one person has two identities")
	}
	if other := w.id(p, map[string]string{"www.amazon.com": "amazon"}); other == one {
		t.Error("one identifier of two services is one person")
	}
	for token, kind := range map[string]error{"another app": identity.ErrNotAuthorized, "no app": identity.ErrNotAuthorized, "nobody": identity.ErrNotAuthorized,
		"junk": identity.ErrNotAuthorized, "amazon": identity.ErrNotAuthorized, "down": identity.ErrExternalService} {
		if _, err := w.GetID(ctx, p.ID, map[string]string{"graph.facebook.com": token}, ""); !errors.Is(err, kind) {
			t.Errorf("%s: %v, want %v", token, err, kind)
		}
	}
}

// Google gives each platform a client of its own, and names the one that asked as azp.
func TestGoogleAndApple(t *testing.T) {
	w := newWorld(t)
	p := w.pool(func(s *identity.Settings) {
		s.LoginProviders = map[string]string{"accounts.google.com": "web;android", "appleid.apple.com": "com.example.app"}
	})
	of := func(provider string, claims map[string]any) error {
		claims["iss"], claims["sub"], claims["exp"] = "https://"+provider, "1", w.clock.Now().Add(time.Hour).Unix()
		_, err := w.GetID(ctx, p.ID, map[string]string{provider: w.sign("https://"+provider, claims)}, "")
		return err
	}
	const google, apple = "accounts.google.com", "appleid.apple.com"
	for name, err := range map[string]error{
		"Google":         of(google, map[string]any{"aud": "web"}),
		"Google by azp":  of(google, map[string]any{"aud": "back end", "azp": "android"}),
		"Apple":          of(apple, map[string]any{"aud": "com.example.app"}),
		"Apple's second": of(apple, map[string]any{"aud": []string{"x", "com.example.app"}}),
	} {
		if err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	for name, err := range map[string]error{
		"another app":      of(google, map[string]any{"aud": "evil"}),
		"another azp":      of(google, map[string]any{"aud": "web", "azp": "evil"}),
		"the list as such": of(google, map[string]any{"aud": "web;android"}),
		"no app":           of(google, map[string]any{"aud": ""}),
		"another's for it": of(apple, map[string]any{"aud": "web"}),
	} {
		wantFault(t, name, err, identity.ErrNotAuthorized, "Token is not from a supported provider of this identity pool.")
	}
}

func TestClocksMayDiffer(t *testing.T) {
	w := newWorld(t)
	p := w.pool(nil)
	for _, provider := range []string{awsName, oidcName} {
		at := func(exp any) error {
			token := w.oidcToken("a", map[string]any{"exp": exp})
			if provider == awsName {
				token = w.idToken("a", map[string]any{"exp": exp})
			}
			_, err := w.GetID(ctx, p.ID, map[string]string{provider: token}, "")
			return err
		}
		if err := at(w.clock.Now().Add(-identity.Skew + time.Second).Unix()); err != nil {
			t.Errorf("%s: within five minutes: %v", provider, err)
		}
		wantFault(t, provider+" after five minutes", at(w.clock.Now().Add(-identity.Skew).Unix()), identity.ErrNotAuthorized, "expired")
		wantFault(t, provider+" without expiry", at(nil), identity.ErrNotAuthorized, "expired")
	}
}

// Whoever has a token that a pool does not take learns nothing about its identities.
func TestIdentityOfAnotherPool(t *testing.T) {
	w := newWorld(t)
	p := w.pool(func(s *identity.Settings) { s.OIDCProviders = nil })
	alice := map[string]string{awsName: w.idToken("alice", nil)}
	merged := w.id(p, nil)
	if _, _, err := w.token(merged, alice); err != nil {
		t.Fatal(err)
	}
	w.clock.Advance(time.Second)
	foreign := map[string]string{oidcName: w.oidcToken("a", nil)}
	for name, id := range map[string]identity.ID{"with logins": merged, "a guest": w.id(p, nil), "not there": "us-east-1:none"} {
		const text = "Token is not from a supported provider of this identity pool."
		_, err := w.credentials(id, foreign, "")
		wantFault(t, name, err, identity.ErrNotAuthorized, text)
		_, _, err = w.token(id, foreign)
		wantFault(t, name, err, identity.ErrNotAuthorized, text)
		wantFault(t, name, w.unlink(id, foreign, []string{oidcName}), identity.ErrNotAuthorized, text)
	}
}

func TestCallsPerAddress(t *testing.T) {
	w := newWorld(t)
	p, other := w.pool(nil), w.pool(nil)
	guest, quiet := w.id(p, nil), w.id(other, nil)
	from := func(source string, id identity.ID) error {
		_, err := w.Credentials(ctx, identity.CredentialsRequest{Visitor: identity.Visitor{Identity: id, Source: source}})
		return err
	}
	for n := range 500 {
		if err := from("192.0.2.9", guest); errors.Is(err, identity.ErrTooManyRequests) {
			t.Fatalf("call %d: %v", n, err)
		}
	}
	over := from("192.0.2.9", guest)
	var wait *identity.Throttled
	if !errors.As(over, &wait) || wait.Wait <= 0 || wait.Wait > 10*time.Second {
		t.Errorf("call 501: %v", over)
	}
	_, err := w.GetID(ctx, p.ID, nil, "192.0.2.9")
	wantFault(t, "GetId", err, identity.ErrTooManyRequests, "Too many requests")
	_, _, err = w.OpenIDToken(ctx, identity.Visitor{Identity: guest, Source: "192.0.2.9"})
	wantFault(t, "GetOpenIdToken", err, identity.ErrTooManyRequests, "")
	wantFault(t, "UnlinkIdentity", w.Unlink(ctx, identity.Visitor{Identity: guest, Source: "192.0.2.9"}, nil), identity.ErrTooManyRequests, "")
	for name, err := range map[string]error{"another address": from("192.0.2.10", guest), "another pool": from("192.0.2.9", quiet)} {
		if errors.Is(err, identity.ErrTooManyRequests) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// Twenty devices of one person link both logins at once.
func TestParallelLinks(t *testing.T) {
	w := newWorld(t)
	p := w.pool(nil)
	guests := make([]identity.ID, 20)
	for i := range guests {
		guests[i] = w.id(p, nil)
	}
	both := map[string]string{awsName: w.idToken("alice", nil), oidcName: w.oidcToken("a", nil)}
	var all sync.WaitGroup
	for _, guest := range guests {
		all.Go(func() {
			if _, _, err := w.token(guest, both); err != nil && !errors.Is(err, identity.ErrNotFound) && !errors.Is(err, identity.ErrNotAuthorized) {
				t.Error(err)
			}
		})
	}
	all.Wait()
	owner := w.id(p, both)
	i, err := w.Identity(ctx, owner)
	if err != nil || len(i.Logins) != 2 || i.Disabled {
		t.Errorf("the owner is %+v, %v", i, err)
	}
	for _, one := range []string{awsName, oidcName} {
		if id := w.id(p, map[string]string{one: both[one]}); id != owner {
			t.Errorf("%s leads to %s, want %s", one, id, owner)
		}
	}
}

// keeper is somebody who keeps data of identities.
type keeper struct {
	told []string
	err  error
}

func (k *keeper) IdentityMerged(_ context.Context, _ identity.PoolID, from, into identity.ID) error {
	k.told = append(k.told, "merged "+string(from)+" "+string(into))
	return k.err
}

func (k *keeper) IdentityDeleted(_ context.Context, _ identity.PoolID, id identity.ID) error {
	k.told = append(k.told, "deleted "+string(id))
	return k.err
}

func (k *keeper) PoolDeleted(_ context.Context, pool identity.PoolID) error {
	k.told = append(k.told, "pool "+string(pool))
	return k.err
}

func TestDatasetsAreTold(t *testing.T) {
	w, k := newWorld(t), &keeper{}
	w.Datasets = k
	p := w.pool(nil)
	guest, alice := w.id(p, nil), map[string]string{awsName: w.idToken("alice", nil)}
	owner := w.id(p, alice)
	if _, _, err := w.token(guest, alice); err != nil {
		t.Fatal(err)
	}
	k.err = errors.New("the store is down")
	if err := w.DeleteIdentity(ctx, owner); !errors.Is(err, k.err) {
		t.Errorf("data that was not deleted: %v", err)
	}
	if _, err := w.Identity(ctx, owner); err != nil {
		t.Errorf("the identity went before its data: %v", err)
	}
	if err := w.DeletePool(ctx, p.ID); !errors.Is(err, k.err) {
		t.Errorf("data of a pool that was not deleted: %v", err)
	}
	k.err = nil
	if err := errors.Join(w.DeleteIdentity(ctx, owner), w.DeleteIdentity(ctx, "us-east-1:none"), w.DeletePool(ctx, p.ID)); err != nil {
		t.Error(err)
	}
	g, o, pool := string(guest), string(owner), "pool "+string(p.ID)
	want := []string{"merged " + g + " " + o, "deleted " + o, pool, "deleted " + o, pool}
	if !slices.Equal(k.told, want) {
		t.Errorf("told %q, want %q", k.told, want)
	}
	k.told = nil
	for _, left := range []int{1, 0} {
		if n, err := w.SweepPools(ctx, 10); err != nil || n != left {
			t.Errorf("swept %d, %v; want %d", n, err, left)
		}
	}
	if want := []string{"deleted " + g, pool}; !slices.Equal(k.told, want) {
		t.Errorf("told of the rest %q, want %q", k.told, want)
	}
}

// TestMergesAreSettled has the keeper of data fail: what was merged is moved later,
// and its originals go after that.
func TestMergesAreSettled(t *testing.T) {
	w, k := newWorld(t), &keeper{err: errors.New("the store is down")}
	w.Datasets = k
	p := w.pool(nil)
	alice := map[string]string{awsName: w.idToken("alice", nil)}
	owner := w.id(p, alice)
	one, two := w.id(p, nil), w.id(p, nil)
	for _, guest := range []identity.ID{one, two} {
		if _, _, err := w.token(guest, alice); err != nil {
			t.Fatal(err)
		}
	}
	settle := func(after time.Duration, looked int, want ...string) {
		t.Helper()
		k.told = nil
		w.clock.Advance(after)
		if n, err := w.SettleMerges(ctx, 10); err != nil || n != looked {
			t.Errorf("settled %d, %v; want %d", n, err, looked)
		}
		if !slices.Equal(k.told, want) {
			t.Errorf("told %q, want %q", k.told, want)
		}
	}
	both := func(id identity.ID) []string {
		return []string{"merged " + string(id) + " " + string(owner), "deleted " + string(id)}
	}
	first, second := both(min(one, two)), both(max(one, two))
	settle(59*time.Second, 0)
	settle(time.Second, 2, first[0], second[0])
	k.err = nil
	settle(9*time.Minute, 0)
	settle(time.Minute, 2, append(first, second...)...)
	settle(time.Hour, 0)

	// Of an identity whose survivor is gone nothing is moved.
	alice[awsName] = w.idToken("alice", nil)
	three := w.id(p, nil)
	if _, _, err := w.token(three, alice); err != nil {
		t.Fatal(err)
	}
	if err := w.DeleteIdentity(ctx, owner); err != nil {
		t.Fatal(err)
	}
	settle(time.Minute, 1, "deleted "+string(three))
}
