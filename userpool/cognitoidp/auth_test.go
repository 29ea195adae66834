package cognitoidp_test

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/poolhouse/poolhouse/internal/awsapi"
	"github.com/poolhouse/poolhouse/internal/ephemeral/ephemeraltest"
	"github.com/poolhouse/poolhouse/internal/keyring/keyringtest"
	"github.com/poolhouse/poolhouse/store/sqlstore/sqlstoretest"
	"github.com/poolhouse/poolhouse/userpool"
	"github.com/poolhouse/poolhouse/userpool/cognitoidp"
	"github.com/poolhouse/poolhouse/userpool/srp"
)

const (
	authPool   = "us-east-1_Auth00001"
	authClient = "authclient0000000000000000"
	authSecret = "secretclient00000000000000"

	rightPassword = "Correct-Horse1"
)

// A gate is the API over a real store, with one pool, a public and a secret
// client, and the user alice.
type gate struct {
	*testing.T
	*cognitoidp.API
	clock *ephemeraltest.Clock
	store userpool.Store
}

func newGate(t *testing.T) *gate {
	t.Helper()
	clock := ephemeraltest.NewClock()
	ring := keyringtest.Open(t, keyringtest.NewStore(), clock.Now)
	db := sqlstoretest.SQLite(t, clock.Now)
	store, log := db.Userpool(ring), slog.New(slog.DiscardHandler)
	issuer := func(id userpool.PoolID) string { return "http://127.0.0.1:8080/" + string(id) }
	hasher := userpool.NewHasher(userpool.HasherConfig{Cost: userpool.HashCost{MemoryKiB: 64, Passes: 1, Lanes: 1}})
	tokens := &userpool.Tokens{Store: store, Keys: ring, Now: clock.Now, Issuer: issuer}
	d := &gate{T: t, clock: clock, store: store, API: &cognitoidp.API{
		Pools: &userpool.Service{Store: store, Ephemeral: db.Ephemeral(), Keys: ring, Hasher: hasher, Now: clock.Now,
			Region: "us-east-1", Account: "000000000000", Issuer: issuer, Log: log},
		Auth: &userpool.Auth{Store: store, Ephemeral: db.Ephemeral(), Keys: ring, Hasher: hasher, Tokens: tokens,
			Now: clock.Now, Log: log},
		Tokens: tokens,
		SAML:   samlParty(db, tokens),
	}}
	p := userpool.NewPool("auth")
	p.ID = authPool
	_, err := d.Pools.CreatePool(t.Context(), p, nil)
	d.check(err)
	d.client(authClient, "")
	d.client(authSecret, "s3cret")
	phc, err := hasher.Hash(t.Context(), rightPassword)
	d.check(err)
	u := &userpool.User{Pool: authPool, Username: "alice", Sub: "sub-alice", Status: userpool.Confirmed, Enabled: true,
		Created: clock.Now(), Modified: clock.Now(), Password: phc, PasswordChanged: clock.Now(),
		Attributes: map[string]string{"email": "alice@example.com", "custom:x": "hidden"}}
	u.SRPSalt, u.SRPVerifier = userpool.NewVerifier(authPool, "alice", rightPassword)
	d.check(store.CreateUser(t.Context(), u))
	return d
}

func (d *gate) client(id userpool.ClientID, secret string) {
	d.Helper()
	d.check(d.store.CreateClient(d.Context(), &userpool.Client{ID: id, Pool: authPool, Name: "app", Secret: secret,
		ExplicitAuthFlows: strings.Fields("ALLOW_USER_SRP_AUTH ALLOW_USER_PASSWORD_AUTH ALLOW_ADMIN_USER_PASSWORD_AUTH ALLOW_REFRESH_TOKEN_AUTH ALLOW_CUSTOM_AUTH"),
		TokenRevocation:   true, Created: d.clock.Now(), Modified: d.clock.Now()}))
}

func (d *gate) check(err error) {
	d.Helper()
	if err != nil {
		d.Fatal(err)
	}
}

func (d *gate) signIn() *cognitoidp.AuthenticationResultType {
	d.Helper()
	out, err := d.InitiateAuth(d.Context(), &cognitoidp.InitiateAuthInput{ClientId: awsapi.Ptr(authClient),
		AuthFlow:       awsapi.Ptr("USER_PASSWORD_AUTH"),
		AuthParameters: map[string]string{"USERNAME": "alice", "PASSWORD": rightPassword}})
	d.check(err)
	return out.AuthenticationResult
}

// wantCode checks how an error goes over the wire.
func wantCode(t *testing.T, err error, status int, code, text string) {
	t.Helper()
	e, ok := cognitoidp.Errors.Find(err)
	if !ok || e.Status != status || e.Code != code || e.Message != text {
		t.Errorf("err = %v (%+v), want %d %s: %s", err, e, status, code, text)
	}
}

