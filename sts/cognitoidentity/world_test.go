package cognitoidentity_test

import (
	"context"
	"errors"
	"log/slog"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	sdk "github.com/aws/aws-sdk-go-v2/service/cognitoidentity"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentity/types"
	"github.com/aws/smithy-go"

	"github.com/poolhouse/poolhouse/internal/audit"
	"github.com/poolhouse/poolhouse/internal/awsapi"
	"github.com/poolhouse/poolhouse/internal/keyring/keyringtest"
	"github.com/poolhouse/poolhouse/store/sqlstore/sqlstoretest"
	"github.com/poolhouse/poolhouse/sts"
	"github.com/poolhouse/poolhouse/sts/cognitoidentity"
	"github.com/poolhouse/poolhouse/sts/identity"
	"github.com/poolhouse/poolhouse/sts/stsapi"
	"github.com/poolhouse/poolhouse/userpool"
)

const (
	account   = "000000000000"
	poolID    = userpool.PoolID("us-east-1_World0001")
	clientID  = userpool.ClientID("worldclient000000000000000")
	provider  = "cognito-idp.us-east-1.amazonaws.com/" + string(poolID)
	userRole  = "arn:aws:iam::" + account + ":role/user"
	rootKey   = "AKIAROOT000000000000"
	passerKey = "AKIAPASSER0000000000"
	secret    = "not much of a secret, for tests only"
)

// A world is the operations behind the real wire layer, with a real STS and user
// pool, and the stock SDK in front.
type world struct {
	*testing.T
	sts    *sts.Service
	pools  *identity.Service
	tokens *userpool.Tokens
	store  userpool.Store
	audit  recorder
	sdk    *sdk.Client
	server *httptest.Server
}

// recorder keeps audit events.
type recorder struct {
	mu     sync.Mutex
	events []audit.Event
}

func (r *recorder) Add(_ context.Context, e audit.Event) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.events = append(r.events, e)
}

func newWorld(t *testing.T) *world {
	db, ring, log := sqlstoretest.SQLite(t, time.Now), keyringtest.New(t), slog.New(slog.DiscardHandler)
	issuer := func(pool string) string { return "http://127.0.0.1:8080/" + pool }
	w := &world{T: t, store: db.Userpool(ring)}
	w.tokens = &userpool.Tokens{Store: w.store, Keys: ring, Now: time.Now, Issuer: func(p userpool.PoolID) string { return issuer(string(p)) }}
	w.sts = &sts.Service{Store: db.STS(ring), Ephemeral: db.Ephemeral(), Keys: ring, Now: time.Now, Log: log, Region: "us-east-1",
		Account: account, PublicURL: "http://127.0.0.1:8080", RootAccessKeyID: rootKey, RootSecretAccessKey: secret}
	w.pools = &identity.Service{
		Store: db.Identity(), Keys: ring, SAML: w.sts, Guests: identity.DefaultGuestScope(), UserPools: cognitoidentity.UserPools{Tokens: w.tokens},
		Providers: cognitoidentity.Providers{Store: w.sts.Store, Account: account}, Roles: w.sts, Now: time.Now,
		Region: "us-east-1", PublicURL: "http://127.0.0.1:8080", Issuer: issuer, Log: log}
	access := &stsapi.Access{Service: w.sts}
	api := &cognitoidentity.API{Region: "us-east-1", Account: account, Authorizer: access, Audit: &w.audit, Pools: w.pools}
	h, err := awsapi.NewHandler(awsapi.Config{Services: []awsapi.Service{api.Service()}, Credentials: access, Authorizer: access,
		Region: "us-east-1", Account: account, Log: log})
	w.check(err)
	w.server = httptest.NewServer(h)
	t.Cleanup(w.server.Close)
	w.sdk = w.client(rootKey)
	w.seed()
	return w
}

