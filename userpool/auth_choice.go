package userpool

import (
	"context"
	"errors"
	"slices"

	"github.com/poolhouse/poolhouse/userpool/srp"
)

// The challenges of a sign-in whose user chooses how to prove the first factor.
// EMAIL_OTP is a second factor's name too: see firstStep.
const (
	challengeSelect      = "SELECT_CHALLENGE"
	challengePassword    = "PASSWORD"
	challengePasswordSRP = "PASSWORD_SRP"
	challengeSMSOTP      = "SMS_OTP"
	challengeEmailOTP    = FactorEmail
)

// firstStep is the step whose session goes with a challenge of the first factor. No
// session of it is one of the second factor, which comes after a proof.
func firstStep(challenge string) string { return "first/" + challenge }

// isFirst reports whether a challenge is one of the first factor. For those whose
// name has two meanings the session tells.
func (a *Auth) isFirst(challenge, text string) bool {
	switch challenge {
	case challengeSelect, challengePassword, challengePasswordSRP, challengeSMSOTP, challengePasskey:
		return true
	case challengeEmailOTP:
		_, err := a.openAnySession(firstStep(challenge), text)
		return !errors.Is(err, errSession)
	}
	return false
}

// allowsFirst reports whether a sign-in to the pool may begin with a factor. A pool
// that names none takes passwords.
func (p *Pool) allowsFirst(factor string) bool {
	if len(p.FirstFactors) == 0 {
		return factor == challengePassword
	}
	return slices.Contains(p.FirstFactors, factor)
}

// passwordless reports whether users of the pool can do without a password. Where
// everybody needs a second factor they cannot: a code is one factor.
func (p *Pool) passwordless() bool {
	return p.MFA != MFAOn && (p.allowsFirst(challengeEmailOTP) || p.allowsFirst(challengeSMSOTP))
}

// firstFactors lists the challenges that u can begin a sign-in with. A code by mail
// or SMS stands alone: it is not offered to whom a second factor is asked of, because
// both would prove the same mailbox. Of a user who is unknown it tells what most
// could have.
func (p *Pool) firstFactors(u *User) []string {
	var list []string
	if p.allowsFirst(challengePassword) && (u == nil || u.Password != "") {
		list = append(list, challengePassword)
		if u == nil || len(u.SRPVerifier) > 0 {
			list = append(list, challengePasswordSRP)
		}
	}
	if !p.passwordless() || u != nil && (u.Status != Confirmed || len(p.Factors(u)) > 0) {
		return list
	}
	for _, f := range []string{challengeEmailOTP, challengeSMSOTP} {
		if p.allowsFirst(f) && (u == nil || u.Verified(otpAttribute(f))) {
			list = append(list, f)
		}
	}
	return list
}

// offered lists what a client shows of firstFactors. One that hides who exists shows
// the same for everybody: what a user does not have looks as if it were there, and
// proves nothing.
func (p *Pool) offered(c *Client, u *User) []string {
	if hides(c) {
		u = nil
	}
	return p.firstFactors(u)
}

// errNoFirstFactor answers a user without a password where codes do not stand alone,
// and everybody where the pool takes nothing else.
var errNoFirstFactor = Fail(ErrNotAuthorized, "No challenge that can begin a sign-in is available to the user.")

// otpAttribute is the address that a code goes to.
func otpAttribute(challenge string) string {
	if challenge == challengeSMSOTP {
		return "phone_number"
	}
	return "email"
}

// initiateChoice starts USER_AUTH: with the challenge that the client prefers, if
// the user has it, else with a choice.
func (a *Auth) initiateChoice(ctx context.Context, c *Client, params map[string]string, session string) (*Step, error) {
	if err := require(params, "USERNAME"); err != nil {
		return nil, err
	}
	name := params["USERNAME"]
	if err := c.CheckSecretHash(name, params["SECRET_HASH"]); err != nil {
		return nil, err
	}
	if session != "" {
		return a.signInAfterSignUp(ctx, c, name, session)
	}
	pool, u, err := a.begin(ctx, c, name)
	if err != nil {
		return nil, err
	}
	if err := pool.requireTier(TierEssentials, "Passwordless Sign-In"); err != nil {
		return nil, err
	}
	s, err := a.openingSession(ctx, pool, c, name, u)
	if err != nil {
		return nil, err
	}
	if len(s.Available) == 0 {
		return nil, errNoFirstFactor
	}
	if preferred := params["PREFERRED_CHALLENGE"]; slices.Contains(s.Available, preferred) {
		return a.takeFirst(ctx, pool, c, u, &s, preferred, params)
	}
	text, err := a.sealSession(s, firstStep(challengeSelect))
	return &Step{Challenge: &Challenge{Name: challengeSelect, Params: map[string]string{}, Session: text, Available: s.Available}}, err
}

// openingSession begins the sessions of a sign-in that has proved nothing. That of a
// user who is unknown looks like any other.
func (a *Auth) openingSession(ctx context.Context, pool *Pool, c *Client, typed string, u *User) (session, error) {
	known := u
	if u == nil {
		who, err := a.srpUser(ctx, pool, typed, nil)
		if err != nil {
			return session{}, err
		}
		known = &User{Sub: who.sub, PasswordChanged: who.changed}
	}
	s := a.newSession(c, known)
	s.Typed, s.Available = typed, pool.offered(c, u)
	if ok, err := a.offersPasskey(ctx, pool, known); !ok || err != nil { // asked of nobody too, for the time it takes
		return s, err
	}
	s.Available = append(s.Available, challengePasskey)
	return s, nil
}

