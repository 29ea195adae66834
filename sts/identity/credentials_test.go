package identity_test

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/poolhouse/poolhouse/sts"
	"github.com/poolhouse/poolhouse/sts/identity"
)

// may reports whether credentials may do something.
func (w *world) may(c *identity.Credentials, action string) bool {
	w.t.Helper()
	_, who, err := w.sts.Credential(ctx, c.AccessKeyID, c.SessionToken)
	if err != nil {
		w.t.Fatal(err)
	}
	err = w.sts.Authorize(ctx, who, action, "arn:aws:s3:::b/k", nil)
	if err != nil && !errors.Is(err, sts.ErrAccessDenied) {
		w.t.Fatal(err)
	}
	return err == nil
}

func TestCredentials(t *testing.T) {
	w := newWorld(t)
	p := w.pool(nil)
	w.role(userRole, p, "authenticated")
	w.setRoles(p, nil)
	logins := map[string]string{ownName: w.idToken("alice", nil)}
	id := w.id(p, logins)
	c, err := w.credentials(id, logins, "")
	if err != nil {
		t.Fatal(err)
	}
	if c.Role != userRole || c.Identity.ID != id || !slices.Equal(c.Providers, []string{awsName}) ||
		!c.Expiration.Equal(w.clock.Now().Add(time.Hour)) {
		t.Errorf("got %+v", c)
	}
	_, who, err := w.sts.Credential(ctx, c.AccessKeyID, c.SessionToken)
	if err != nil {
		t.Fatal(err)
	}
	for key, want := range map[string][]string{
		"cognito-identity.amazonaws.com:aud": {string(p.ID)},
		"cognito-identity.amazonaws.com:sub": {string(id)},
		"cognito-identity.amazonaws.com:amr": {"authenticated", awsName, awsName + ":CognitoSignIn:alice"},
	} {
		if !slices.Equal(who.Keys[key], want) {
			t.Errorf("%s: %v, want %v", key, who.Keys[key], want)
		}
	}
	if !w.may(c, "s3:GetObject") || !w.may(c, "iam:GetRole") || w.may(c, "sqs:SendMessage") {
		t.Error("the role's permissions are not what the credentials have")
	}
}

