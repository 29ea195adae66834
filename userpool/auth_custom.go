package userpool

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"time"

	"github.com/poolhouse/poolhouse/internal/ephemeral"
	"github.com/poolhouse/poolhouse/userpool/srp"
)

// maxRounds bounds the challenges of one custom sign-in: a function that never
// decides must not go on for ever.
const maxRounds = 50

// nsCustom holds what custom sign-ins know between two answers.
const nsCustom = "custom-sign-ins"

// challengeSRP is the first round of a custom sign-in that begins with the password.
const challengeSRP = "SRP_A"

// A customState is what a custom sign-in knows between two answers. It stays on the
// server: functions put secrets into it, and it grows with the rounds.
type customState struct {
	Rounds   []Round
	Private  map[string]string `json:",omitempty"` // of the challenge that is open
	Metadata *string           `json:",omitempty"` // of the round that it will be
}

// initiateCustom starts CUSTOM_AUTH: with the user's password by SRP, where the
// client asks for that, else with what the function says.
func (a *Auth) initiateCustom(ctx context.Context, c *Client, params map[string]string) (*Step, error) {
	if err := require(params, "USERNAME"); err != nil {
		return nil, err
	}
	name := params["USERNAME"]
	if err := c.CheckSecretHash(name, params["SECRET_HASH"]); err != nil {
		return nil, err
	}
	pool, err := a.Store.Pool(ctx, c.Pool)
	if err != nil {
		return nil, err
	}
	if !pool.CustomAuth() {
		return nil, errNoCustomAuth
	}
	pool, u, err := a.begin(ctx, c, name)
	if err != nil {
		return nil, err
	}
	s, err := a.openingSession(ctx, pool, c, name, u)
	if err != nil {
		return nil, err
	}
	s.Available = nil
	if params["CHALLENGE_NAME"] == challengeSRP {
		return a.customSRP(ctx, pool, c, u, s, params["SRP_A"])
	}
	return a.nextRound(ctx, pool, c, u, s, nil)
}

// customSRP begins with the password. The function decides whether it counts.
func (a *Auth) customSRP(ctx context.Context, p *Pool, c *Client, u *User, s session, publicHex string) (*Step, error) {
	public, err := srp.ParseHex(publicHex)
	if err != nil {
		return nil, errPublicValue
	}
	rounds := []Round{{Name: challengeSRP, Result: true}}
	d, err := a.Triggers.DefineChallenge(ctx, p, c, u, s.Typed, rounds)
	if err != nil {
		return nil, err
	}
	if d.Fail || d.Issue || d.Challenge != challengeVerifier {
		return a.obey(ctx, p, c, u, s, rounds, d)
	}
	step, err := a.startSRP(ctx, p, c, s.Typed, u, public, true)
	if err != nil {
		return nil, err
	}
	step.Challenge.Session, err = a.keepCustom(ctx, s, challengeVerifier, customState{Rounds: rounds})
	return step, err
}

// nextRound asks the function what follows the rounds so far.
func (a *Auth) nextRound(ctx context.Context, p *Pool, c *Client, u *User, s session, rounds []Round) (*Step, error) {
	if len(rounds) >= maxRounds {
		return nil, errPassword
	}
	d, err := a.Triggers.DefineChallenge(ctx, p, c, u, s.Typed, rounds)
	if err != nil {
		return nil, err
	}
	return a.obey(ctx, p, c, u, s, rounds, d)
}

// obey does what the function decided. Nobody signs in as a user who is unknown.
func (a *Auth) obey(ctx context.Context, p *Pool, c *Client, u *User, s session, rounds []Round, d *Decision) (*Step, error) {
	switch {
	case d.Fail || d.Issue && u == nil:
		return nil, errPassword
	case d.Issue:
		return a.endCustom(ctx, p, c, u, s)
	case d.Challenge == challengeCustom:
		return a.askCustom(ctx, p, c, u, s, rounds)
	}
	return nil, errLambdaOutput
}

// endCustom goes on with a user whom the function lets in: to the second factor,
// like every other sign-in.
func (a *Auth) endCustom(ctx context.Context, p *Pool, c *Client, u *User, s session) (*Step, error) {
	if err := barred(u); err != nil {
		return nil, err
	}
	if u.PasswordChanged.UnixMicro() != s.Changed || u.SignedOut.UnixMicro() > s.Issued {
		return nil, errSession
	}
	if err := a.record(ctx, lockKey(ctx, p.ID, u.Username), true, errPassword); err != nil {
		return nil, err
	}
	return a.proceed(ctx, p, c, u, proof{custom: true})
}

