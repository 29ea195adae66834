package userpool

import (
	"context"
	"crypto/subtle"
	"errors"
	"slices"
	"time"
)

// Anybody can ask for a code of anybody's, so there are bounds where the second
// factor, which comes after a password, has none: a code is dead after maxFirstTries
// wrong answers, and an account takes maxFirstCodes an hour. In a day that is
// maxFirstFailures guesses of 1,000,000 codes at most; then the account takes no
// code as its first factor until the next day. A password still opens it.
const (
	maxFirstTries    = 5
	maxFirstCodes    = 10 // in an hour
	maxFirstFailures = 100
)

// Namespaces of the ephemeral store.
const (
	nsFirstCodes    = "first-factor-codes"
	nsFirstFailures = "first-factor-failures"
	nsFirstTries    = "first-factor-tries"
)

func firstKey(s *session) string { return string(s.Pool) + "\x00first factor\x00" + s.Sub }

// askFirstCode sends a code that stands for the password. For a user who is unknown,
// or whom no such code lets in, it looks and takes as long as if it did.
func (a *Auth) askFirstCode(ctx context.Context, p *Pool, c *Client, u *User, s session, challenge string) (*Step, error) {
	n, err := a.Ephemeral.Count(ctx, nsFirstCodes, a.period(firstKey(&s), time.Hour), 1, time.Hour)
	if err != nil {
		return nil, err
	}
	if n > maxFirstCodes {
		return nil, errAttemptLimit
	}
	s.Available = nil
	var d *Delivery
	if s.Code = randomText(6, digits); u == nil || !slices.Contains(p.firstFactors(u), challenge) {
		d, err = a.service().fakeCode(ctx, p, "signin", otpAttribute(challenge), s.Typed)
	} else {
		s.Address = u.Attributes[otpAttribute(challenge)]
		d, err = a.sendFactorCode(ctx, notice{p, s.Client, u, "signin", "Authentication"}, otpAttribute(challenge), s.Address, s.Code)
	}
	if d, err = quietly(c, d, err); err != nil {
		return nil, err
	}
	text, err := a.sealSession(s, firstStep(challenge))
	return &Step{Challenge: &Challenge{Name: challenge, Session: text, Params: map[string]string{
		"CODE_DELIVERY_DELIVERY_MEDIUM": d.Medium, "CODE_DELIVERY_DESTINATION": d.Destination}}}, err
}

// proveFirstCode judges a code. One that only looked sent is always wrong.
func (a *Auth) proveFirstCode(ctx context.Context, p *Pool, c *Client, u *User, s *session, challenge, code string) (*Step, error) {
	if code == "" {
		return nil, Fail(ErrInvalidParameter, "Missing required parameter "+challenge+"_CODE")
	}
	attribute := otpAttribute(challenge)
	stands := u != nil && s.Address != "" && slices.Contains(p.firstFactors(u), challenge) && u.Attributes[attribute] == s.Address
	ok := subtle.ConstantTimeCompare([]byte(code), []byte(s.Code)) == 1 && stands
	if err := a.recordFirst(ctx, s, ok); err != nil {
		if errors.Is(err, errFactorCode) {
			a.Risk.failed(ctx, p, u, eventPassword)
		}
		return nil, err
	}
	if err := barred(u); err != nil {
		return nil, err
	}
	if err := a.spendSession(ctx, s); err != nil {
		return nil, err
	}
	return a.proceed(ctx, p, c, u, proof{})
}

// recordFirst counts the outcome of a code, and returns errFactorCode for a wrong one.
func (a *Auth) recordFirst(ctx context.Context, s *session, ok bool) error {
	failures, err := a.failuresToday(ctx, nsFirstFailures, firstKey(s), 0)
	if err != nil {
		return err
	}
	// Counted before the answer: of many guesses sent at once none is too many.
	tries, err := a.Ephemeral.Count(ctx, nsFirstTries, string(s.Pool)+"/"+s.ID, 1, time.Duration(s.Life)*time.Second+time.Minute)
	if err != nil {
		return err
	}
	if failures >= maxFirstFailures || tries > maxFirstTries {
		return errAttempts
	}
	err = a.record(ctx, lockKey(ctx, s.Pool, firstKey(s)), ok, errFactorCode)
	if errors.Is(err, errFactorCode) {
		if _, err := a.failuresToday(ctx, nsFirstFailures, firstKey(s), 1); err != nil {
			return err
		}
	}
	return err
}