// Permission policies know pool, identity and how somebody signed in.
func TestConditionKeys(t *testing.T) {
	w := newWorld(t)
	p := w.pool(nil)
	w.role(userRole, p, "*")
	if err := w.SetRoles(ctx, p.ID, map[string]string{"authenticated": userRole, "unauthenticated": userRole}, nil); err != nil {
		t.Fatal(err)
	}
	const prefix = "cognito-identity.amazonaws.com:"
	_, err := w.sts.Store.Roles().Update(ctx, account, "user", func(r *sts.Role) error {
		r.Permissions.Inline = map[string]string{"own": `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"s3:GetObject",
			"Resource":"arn:aws:s3:::b/${` + prefix + `sub}/*","Condition":{"StringEquals":{"` + prefix + `aud":"` + string(p.ID) + `"},
			"ForAnyValue:StringLike":{"` + prefix + `amr":"` + awsName + `:*:alice"}}}]}`}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	may := func(id identity.ID, logins map[string]string, owner identity.ID) bool {
		c, err := w.credentials(id, logins, "")
		if err != nil {
			t.Fatal(err)
		}
		_, who, err := w.sts.Credential(ctx, c.AccessKeyID, c.SessionToken)
		if err != nil {
			t.Fatal(err)
		}
		return w.sts.Authorize(ctx, who, "s3:GetObject", "arn:aws:s3:::b/"+string(owner)+"/k", nil) == nil
	}
	alice, bob := map[string]string{awsName: w.idToken("alice", nil)}, map[string]string{awsName: w.idToken("bob", nil)}
	a, b, guest := w.id(p, alice), w.id(p, bob), w.id(p, nil)
	if !may(a, alice, a) {
		t.Error("alice may not read what is hers")
	}
	for name, got := range map[string]bool{"alice reads what is bob's": may(a, alice, b), "bob is let in as alice": may(b, bob, b), "a guest is let in": may(guest, nil, guest)} {
		if got {
			t.Error(name)
		}
	}
}

func TestGuestCredentialsAreScopedDown(t *testing.T) {
	w := newWorld(t)
	p := w.pool(nil)
	w.role(guestOne, p, "unauthenticated")
	w.setRoles(p, nil)
	c, err := w.credentials(w.id(p, nil), nil, "")
	if err != nil {
		t.Fatal(err)
	}
	if c.Role != guestOne || c.Providers != nil || !w.may(c, "s3:GetObject") {
		t.Errorf("got %+v", c)
	}
	if w.may(c, "iam:GetRole") {
		t.Error("a guest uses a service outside the list")
	}
	if d := c.Expiration.Sub(w.clock.Now()); d > time.Hour {
		t.Errorf("valid for %v", d)
	}
	w.Guests.PolicyARNs, w.Guests.Policy = nil, `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"sqs:*","Resource":"*"}]}`
	if c, err = w.credentials(w.id(p, nil), nil, ""); err != nil || w.may(c, "s3:GetObject") {
		t.Errorf("the configured policy does not count, %v", err)
	}
}

func TestRoleRefusals(t *testing.T) {
	const text = "Invalid identity pool configuration. Check assigned IAM roles for this pool."
	w := newWorld(t)
	p := w.pool(nil)
	guest := w.id(p, nil)
	_, err := w.credentials(guest, nil, "")
	wantFault(t, "no role configured", err, identity.ErrConfiguration, text)
	w.setRoles(p, nil)
	_, err = w.credentials(guest, nil, "")
	wantFault(t, "role does not exist", err, identity.ErrConfiguration, text)
	w.role(guestOne, w.pool(nil), "unauthenticated")
	_, err = w.credentials(guest, nil, "")
	wantFault(t, "role trusts another pool", err, identity.ErrConfiguration, text)
	w.role(userRole, p, "unauthenticated")
	logins := map[string]string{awsName: w.idToken("alice", nil)}
	_, err = w.credentials(w.id(p, logins), logins, "")
	wantFault(t, "role trusts guests only", err, identity.ErrConfiguration, text)
}

// elsewhere stands for roles of another system that does not answer.
type elsewhere struct{ identity.Roles }

func (elsewhere) AssumeRoleWithWebIdentity(context.Context, sts.WebIdentityRequest) (*sts.AssumedRole, error) {
	return nil, &sts.Fault{Kind: sts.ErrIDPCommunication, Text: "no route to host"}
}

func TestRoleElsewhere(t *testing.T) {
	w := newWorld(t)
	p := w.pool(nil)
	w.setRoles(p, nil)
	w.Roles = elsewhere{}
	_, err := w.credentials(w.id(p, nil), nil, "")
	wantFault(t, "unreachable", err, identity.ErrExternalService, "does not answer")
}

func TestWhoMayHaveCredentials(t *testing.T) {
	w := newWorld(t)
	p, other := w.pool(nil), w.pool(func(s *identity.Settings) { s.UserPools, s.OIDCProviders = nil, nil })
	w.role(userRole, p, "authenticated")
	w.setRoles(p, nil)
	alice := map[string]string{awsName: w.idToken("alice", nil)}
	id := w.id(p, alice)
	_, err := w.credentials(id, nil, "")
	wantFault(t, "no login", err, identity.ErrNotAuthorized, "forbidden")
	_, err = w.credentials(id, map[string]string{awsName: w.idToken("bob", nil)}, "")
	wantFault(t, "login of another", err, identity.ErrNotAuthorized, "Logins don't match. Please include at least one valid login for this identity or identity pool.")
	_, err = w.credentials(w.id(other, nil), alice, "")
	wantFault(t, "identity of another pool", err, identity.ErrNotAuthorized, "Token is not from a supported provider of this identity pool.")
	_, err = w.credentials("us-east-1:none", alice, "")
	wantFault(t, "unknown identity", err, identity.ErrNotAuthorized, "Token is not from a supported provider of this identity pool.")
	_, err = w.credentials("us-east-1:none", nil, "")
	wantFault(t, "unknown guest", err, identity.ErrNotFound, "Identity 'us-east-1:none' not found.")
	_, err = w.credentials(id, alice, rootRole)
	wantFault(t, "custom role without a mapping", err, identity.ErrNotAuthorized, "forbidden")
}

func TestDisabledIdentity(t *testing.T) {
	w := newWorld(t)
	p := w.pool(nil)
	alice, a := map[string]string{awsName: w.idToken("alice", nil)}, map[string]string{oidcName: w.oidcToken("a", nil)}
	owner := w.id(p, alice)
	w.clock.Advance(time.Second)
	merged := w.id(p, a)
	token, _, err := w.token(merged, a)
	if err != nil {
		t.Fatal(err)
	}
	both := map[string]string{awsName: alice[awsName], oidcName: a[oidcName]}
	if _, got, err := w.token(owner, both); err != nil || got != owner {
		t.Fatalf("merged into %s, %v; want %s", got, err, owner)
	}
	_, _, err = w.token(merged, a)
	wantFault(t, "token", err, identity.ErrNotAuthorized, "forbidden")
	_, err = w.credentials(merged, a, "")
	wantFault(t, "credentials", err, identity.ErrNotAuthorized, "forbidden")
	_, err = w.credentials(merged, nil, "")
	wantFault(t, "as a guest", err, identity.ErrNotAuthorized, "forbidden")
	if _, _, err := w.Verify(ctx, w.TokenIssuer(), token); !errors.Is(err, sts.ErrIDPRejected) {
		t.Errorf("its old token: %v", err)
	}
	if id := w.id(p, a); id != owner {
		t.Errorf("the login leads to %s, want %s", id, owner)
	}
}

func TestGuestSignsIn(t *testing.T) {
	w := newWorld(t)
	p := w.pool(nil)
	guest := w.id(p, nil)
	alice := map[string]string{awsName: w.idToken("alice", nil)}
	if _, id, err := w.token(guest, alice); err != nil || id != guest {
		t.Errorf("a new login made of the guest %s, %v", id, err)
	}
	_, _, err := w.token(guest, nil)
	wantFault(t, "as a guest", err, identity.ErrNotAuthorized, "forbidden")
	second := w.id(p, nil)
	if _, id, err := w.token(second, alice); err != nil || id != guest {
		t.Errorf("a known login made of the second guest %s, %v; want %s", id, err, guest)
	}
}

// Two people sign in with one guest identity at a moment: it is the first one's, and
// the other does not get into it.
func TestGuestWhoBecomesSomebodyMeanwhile(t *testing.T) {
	w := newWorld(t)
	p := w.pool(nil)
	guest := w.id(p, nil)
	alice := map[string]string{awsName: w.idToken("alice", nil)}
	store := w.Store
	w.Store = before{store, func() {
		w.Store = store
		if _, id, err := w.token(guest, alice); err != nil || id != guest {
			t.Errorf("alice is %s, %v", id, err)
		}
	}}
	_, _, err := w.token(guest, map[string]string{oidcName: w.oidcToken("mallory", nil)})
	wantFault(t, "the other", err, identity.ErrNotAuthorized, "Logins don't match")
	if i, err := w.Identity(ctx, guest); err != nil || len(i.Logins) != 1 || i.Logins[0].Subject != "alice" {
		t.Errorf("the guest is %+v, %v", i, err)
	}
}

// before is a store where something happens before a link.
type before struct {
	identity.Store
	do func()
}

func (b before) Link(ctx context.Context, l *identity.Linking) (*identity.Linked, error) {
	b.do()
	return b.Store.Link(ctx, l)
}

func TestUnlink(t *testing.T) {
	w := newWorld(t)
	p := w.pool(nil)
	both := map[string]string{awsName: w.idToken("alice", nil), oidcName: w.oidcToken("a", nil)}
	id := w.id(p, both)
	err := w.unlink(id, map[string]string{awsName: w.idToken("bob", nil)}, []string{oidcName})
	wantFault(t, "login of another", err, identity.ErrNotAuthorized, "Logins don't match")
	wantFault(t, "no login", w.unlink(id, nil, []string{oidcName}), identity.ErrNotAuthorized, "forbidden")
	wantFault(t, "a guest", w.unlink(w.id(p, nil), nil, []string{oidcName}), identity.ErrNotAuthorized, "Logins don't match")
	if err := w.unlink(id, map[string]string{oidcName: both[oidcName]}, []string{ownName}); err != nil {
		t.Fatal(err)
	}
	if again := w.id(p, map[string]string{awsName: both[awsName]}); again == id {
		t.Error("the unlinked login still leads to the identity")
	}
	if err := w.unlink(id, map[string]string{oidcName: both[oidcName]}, []string{oidcName}); err != nil {
		t.Fatal(err)
	}
	_, _, err = w.token(id, nil)
	wantFault(t, "identity without logins, as a guest", err, identity.ErrNotAuthorized, "forbidden")
}