func TestInitiateAuthAnswer(t *testing.T) {
	d := newGate(t)
	out, err := d.InitiateAuth(t.Context(), &cognitoidp.InitiateAuthInput{ClientId: awsapi.Ptr(authClient),
		AuthFlow: awsapi.Ptr("USER_PASSWORD_AUTH"), AuthParameters: map[string]string{"USERNAME": "alice", "PASSWORD": rightPassword}})
	d.check(err)
	r := out.AuthenticationResult
	if *r.TokenType != "Bearer" || *r.ExpiresIn != 3600 || r.RefreshToken == nil || r.IdToken == nil || r.NewDeviceMetadata != nil {
		t.Errorf("result %+v", r)
	}
	if out.ChallengeName != nil || out.Session != nil || out.ChallengeParameters == nil || len(out.ChallengeParameters) != 0 {
		t.Errorf("answer %+v", out)
	}
	d.clock.Advance(time.Minute)
	again, err := d.InitiateAuth(t.Context(), &cognitoidp.InitiateAuthInput{ClientId: awsapi.Ptr(authClient),
		AuthFlow: awsapi.Ptr("REFRESH_TOKEN_AUTH"), AuthParameters: map[string]string{"REFRESH_TOKEN": *r.RefreshToken}})
	d.check(err)
	if got := again.AuthenticationResult; got.RefreshToken != nil || got.AccessToken == nil || got.IdToken == nil {
		t.Errorf("refreshed %+v", got)
	}
}

func TestSRPOverTheAPI(t *testing.T) {
	d := newGate(t)
	half := srp.NewClient()
	out, err := d.InitiateAuth(t.Context(), &cognitoidp.InitiateAuthInput{ClientId: awsapi.Ptr(authClient),
		AuthFlow: awsapi.Ptr("USER_SRP_AUTH"), AuthParameters: map[string]string{"USERNAME": "alice", "SRP_A": half.Public.Text(16)}})
	d.check(err)
	if *out.ChallengeName != "PASSWORD_VERIFIER" || out.Session != nil || out.AuthenticationResult != nil {
		t.Fatalf("answer %+v", out)
	}
	answer, err := half.Answer("Auth00001", rightPassword, out.ChallengeParameters, d.clock.Now())
	d.check(err)
	done, err := d.RespondToAuthChallenge(t.Context(), &cognitoidp.RespondToAuthChallengeInput{ClientId: awsapi.Ptr(authClient),
		ChallengeName: out.ChallengeName, ChallengeResponses: answer})
	d.check(err)
	if done.AuthenticationResult == nil {
		t.Errorf("answer %+v", done)
	}
}

func TestUnknownClients(t *testing.T) {
	d := newGate(t)
	in := map[string]string{"USERNAME": "alice", "PASSWORD": rightPassword}
	_, err := d.InitiateAuth(t.Context(), &cognitoidp.InitiateAuthInput{ClientId: awsapi.Ptr("nosuch"), AuthFlow: awsapi.Ptr("USER_PASSWORD_AUTH"), AuthParameters: in})
	wantCode(t, err, 400, "ResourceNotFoundException", "User pool client nosuch does not exist.")
	_, err = d.AdminInitiateAuth(t.Context(), &cognitoidp.AdminInitiateAuthInput{UserPoolId: awsapi.Ptr("us-east-1_Nowhere01"),
		ClientId: awsapi.Ptr(authClient), AuthFlow: awsapi.Ptr("ADMIN_NO_SRP_AUTH"), AuthParameters: in})
	wantCode(t, err, 400, "ResourceNotFoundException", "User pool us-east-1_Nowhere01 does not exist.")
	other := userpool.NewPool("other")
	other.ID = "us-east-1_Other0001"
	_, err = d.Pools.CreatePool(t.Context(), other, nil)
	d.check(err)
	_, err = d.AdminInitiateAuth(t.Context(), &cognitoidp.AdminInitiateAuthInput{UserPoolId: awsapi.Ptr("us-east-1_Other0001"),
		ClientId: awsapi.Ptr(authClient), AuthFlow: awsapi.Ptr("ADMIN_NO_SRP_AUTH"), AuthParameters: in})
	wantCode(t, err, 400, "ResourceNotFoundException", "User pool client "+authClient+" does not exist.")
}

