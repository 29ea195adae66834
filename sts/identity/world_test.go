package identity_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"strings"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"

	"github.com/poolhouse/poolhouse/internal/ephemeral/ephemeraltest"
	"github.com/poolhouse/poolhouse/internal/keyring"
	"github.com/poolhouse/poolhouse/internal/keyring/keyringtest"
	"github.com/poolhouse/poolhouse/internal/ratelimit"
	"github.com/poolhouse/poolhouse/store/sqlstore/sqlstoretest"
	"github.com/poolhouse/poolhouse/sts"
	"github.com/poolhouse/poolhouse/sts/identity"
)

const (
	account  = "000000000000"
	userPool = "us-east-1_Test00001"
	awsName  = "cognito-idp.us-east-1.amazonaws.com/" + userPool
	ownName  = "127.0.0.1:8080/" + userPool
	client   = "client1"
	oidcName = "idp.example/realm"
	oidcARN  = "arn:aws:iam::" + account + ":oidc-provider/" + oidcName
	samlARN  = "arn:aws:iam::" + account + ":saml-provider/corp"
	userRole = "arn:aws:iam::" + account + ":role/user"
	teamRole = "arn:aws:iam::" + account + ":role/team"
	rootRole = "arn:aws:iam::" + account + ":role/admin"
	guestOne = "arn:aws:iam::" + account + ":role/guest"
)

var ctx = context.Background()

// A world is a service on a real store with a real STS behind it. Only the
// issuers of login tokens are made here.
type world struct {
	*identity.Service
	t       *testing.T
	clock   *ephemeraltest.Clock
	sts     *sts.Service
	issuers keyring.Ring    // a scope per issuer
	out     map[string]bool // users who are signed out
	bearers map[string]bearer
	saml    map[string]*sts.SAMLLogin // by response
}

// A bearer is what an access token means.
type bearer struct {
	app, subject string
	err          error
}

func newWorld(t *testing.T) *world {
	clock := ephemeraltest.NewClock()
	db := sqlstoretest.SQLite(t, clock.Now)
	ring := keyringtest.Open(t, keyringtest.NewStore(), clock.Now)
	w := &world{t: t, clock: clock, issuers: ring, out: map[string]bool{}, bearers: map[string]bearer{}, saml: map[string]*sts.SAMLLogin{}}
	log := slog.New(slog.DiscardHandler)
	w.sts = &sts.Service{Store: db.STS(ring), Ephemeral: db.Ephemeral(), Keys: ring, Now: clock.Now, Log: log,
		Region: "us-east-1", Account: account, PublicURL: "http://127.0.0.1:8080"}
	w.Service = &identity.Service{Store: db.Identity(), Limiter: ratelimit.New(db.Ephemeral(), clock.Now, log), Keys: ring,
		UserPools: userPools{w}, Providers: w, SAML: w, Access: w, Remote: remote{w}, Roles: w.sts, Guests: identity.DefaultGuestScope(), Now: clock.Now, Region: "us-east-1", PublicURL: "http://127.0.0.1:8080", Log: log,
		Issuer: func(pool string) string { return "http://127.0.0.1:8080/" + pool }}
	w.sts.Local = w.Service
	return w
}

// sign returns a token of an issuer.
func (w *world) sign(issuer string, claims map[string]any) string {
	w.t.Helper()
	key, err := w.issuers.Signer(ctx, "issuer/"+issuer, "RS256")
	if err != nil {
		w.t.Fatal(err)
	}
	return signWith(w.t, jose.RS256, key.Private, claims)
}

func signWith(t *testing.T, alg jose.SignatureAlgorithm, key any, claims map[string]any) string {
	t.Helper()
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: alg, Key: key}, nil)
	if err != nil {
		t.Fatal(err)
	}
	token, err := jwt.Signed(signer).Claims(claims).Serialize()
	if err != nil {
		t.Fatal(err)
	}
	return token
}

// idToken returns a user's ID token of the user pool; more claims replace the usual.
func (w *world) idToken(sub string, more map[string]any) string {
	issuer := w.Issuer(userPool)
	claims := map[string]any{"iss": issuer, "sub": sub, "aud": client, "token_use": "id", "exp": w.clock.Now().Add(time.Hour).Unix()}
	maps.Copy(claims, more)
	return w.sign(issuer, claims)
}

func (w *world) oidcToken(sub string, more map[string]any) string {
	claims := map[string]any{"iss": "https://" + oidcName, "sub": sub, "aud": []string{"app"}, "exp": w.clock.Now().Add(time.Hour).Unix()}
	maps.Copy(claims, more)
	return w.sign("https://"+oidcName, claims)
}

// check verifies a token's signature by its issuer's key.
func (w *world) check(issuer, token string) (map[string]any, error) {
	parsed, err := jwt.ParseSigned(token, []jose.SignatureAlgorithm{jose.RS256})
	if err != nil {
		return nil, err
	}
	key, err := w.issuers.Signer(ctx, "issuer/"+issuer, "RS256")
	if err != nil {
		return nil, err
	}
	var claims map[string]any
	if err := parsed.Claims(key.Private.Public(), &claims); err != nil {
		return nil, err
	}
	return claims, nil
}

// userPools is the world as identity.UserPools.
type userPools struct{ *world }