// askCustom asks the function's question.
func (a *Auth) askCustom(ctx context.Context, p *Pool, c *Client, u *User, s session, rounds []Round) (*Step, error) {
	q, err := a.Triggers.CreateChallenge(ctx, p, c, u, s.Typed, rounds)
	if err != nil {
		return nil, err
	}
	text, err := a.keepCustom(ctx, s, challengeCustom, customState{rounds, q.Private, q.Metadata})
	if err != nil {
		return nil, err
	}
	params := map[string]string{}
	for name, value := range q.Public {
		params[name] = value
	}
	who, err := a.srpUser(ctx, p, s.Typed, u)
	if err != nil {
		return nil, err
	}
	params["USERNAME"] = who.name
	return &Step{Challenge: &Challenge{Name: challengeCustom, Params: params, Session: text}}, nil
}

// keepCustom keeps the state of a custom sign-in and returns its session.
func (a *Auth) keepCustom(ctx context.Context, s session, step string, st customState) (string, error) {
	value, err := json.Marshal(st)
	if err != nil {
		return "", err
	}
	sealed, err := a.Keys.Seal(value, customAAD(s.Pool))
	if err != nil {
		return "", err
	}
	s.State = rand.Text()
	until := a.Now().Add(time.Duration(s.Life+1) * time.Second)
	if err := a.Ephemeral.Put(ctx, nsCustom, string(s.Pool)+"/"+s.State, sealed, until); err != nil {
		return "", err
	}
	return a.sealSession(s, customStep(step))
}

func customStep(challenge string) string { return "custom/" + challenge }

func customAAD(pool PoolID) string { return "userpool/custom-sign-in/" + string(pool) }

// takeCustom returns the state of a custom sign-in to one of many callers, and uses
// the session up.
func (a *Auth) takeCustom(ctx context.Context, s *session) (*customState, error) {
	sealed, err := a.Ephemeral.Take(ctx, nsCustom, string(s.Pool)+"/"+s.State)
	if errors.Is(err, ephemeral.ErrNotFound) {
		return nil, errSessionUsed
	}
	if err != nil {
		return nil, err
	}
	value, err := a.Keys.Open(sealed, customAAD(s.Pool))
	if err != nil {
		return nil, err
	}
	st := new(customState)
	return st, json.Unmarshal(value, st)
}

// respondCustom takes the answer to a function's question. A wrong one is no error:
// the function may ask again, and does so for a locked account in vain.
func (a *Auth) respondCustom(ctx context.Context, c *Client, in map[string]string, text string) (*Step, error) {
	if err := require(in, "USERNAME", "ANSWER"); err != nil {
		return nil, err
	}
	if err := c.CheckSecretHash(in["USERNAME"], in["SECRET_HASH"]); err != nil {
		return nil, err
	}
	s, err := a.openSession(c, customStep(challengeCustom), text)
	if err != nil {
		return nil, err
	}
	p, u, err := a.opener(ctx, c, s, in["USERNAME"])
	if err != nil {
		return nil, err
	}
	if _, err := a.admit(ctx, p, c, s.Typed, u); err != nil {
		return nil, err
	}
	st, err := a.takeCustom(ctx, s)
	if err != nil {
		return nil, err
	}
	ok, err := a.verifyCustom(ctx, p, c, u, s, st.Private, in["ANSWER"])
	if err != nil {
		return nil, err
	}
	return a.nextRound(ctx, p, c, u, *s, append(st.Rounds, Round{challengeCustom, ok, st.Metadata}))
}

// respondCustomVerifier takes the password of a custom sign-in. The answer must come
// with the session: on its own the password ends in nothing.
func (a *Auth) respondCustomVerifier(ctx context.Context, p *Pool, c *Client, block *srpBlock, text string, ok bool) (*Step, error) {
	s, err := a.openSession(c, customStep(challengeVerifier), text)
	if err != nil {
		return nil, err
	}
	if s.Sub != block.Sub {
		return nil, errSession
	}
	u, err := a.settleSRP(ctx, p, c, block, ok)
	if err != nil {
		return nil, err
	}
	st, err := a.takeCustom(ctx, s)
	if err != nil {
		return nil, err
	}
	return a.nextRound(ctx, p, c, u, *s, append(st.Rounds, Round{Name: challengeVerifier, Result: true}))
}