// takeFirst goes on with a challenge that was chosen. What proves it may have come
// along.
func (a *Auth) takeFirst(ctx context.Context, p *Pool, c *Client, u *User, s *session, challenge string, in map[string]string) (*Step, error) {
	switch {
	case challenge == challengePassword && in["PASSWORD"] != "":
		return a.provePassword(ctx, p, c, s, in["PASSWORD"])
	case challenge == challengePasswordSRP && in["SRP_A"] != "":
		return a.proveSRP(ctx, p, c, u, s, in["SRP_A"])
	}
	if err := a.leave(ctx, s); err != nil {
		return nil, err
	}
	if challenge == challengeEmailOTP || challenge == challengeSMSOTP {
		return a.askFirstCode(ctx, p, c, u, *s, challenge)
	}
	if challenge == challengePasskey {
		ch, err := a.passkeyRequest(ctx, p, u, *s)
		return &Step{Challenge: ch}, err
	}
	text, err := a.sealSession(*s, firstStep(challenge))
	return &Step{Challenge: &Challenge{Name: challenge, Params: map[string]string{}, Session: text}}, err
}

// respondFirst takes the answer to a challenge of the first factor.
func (a *Auth) respondFirst(ctx context.Context, c *Client, challenge string, in map[string]string, text string) (*Step, error) {
	if err := require(in, "USERNAME"); err != nil {
		return nil, err
	}
	if err := c.CheckSecretHash(in["USERNAME"], in["SECRET_HASH"]); err != nil {
		return nil, err
	}
	s, err := a.openSession(c, firstStep(challenge), text)
	if err != nil {
		return nil, err
	}
	p, u, err := a.opener(ctx, c, s, in["USERNAME"])
	if err != nil {
		return nil, err
	}
	switch challenge {
	case challengeSelect:
		return a.answerChoice(ctx, p, c, u, s, in)
	case challengePassword:
		if err := require(in, "PASSWORD"); err != nil {
			return nil, err
		}
		return a.provePassword(ctx, p, c, s, in["PASSWORD"])
	case challengePasswordSRP:
		if err := require(in, "SRP_A"); err != nil {
			return nil, err
		}
		return a.proveSRP(ctx, p, c, u, s, in["SRP_A"])
	case challengePasskey:
		return a.provePasskey(ctx, p, c, u, s, in["CREDENTIAL"])
	}
	return a.proveFirstCode(ctx, p, c, u, s, challenge, in[challenge+"_CODE"])
}

// opener returns the user of a session that has proved nothing, whom the answer must
// name; nil for one who is unknown, where the client hides that.
func (a *Auth) opener(ctx context.Context, c *Client, s *session, name string) (*Pool, *User, error) {
	p, err := a.Store.Pool(ctx, c.Pool)
	if err != nil {
		return nil, nil, err
	}
	u, err := a.Store.UserBySub(ctx, p.ID, s.Sub)
	if errors.Is(err, ErrUserNotFound) && hides(c) {
		u, err = nil, nil
	}
	if err != nil {
		return nil, nil, err
	}
	if name != s.Typed && (u == nil || name != u.Username && name != u.Sub) {
		return nil, nil, errSession
	}
	if u != nil && (u.PasswordChanged.UnixMicro() != s.Changed || u.SignedOut.UnixMicro() > s.Issued) {
		return nil, nil, errSession
	}
	return p, u, nil
}

func (a *Auth) answerChoice(ctx context.Context, p *Pool, c *Client, u *User, s *session, in map[string]string) (*Step, error) {
	if err := require(in, "ANSWER"); err != nil {
		return nil, err
	}
	if !slices.Contains(s.Available, in["ANSWER"]) {
		return nil, Fail(ErrInvalidParameter, "ANSWER is not among the challenges that can be chosen.")
	}
	return a.takeFirst(ctx, p, c, u, s, in["ANSWER"], in)
}

// leave uses a session up on the way to the next step. A sign-in that has just
// begun has none yet.
func (a *Auth) leave(ctx context.Context, s *session) error {
	if s.ID == "" {
		return nil
	}
	return a.spendSession(ctx, s)
}

// provePassword judges a password. PreAuthentication was asked when the sign-in
// began.
func (a *Auth) provePassword(ctx context.Context, p *Pool, c *Client, s *session, password string) (*Step, error) {
	u, err := a.checkPassword(ctx, p, c, s.Typed, password, true)
	if err != nil {
		return nil, err
	}
	if err := a.leave(ctx, s); err != nil {
		return nil, err
	}
	return a.proceed(ctx, p, c, u, proof{})
}

// proveSRP begins the proof of a password that is not sent; the rest is as in
// USER_SRP_AUTH.
func (a *Auth) proveSRP(ctx context.Context, p *Pool, c *Client, u *User, s *session, publicHex string) (*Step, error) {
	public, err := srp.ParseHex(publicHex)
	if err != nil {
		return nil, errPublicValue
	}
	if err := a.leave(ctx, s); err != nil {
		return nil, err
	}
	return a.startSRP(ctx, p, c, s.Typed, u, public, false)
}

var errPublicValue = Fail(ErrInvalidParameter, "SRP_A is not a valid public value")