func TestNotImplementedChallengeNamesItself(t *testing.T) {
	d := newGate(t)
	_, err := d.AdminRespondToAuthChallenge(t.Context(), &cognitoidp.AdminRespondToAuthChallengeInput{UserPoolId: awsapi.Ptr(authPool),
		ClientId: awsapi.Ptr(authClient), ChallengeName: awsapi.Ptr("ADMIN_NO_SRP_AUTH")})
	wantCode(t, err, 501, "NotImplementedException", "The ADMIN_NO_SRP_AUTH challenge is not implemented.")
}

// A back end tells the address of its user, so that one user's guesses do not
// lock all users of the back end out.
func TestOriginOfABackEnd(t *testing.T) {
	d := newGate(t)
	try := func(ctx context.Context, ip, password string) error {
		_, err := d.AdminInitiateAuth(ctx, &cognitoidp.AdminInitiateAuthInput{UserPoolId: awsapi.Ptr(authPool), ClientId: awsapi.Ptr(authClient),
			AuthFlow: awsapi.Ptr("ADMIN_USER_PASSWORD_AUTH"), AuthParameters: map[string]string{"USERNAME": "alice", "PASSWORD": password},
			ContextData: &cognitoidp.ContextDataType{IpAddress: &ip}})
		return err
	}
	back := awsapi.WithCall(t.Context(), &awsapi.Call{SourceIP: "10.0.0.1"})
	for range 5 {
		wantCode(t, try(back, "192.0.2.1", "wrong"), 400, "NotAuthorizedException", "Incorrect username or password.")
	}
	wantCode(t, try(back, "192.0.2.1", rightPassword), 400, "NotAuthorizedException", "Password attempts exceeded")
	d.check(try(back, "192.0.2.2", rightPassword))
	d.check(try(back, "", rightPassword))
}

func TestGetUser(t *testing.T) {
	d := newGate(t)
	out, err := d.GetUser(t.Context(), &cognitoidp.GetUserInput{AccessToken: d.signIn().AccessToken})
	d.check(err)
	var names []string
	for _, a := range out.UserAttributes {
		names = append(names, *a.Name+"="+*a.Value)
	}
	if *out.Username != "alice" || !slices.Equal(names, []string{"sub=sub-alice", "email=alice@example.com"}) {
		t.Errorf("%s %v", *out.Username, names)
	}
	_, err = d.GetUser(t.Context(), &cognitoidp.GetUserInput{AccessToken: awsapi.Ptr("e30.e30.e30")})
	wantCode(t, err, 400, "NotAuthorizedException", "Invalid Access Token")
}

func TestGlobalSignOut(t *testing.T) {
	d := newGate(t)
	tokens := d.signIn()
	_, err := d.GlobalSignOut(t.Context(), &cognitoidp.GlobalSignOutInput{AccessToken: tokens.AccessToken})
	d.check(err)
	_, err = d.GetUser(t.Context(), &cognitoidp.GetUserInput{AccessToken: tokens.AccessToken})
	wantCode(t, err, 400, "NotAuthorizedException", "Access Token has been revoked")
	_, err = d.GetTokensFromRefreshToken(t.Context(), &cognitoidp.GetTokensFromRefreshTokenInput{ClientId: awsapi.Ptr(authClient), RefreshToken: tokens.RefreshToken})
	wantCode(t, err, 400, "NotAuthorizedException", "Refresh Token has been revoked")
}

func TestRevokeToken(t *testing.T) {
	d := newGate(t)
	tokens := d.signIn()
	revoke := func(client, secret string, token *string) error {
		_, err := d.RevokeToken(t.Context(), &cognitoidp.RevokeTokenInput{ClientId: &client, ClientSecret: &secret, Token: token})
		return err
	}
	wantCode(t, revoke(authClient, "", tokens.AccessToken), 400, "UnsupportedTokenTypeException", "The token is not a refresh token")
	wantCode(t, revoke(authClient, "", awsapi.Ptr("x.y")), 400, "UnauthorizedException", "Invalid Refresh Token")
	wantCode(t, revoke("nosuch", "", tokens.RefreshToken), 400, "UnauthorizedException", "User pool client nosuch does not exist.")
	wantCode(t, revoke(authSecret, "", tokens.RefreshToken), 400, "UnauthorizedException", "Unable to verify secret for client "+authSecret)
	wantCode(t, revoke(authSecret, "s3cret", tokens.RefreshToken), 400, "UnauthorizedException", "Invalid Refresh Token")
	for range 2 {
		d.check(revoke(authClient, "", tokens.RefreshToken))
	}
	_, err := d.GetUser(t.Context(), &cognitoidp.GetUserInput{AccessToken: tokens.AccessToken})
	wantCode(t, err, 400, "NotAuthorizedException", "Access Token has been revoked")
}

