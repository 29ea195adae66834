package userpool

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"time"

	"github.com/poolhouse/poolhouse/internal/ephemeral"
	"github.com/poolhouse/poolhouse/internal/keyring"
)

// ErrNotImplemented is a flow or challenge that is known but not written. It is a
// *Fault that names it.
var ErrNotImplemented = errors.New("userpool: not implemented")

// Auth signs users in: it runs the flows of InitiateAuth and the password checks
// of the hosted pages, under one set of rules. Use it by pointer.
type Auth struct {
	Store     Store
	Ephemeral ephemeral.Store
	Keys      keyring.Ring
	Hasher    *Hasher
	Tokens    *Tokens
	Messages  Messenger                               // of codes
	Pretend   func(ctx context.Context, m Mail) error // as Service.Pretend
	// PasskeyVerifier judges the passkeys that users sign in by.
	PasskeyVerifier PasskeyVerifier
	Triggers        *Triggers
	Risk            *Risk
	Logs            *Logbook
	Passwords       PasswordAsker // of imported users; nil asks nobody
	Now             func() time.Time
	Log             *slog.Logger

	turns [64]sync.Mutex // see record
}

// A Step is an answer on the way to tokens: a challenge, or the tokens.
type Step struct {
	Challenge *Challenge
	Result    *TokenSet
	Passed    *Passed // in place of tokens, on a page: see Begin
}

// A Challenge is what the client has to answer next. Session goes back with the
// answer; a challenge that is found by other means has none.
type Challenge struct {
	Name      string
	Params    map[string]string
	Session   string
	Available []string `json:",omitempty"` // what SELECT_CHALLENGE offers
}

// The names of flows and challenges that this package runs.
const (
	flowSRP           = "USER_SRP_AUTH"
	flowPassword      = "USER_PASSWORD_AUTH"
	flowAdminPassword = "ADMIN_USER_PASSWORD_AUTH"
	flowCustom        = "CUSTOM_AUTH"
	flowChoice        = "USER_AUTH"
	flowRefresh       = "REFRESH_TOKEN_AUTH"

	challengeVerifier    = "PASSWORD_VERIFIER"
	challengeNewPassword = "NEW_PASSWORD_REQUIRED"
)

// Initiate starts a flow of InitiateAuth or, with admin, of AdminInitiateAuth. The
// session is that of a sign-up, where the sign-in follows from one.
func (a *Auth) Initiate(ctx context.Context, c *Client, flow string, params map[string]string, session string, admin bool) (*Step, error) {
	flow = canonicalFlow(flow)
	if err := c.allows(flow, admin); err != nil {
		return nil, err
	}
	if session != "" && flow != flowChoice {
		return nil, Fail(ErrInvalidParameter, "A Session begins the USER_AUTH flow only.")
	}
	ctx, err := a.arrive(ctx, c, flow, params, admin)
	if err != nil {
		return nil, err
	}
	switch flow {
	case flowChoice:
		return a.initiateChoice(ctx, c, params, session)
	case flowCustom:
		return a.initiateCustom(ctx, c, params)
	case flowSRP:
		return a.initiateSRP(ctx, c, params)
	case flowPassword, flowAdminPassword:
		return a.initiatePassword(ctx, c, params)
	case flowRefresh:
		return a.initiateRefresh(ctx, c, params)
	}
	return nil, Fail(ErrInvalidParameter, "Initiate Auth method not supported.")
}

// Respond answers a challenge, of an administrator's flow and of a user's alike:
// the challenge's own state says which client and user it belongs to.
func (a *Auth) Respond(ctx context.Context, c *Client, challenge string, responses map[string]string, session string, admin bool) (*Step, error) {
	// Before anything is used up: clients repeat the same answer without the key.
	ctx, err := a.arrive(ctx, c, "", responses, admin)
	if err != nil {
		return nil, err
	}
	switch {
	case challenge == challengeVerifier:
		return a.respondVerifier(ctx, c, responses, session)
	case challenge == challengeNewPassword:
		return a.respondNewPassword(ctx, c, responses, session)
	case challenge == challengeCustom:
		return a.respondCustom(ctx, c, responses, session)
	case challenge == challengeDeviceSRP:
		return a.respondDeviceSRP(ctx, c, responses)
	case challenge == challengeDeviceVerifier:
		return a.respondDeviceVerifier(ctx, c, responses)
	case a.isFirst(challenge, session):
		return a.respondFirst(ctx, c, challenge, responses, session)
	case isFactorChallenge(challenge):
		return a.respondFactor(ctx, c, challenge, responses, session)
	}
	return nil, notImplemented(challenge + " challenge")
}

func notImplemented(what string) error {
	return Fail(ErrNotImplemented, "The "+what+" is not implemented.")
}

func (a *Auth) initiatePassword(ctx context.Context, c *Client, params map[string]string) (*Step, error) {
	if err := require(params, "USERNAME", "PASSWORD"); err != nil {
		return nil, err
	}
	if err := c.CheckSecretHash(params["USERNAME"], params["SECRET_HASH"]); err != nil {
		return nil, err
	}
	pool, err := a.Store.Pool(ctx, c.Pool)
	if err != nil {
		return nil, err
	}
	user, err := a.checkPassword(ctx, pool, c, params["USERNAME"], params["PASSWORD"], false)
	if err != nil {
		return nil, err
	}
	return a.proceed(ctx, pool, c, user, proof{})
}