func (w *world) client(key string) *sdk.Client {
	return sdk.New(sdk.Options{BaseEndpoint: &w.server.URL, Region: "us-east-1", RetryMaxAttempts: 1,
		Credentials: credentials.NewStaticCredentialsProvider(key, secret, "")})
}

// user returns the client of a user whose policy has these statements.
func (w *world) user(statements string) *sdk.Client {
	w.Helper()
	ctx, now := w.Context(), time.Now()
	w.check(w.sts.Store.Users().Create(ctx, &sts.User{Account: account, ID: "AIDA1", Path: "/", Name: "passer", Created: now, AccessKeys: []string{passerKey},
		Permissions: sts.Permissions{Inline: map[string]string{"p": `{"Version":"2012-10-17","Statement":[` + statements + `]}`}}}))
	w.check(w.sts.Store.AccessKeys().Create(ctx, &sts.AccessKey{Account: account, ID: passerKey, User: "passer", UserID: "AIDA1", Secret: secret,
		Active: true, Created: now}))
	return w.client(passerKey)
}

func (w *world) check(err error) {
	w.Helper()
	if err != nil {
		w.Fatal(err)
	}
}

// seed makes a user pool with alice, and a role for the identities of any pool.
func (w *world) seed() {
	now := time.Now().UTC()
	p := userpool.NewPool("pool")
	p.ID, p.Created, p.Modified = poolID, now, now
	w.check(w.store.CreatePool(w.Context(), p))
	w.check(w.store.CreateClient(w.Context(), &userpool.Client{ID: clientID, Pool: poolID, Name: "app", Created: now, Modified: now,
		TokenRevocation: true, RefreshTokenLife: time.Hour}))
	w.check(w.store.CreateUser(w.Context(), &userpool.User{Pool: poolID, Username: "alice", Sub: "sub-alice", Status: userpool.Confirmed,
		Enabled: true, Created: now, Modified: now, Attributes: map[string]string{"email": "alice@example.com"}}))
	w.check(w.sts.Store.Roles().Create(w.Context(), &sts.Role{Account: account, ID: "AROAUSER", Path: "/", Name: "user", MaxSession: time.Hour,
		Created: now, Trust: `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Principal":{"Federated":"cognito-identity.amazonaws.com"},
			"Action":"sts:AssumeRoleWithWebIdentity","Condition":{"ForAnyValue:StringLike":{"cognito-identity.amazonaws.com:amr":"authenticated"}}}}`}))
}

// signIn returns alice's ID token.
func (w *world) signIn() *userpool.TokenSet {
	w.Helper()
	ctx := w.Context()
	pool, err := w.store.Pool(ctx, poolID)
	w.check(err)
	client, err := w.store.Client(ctx, clientID)
	w.check(err)
	user, err := w.store.User(ctx, poolID, "alice")
	w.check(err)
	set, err := w.tokens.Issue(ctx, &userpool.Grant{Pool: pool, Client: client, User: user, Native: true,
		Scopes: []string{"aws.cognito.signin.user.admin"}})
	w.check(err)
	return set
}

// pool makes an identity pool for the user pool.
func (w *world) pool(change func(*sdk.CreateIdentityPoolInput)) string {
	w.Helper()
	in := &sdk.CreateIdentityPoolInput{IdentityPoolName: aws.String("test"), AllowUnauthenticatedIdentities: true,
		CognitoIdentityProviders: []types.CognitoIdentityProvider{{ProviderName: aws.String(provider), ClientId: aws.String(string(clientID)),
			ServerSideTokenCheck: aws.Bool(true)}}}
	if change != nil {
		change(in)
	}
	out, err := w.sdk.CreateIdentityPool(w.Context(), in)
	w.check(err)
	return *out.IdentityPoolId
}

// wantCode checks that an answer is a client error of a code.
func wantCode(t *testing.T, what string, err error, code string) {
	t.Helper()
	var e smithy.APIError
	if !errors.As(err, &e) || e.ErrorCode() != code {
		t.Errorf("%s: %v, want %s", what, err, code)
	}
}