func (w userPools) Verify(_ context.Context, pool, token string) (map[string]any, error) {
	claims, err := w.check(w.Issuer(pool), token)
	if err != nil || claims["token_use"] != "id" {
		return nil, fmt.Errorf("%w: %w", identity.ErrNotAuthorized, errors.Join(err, errors.New("no ID token")))
	}
	return claims, nil
}

func (w userPools) Alive(_ context.Context, _ string, claims map[string]any) error {
	if w.out[claims["sub"].(string)] {
		return identity.ErrNotAuthorized
	}
	return nil
}

// remote is the world as sts.RemoteIssuers.
type remote struct{ *world }

func (w remote) Verify(_ context.Context, issuer, token string) (map[string]any, error) {
	claims, err := w.check(issuer, token)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", sts.ErrInvalidToken, err)
	}
	return claims, nil
}

func (w *world) OIDCProvider(_ context.Context, arn string) (string, []string, error) {
	if arn != oidcARN {
		return "", nil, identity.ErrNotFound
	}
	return "https://" + oidcName, []string{"app"}, nil
}

// Bearer makes the world identity.AccessTokens.
func (w *world) Bearer(_ context.Context, _, token string) ([]string, string, error) {
	b, ok := w.bearers[token]
	if !ok {
		b.err = identity.ErrNotAuthorized
	}
	return []string{b.app}, b.subject, b.err
}

// SAMLLogin makes the world identity.SAMLProviders.
func (w *world) SAMLLogin(_ context.Context, arn, response string) (*sts.SAMLLogin, error) {
	if l, ok := w.saml[response]; ok && arn == samlARN {
		return l, nil
	}
	return nil, &sts.Fault{Kind: sts.ErrInvalidToken, Text: "Response signature invalid"}
}

// pool makes a pool that accepts the user pool and the OIDC provider.
func (w *world) pool(change func(*identity.Settings)) *identity.Pool {
	w.t.Helper()
	set := identity.Settings{Name: "test", AllowUnauthenticated: true, OIDCProviders: []string{oidcARN},
		UserPools: []identity.UserPoolProvider{{Name: awsName, Client: client}}}
	if change != nil {
		change(&set)
	}
	p, err := w.CreatePool(ctx, set)
	if err != nil {
		w.t.Fatal(err)
	}
	return p
}

// role makes a role that trusts a pool's identities, by amr, and may do all of S3 and IAM.
func (w *world) role(arn string, p *identity.Pool, amr string) {
	w.t.Helper()
	w.trusting(arn, p, amr, `["sts:AssumeRoleWithWebIdentity","sts:TagSession"]`)
}

// strictRole makes a role that takes no tags.
func (w *world) strictRole(arn string, p *identity.Pool) {
	w.t.Helper()
	w.trusting(arn, p, "authenticated", `"sts:AssumeRoleWithWebIdentity"`)
}

func (w *world) trusting(arn string, p *identity.Pool, amr, actions string) {
	w.t.Helper()
	trust := fmt.Sprintf(`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Federated":"cognito-identity.amazonaws.com"},
		"Action":%s,"Condition":{"StringEquals":{"cognito-identity.amazonaws.com:aud":%q},
		"ForAnyValue:StringLike":{"cognito-identity.amazonaws.com:amr":%q}}}]}`, actions, p.ID, amr)
	name := arn[strings.LastIndexByte(arn, '/')+1:]
	err := w.sts.Store.Roles().Create(ctx, &sts.Role{Account: account, ID: "AROA" + name, Path: "/", Name: name, Trust: trust,
		MaxSession: time.Hour, Created: w.clock.Now(), Permissions: sts.Permissions{Inline: map[string]string{
			"all": `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":["s3:*","iam:*"],"Resource":"*"}]}`}}})
	if err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) setRoles(p *identity.Pool, mappings map[string]identity.RoleMapping) {
	w.t.Helper()
	roles := map[string]string{"authenticated": userRole, "unauthenticated": guestOne}
	if err := w.SetRoles(ctx, p.ID, roles, mappings); err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) id(p *identity.Pool, logins map[string]string) identity.ID {
	w.t.Helper()
	id, err := w.GetID(ctx, p.ID, logins, "192.0.2.1")
	if err != nil {
		w.t.Fatal(err)
	}
	return id
}

func (w *world) credentials(id identity.ID, logins map[string]string, role string) (*identity.Credentials, error) {
	return w.Credentials(ctx, identity.CredentialsRequest{Visitor: identity.Visitor{Identity: id, Logins: logins}, Role: role})
}

func (w *world) token(id identity.ID, logins map[string]string) (token string, owner identity.ID, err error) {
	return w.OpenIDToken(ctx, identity.Visitor{Identity: id, Logins: logins})
}

func (w *world) unlink(id identity.ID, logins map[string]string, remove []string) error {
	return w.Unlink(ctx, identity.Visitor{Identity: id, Logins: logins}, remove)
}

func wantFault(t *testing.T, what string, err, kind error, text string) {
	t.Helper()
	var public interface{ PublicText() string }
	if !errors.Is(err, kind) || !errors.As(err, &public) || !strings.Contains(public.PublicText(), text) {
		t.Errorf("%s: %v, want %v %q", what, err, kind, text)
	}
}