func TestRevokeTokenSwitchedOff(t *testing.T) {
	d := newGate(t)
	tokens := d.signIn()
	_, err := d.store.UpdateClient(t.Context(), authPool, authClient, func(c *userpool.Client) error { c.TokenRevocation = false; return nil })
	d.check(err)
	_, err = d.RevokeToken(t.Context(), &cognitoidp.RevokeTokenInput{ClientId: awsapi.Ptr(authClient), Token: tokens.RefreshToken})
	wantCode(t, err, 400, "UnsupportedOperationException", "Token revocation is not enabled for client "+authClient)
}

func TestGetTokensFromRefreshToken(t *testing.T) {
	d := newGate(t)
	tokens := d.signIn()
	get := func(secret *string, token *string) (*cognitoidp.GetTokensFromRefreshTokenOutput, error) {
		return d.GetTokensFromRefreshToken(t.Context(), &cognitoidp.GetTokensFromRefreshTokenInput{ClientId: awsapi.Ptr(authClient), ClientSecret: secret, RefreshToken: token})
	}
	out, err := get(nil, tokens.RefreshToken)
	d.check(err)
	if out.AuthenticationResult.RefreshToken != nil {
		t.Error("rotated without rotation")
	}
	_, err = get(awsapi.Ptr("guess"), tokens.RefreshToken)
	wantCode(t, err, 400, "NotAuthorizedException", "Unable to verify secret for client "+authClient)
	_, err = d.store.UpdateClient(t.Context(), authPool, authClient, func(c *userpool.Client) error { c.RotateRefresh = true; return nil })
	d.check(err)
	out, err = get(nil, tokens.RefreshToken)
	d.check(err)
	if out.AuthenticationResult.RefreshToken == nil {
		t.Error("not rotated")
	}
	_, err = get(nil, tokens.RefreshToken)
	wantCode(t, err, 400, "RefreshTokenReuseException", "Refresh Token has been used before")
}

func TestGetSigningCertificate(t *testing.T) {
	d := newGate(t)
	one, err := d.GetSigningCertificate(t.Context(), &cognitoidp.GetSigningCertificateInput{UserPoolId: awsapi.Ptr(authPool)})
	d.check(err)
	two, err := d.GetSigningCertificate(t.Context(), &cognitoidp.GetSigningCertificateInput{UserPoolId: awsapi.Ptr(authPool)})
	d.check(err)
	if *one.Certificate == "" || *one.Certificate != *two.Certificate {
		t.Errorf("certificates %q, %q", *one.Certificate, *two.Certificate)
	}
	_, err = d.GetSigningCertificate(t.Context(), &cognitoidp.GetSigningCertificateInput{UserPoolId: awsapi.Ptr("us-east-1_Nowhere01")})
	wantCode(t, err, 400, "ResourceNotFoundException", "User pool us-east-1_Nowhere01 does not exist.")
}

// An internal error has no wire form, so its text stays in the log.
func TestInternalErrorsStayInside(t *testing.T) {
	d := newGate(t)
	d.Auth.Store = broken{d.store}
	_, err := d.InitiateAuth(t.Context(), &cognitoidp.InitiateAuthInput{ClientId: awsapi.Ptr(authClient),
		AuthFlow: awsapi.Ptr("USER_PASSWORD_AUTH"), AuthParameters: map[string]string{"USERNAME": "alice", "PASSWORD": rightPassword}})
	if e, ok := cognitoidp.Errors.Find(err); ok || err == nil {
		t.Errorf("err = %v, %+v", err, e)
	}
}

type broken struct{ userpool.Store }

func (broken) User(context.Context, userpool.PoolID, string) (*userpool.User, error) {
	return nil, errors.New("disk /secret/path is full")
}

func TestRequiredAttributesAreJSON(t *testing.T) {
	d := newGate(t)
	_, err := d.store.UpdateUser(t.Context(), authPool, "alice", func(u *userpool.User) error { u.Status = userpool.ForceChangePassword; return nil })
	d.check(err)
	out, err := d.InitiateAuth(t.Context(), &cognitoidp.InitiateAuthInput{ClientId: awsapi.Ptr(authClient),
		AuthFlow: awsapi.Ptr("USER_PASSWORD_AUTH"), AuthParameters: map[string]string{"USERNAME": "alice", "PASSWORD": rightPassword}})
	d.check(err)
	var attributes map[string]string
	var required []string
	d.check(json.Unmarshal([]byte(out.ChallengeParameters["userAttributes"]), &attributes))
	d.check(json.Unmarshal([]byte(out.ChallengeParameters["requiredAttributes"]), &required))
	if *out.ChallengeName != "NEW_PASSWORD_REQUIRED" || out.Session == nil || attributes["email"] != "alice@example.com" || required == nil {
		t.Errorf("answer %+v", out)
	}
}
