package cognitoidp_test

import (
	"context"
	"errors"
	"log/slog"
	"regexp"
	"strings"
	"testing"

	"github.com/poolhouse/poolhouse/internal/awsapi"
	"github.com/poolhouse/poolhouse/internal/ephemeral/ephemeraltest"
	"github.com/poolhouse/poolhouse/internal/keyring/keyringtest"
	"github.com/poolhouse/poolhouse/sp/oidcrp"
	"github.com/poolhouse/poolhouse/store/sqlstore/sqlstoretest"
	"github.com/poolhouse/poolhouse/userpool"
	idp "github.com/poolhouse/poolhouse/userpool/cognitoidp"
)

const password = "Correct-Horse1"

// A desk is the API on a real store, as tests of its typed functions use it.
type desk struct {
	testing.TB
	*idp.API
	clock *ephemeraltest.Clock
	mail  []userpool.Mail

	documents map[string]string // that providers publish, by address
}

func (d *desk) Send(_ context.Context, m userpool.Mail) error {
	d.mail = append(d.mail, m)
	return nil
}

func newDesk(t testing.TB) *desk {
	t.Helper()
	d := &desk{TB: t, clock: ephemeraltest.NewClock()}
	now := d.clock.Now
	ring := keyringtest.Open(t, keyringtest.NewStore(), now)
	db := sqlstoretest.SQLite(t, now)
	store, log := db.Userpool(ring), slog.New(slog.DiscardHandler)
	issuer := func(id userpool.PoolID) string { return "http://127.0.0.1:8080/" + string(id) }
	hasher := userpool.NewHasher(userpool.HasherConfig{Cost: userpool.HashCost{MemoryKiB: 64, Passes: 1, Lanes: 1}})
	pools := &userpool.Service{Store: store, Ephemeral: db.Ephemeral(), Messages: d, Keys: ring, Hasher: hasher, Now: now,
		Region: "us-east-1", Account: "000000000000", Issuer: issuer, Log: log}
	tokens := &userpool.Tokens{Store: store, Keys: ring, Now: now, Issuer: issuer}
	auth := &userpool.Auth{Store: store, Ephemeral: db.Ephemeral(), Keys: ring, Hasher: hasher, Tokens: tokens, Messages: d, Now: now, Log: log}
	d.API = &idp.API{Pools: pools, Auth: auth, Tokens: tokens, SAML: samlParty(db, tokens),
		Completer: oidcrp.NewUpstream(d, store, nil, now), Authorizer: passer{}}
	return d
}

func ptr[T any](v T) *T { return &v }

// ok returns a result whose error must be nil.
func ok[T any](t testing.TB) func(T, error) T {
	return func(v T, err error) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}

// refused wants err to be reported under a code, with a text that contains text.
func refused(t testing.TB, err error, code, text string) {
	t.Helper()
	e, found := idp.Errors.Find(err)
	if !found {
		var direct *awsapi.Error
		if !errors.As(err, &direct) {
			t.Fatalf("error %v, want %s", err, code)
		}
		e = direct
	}
	if e.Code != code || !strings.Contains(e.Message, text) {
		t.Fatalf("%s: %s, want %s: %s", e.Code, e.Message, code, text)
	}
}

func same[T comparable](t testing.TB, what string, got, want T) {
	t.Helper()
	if got != want {
		t.Fatalf("%s: %v, want %v", what, got, want)
	}
}

func (d *desk) pool(in idp.CreateUserPoolInput) *idp.UserPoolType {
	d.Helper()
	in.PoolName = ptr("pool")
	return ok[*idp.CreateUserPoolOutput](d)(d.CreateUserPool(d.Context(), &in)).UserPool
}

func (d *desk) client(pool *idp.UserPoolType, in idp.CreateUserPoolClientInput) *idp.UserPoolClientType {
	d.Helper()
	in.UserPoolId, in.ClientName = pool.Id, ptr("app")
	return ok[*idp.CreateUserPoolClientOutput](d)(d.CreateUserPoolClient(d.Context(), &in)).UserPoolClient
}

var sixDigits = regexp.MustCompile(`\b\d{6}\b`)

func (d *desk) code() *string {
	d.Helper()
	if len(d.mail) == 0 {
		d.Fatal("no mail")
	}
	return ptr(sixDigits.FindString(d.mail[len(d.mail)-1].Body))
}

func TestTables(t *testing.T) {
	s := newDesk(t).Service()
	if err := awsapi.CheckOps(s); err != nil {
		t.Error(err)
	}
	if err := awsapi.CheckErrors(s); err != nil {
		t.Error(err)
	}
}

// TestEveryDomainErrorIsReported walks the kinds of the domain.
func TestEveryDomainErrorIsReported(t *testing.T) {
	for _, err := range []error{
		userpool.ErrPoolNotFound, userpool.ErrClientNotFound, userpool.ErrUserNotFound, userpool.ErrGroupNotFound, userpool.ErrDomainNotFound,
		userpool.ErrNotFound, userpool.ErrUserExists, userpool.ErrGroupExists, userpool.ErrDomainExists, userpool.ErrAliasExists,
		userpool.ErrNotAuthorized, userpool.ErrUserNotConfirmed, userpool.ErrPasswordResetRequired, userpool.ErrInvalidParameter,
		userpool.ErrInvalidPassword, userpool.ErrPasswordHistory, userpool.ErrCodeMismatch, userpool.ErrExpiredCode, userpool.ErrLimitExceeded,
		userpool.ErrTooManyRequests, userpool.ErrCodeDelivery, userpool.ErrUnsupportedTokenType, userpool.ErrTokenReuse, userpool.ErrConflict,
		userpool.ErrBusy, userpool.ErrUnsupportedState, userpool.ErrInvalidOAuthFlow, userpool.ErrScopeDoesNotExist,
		userpool.ErrSoftwareTokenNotFound, userpool.ErrEnableSoftwareToken,
	} {
		if _, found := idp.Errors.Find(err); !found {
			t.Errorf("%v is reported as an internal error", err)
		}
	}
	if e, found := idp.Errors.Find(errors.New("sql: secret detail")); found {
		t.Errorf("an unknown error is reported as %v", e)
	}
	e, _ := idp.Errors.Find(&userpool.AliasError{Attribute: "phone_number"})
	same(t, "text", e.Message, "An account with the phone_number already exists.")
}

func TestResource(t *testing.T) {
	s := newDesk(t).Service()
	const arn = "arn:aws:cognito-idp:us-east-1:000000000000:userpool/us-east-1_Ab"
	same(t, "of a pool", s.Resource("AdminGetUser", &idp.AdminGetUserInput{UserPoolId: ptr("us-east-1_Ab")}), arn)
	same(t, "of tags", s.Resource("TagResource", &idp.TagResourceInput{ResourceArn: ptr(arn)}), arn)
	same(t, "of a list", s.Resource("ListUserPools", &idp.ListUserPoolsInput{}), "*")
	same(t, "without a pool", s.Resource("AdminGetUser", &idp.AdminGetUserInput{}), "*")
}