func (a *Auth) initiateRefresh(ctx context.Context, c *Client, params map[string]string) (*Step, error) {
	if err := require(params, "REFRESH_TOKEN"); err != nil {
		return nil, err
	}
	token := params["REFRESH_TOKEN"]
	if c.Secret != "" {
		_, user, err := a.Tokens.ParseRefresh(ctx, c, token)
		if err != nil {
			return nil, err
		}
		if err := c.checkRefreshHash(user, params["SECRET_HASH"]); err != nil {
			return nil, err
		}
	}
	set, err := a.Tokens.RefreshFrom(ctx, c, token, params["DEVICE_KEY"])
	if err != nil {
		return nil, err
	}
	return &Step{Result: set}, nil
}

// A proof is what a sign-in has shown so far, besides who it is of.
type proof struct {
	both    bool   // the first factor stands for the second one too
	device  string // key of the known device that proved itself
	browser bool   // a page's browser is a remembered device, and stands for the second factor
	mfa     bool   // a second factor was proved
	custom  bool   // a function decided about the first factor
	source  string // of the tokens, for PreTokenGeneration; empty for the usual one
}

// proceed takes a user who proved the first factor to the next step: a new
// password, the second factor, or the end. Every flow goes on here.
func (a *Auth) proceed(ctx context.Context, pool *Pool, c *Client, u *User, shown proof) (*Step, error) {
	ctx, j, err := a.weigh(ctx, pool, c, u, shown.custom, shown.both)
	if err != nil {
		return nil, err
	}
	if u.Status == ForceChangePassword {
		return a.askNewPassword(pool, c, u)
	}
	trusted, err := a.trustsDevice(ctx, pool, u, arrivalOf(ctx).device)
	if err != nil {
		return nil, err
	}
	if known, err := a.trustsBrowser(ctx, pool, u); err != nil {
		return nil, err
	} else if known && !trusted && !shown.both && !j.asks() {
		trusted, shown.browser = true, true
	}
	if !shown.both && (!trusted || j.asks()) {
		ch, err := a.askSecond(ctx, pool, c, u, a.newSession(c, u).from(shown), j)
		if err != nil {
			return nil, err
		}
		if ch != nil {
			return &Step{Challenge: ch}, nil
		}
	}
	return a.complete(ctx, pool, c, u, shown)
}

// respondFactor is Answer for a client, which must name the user that it answers for.
func (a *Auth) respondFactor(ctx context.Context, c *Client, challenge string, in map[string]string, session string) (*Step, error) {
	if err := require(in, "USERNAME"); err != nil {
		return nil, err
	}
	if err := c.CheckSecretHash(in["USERNAME"], in["SECRET_HASH"]); err != nil {
		return nil, err
	}
	// Before the user: without a session nobody learns who exists.
	if _, err := a.openSession(c, factorStep(challenge, in), session); err != nil {
		return nil, err
	}
	named, err := a.Store.User(ctx, c.Pool, in["USERNAME"])
	if errors.Is(err, ErrUserNotFound) {
		return nil, errSession
	}
	if err != nil {
		return nil, err
	}
	done, err := a.Answer(ctx, c, named, challenge, session, in)
	if err != nil {
		return nil, err
	}
	if done.Challenge != nil {
		return &Step{Challenge: done.Challenge}, nil
	}
	pool, err := a.Store.Pool(ctx, c.Pool)
	if err != nil {
		return nil, err
	}
	return a.complete(ctx, pool, c, done.User, proof{source: done.source, custom: done.custom, mfa: true})
}

// complete issues the tokens of a sign-in that has nothing left to prove but, where
// its client names a known device, that it is on that.
func (a *Auth) complete(ctx context.Context, pool *Pool, c *Client, u *User, shown proof) (*Step, error) {
	if arrivalOf(ctx).page {
		return &Step{Passed: &Passed{u, shown.mfa, shown.both, shown.browser}}, nil
	}
	if device := arrivalOf(ctx).device; device != "" && device != shown.device {
		ch, err := a.deviceChallenge(ctx, pool, c, u, a.newSession(c, u).from(shown), device)
		return &Step{Challenge: ch}, err
	}
	fresh, err := a.freshDevice(ctx, pool, u)
	if err != nil {
		return nil, err
	}
	if err := a.Finish(ctx, pool, c, u, Finished{NewDevice: fresh != nil, MFA: shown.mfa, Both: shown.both, Custom: shown.custom}); err != nil {
		return nil, err
	}
	g := &Grant{Pool: pool, Client: c, User: u, Native: true, Device: shown.device,
		Scopes: []string{ScopeAdmin}, AuthTime: a.Now(), Source: shown.source}
	if fresh != nil {
		g.Device = fresh.Key
	}
	set, err := a.Tokens.Issue(ctx, g)
	if err != nil {
		return nil, err
	}
	set.NewDevice = fresh
	return &Step{Result: set}, nil
}

// service is what signing in shares with the rest of what users do.
func (a *Auth) service() *Service {
	return &Service{Store: a.Store, Ephemeral: a.Ephemeral, Messages: a.Messages, Pretend: a.Pretend, Triggers: a.Triggers, Keys: a.Keys,
		Hasher: a.Hasher, Risk: a.Risk, Logs: a.Logs, Now: a.Now, Log: a.Log}
}

// require returns an error for the first parameter that is absent.
func require(params map[string]string, names ...string) error {
	for _, n := range names {
		if params[n] == "" {
			return Fail(ErrInvalidParameter, "Missing required parameter "+n)
		}
	}
	return nil
}
