package userpool

import (
	"context"
	"errors"
	"strconv"
	"time"
)

// Only who knows the password gets to the second factor, so its failures are
// counted for the user, wherever they come from: a stranger cannot lock anybody
// out, and many addresses do not get more guesses. Besides the growing waits of
// record there is an end to a day's guesses: 50 of 1,000,000 codes.
const (
	maxFactorFailures = 50 // in a day
	maxFactorMails    = 10 // in an hour
)

// Namespaces of the ephemeral store.
const (
	nsFactorFailures = "second-factor-failures"
	nsFactorMails    = "second-factor-mails"
)

func factorKey(u *User) string { return string(u.Pool) + "\x00second factor\x00" + u.Sub }

func (a *Auth) period(key string, length time.Duration) string {
	return key + "\x00" + strconv.FormatInt(a.Now().Unix()/int64(length/time.Second), 10)
}

// recordFactor counts the outcome of a code of any factor, and returns wrong for
// a wrong one.
func (a *Auth) recordFactor(ctx context.Context, u *User, ok bool, wrong error) error {
	failures, err := a.failuresToday(ctx, nsFactorFailures, factorKey(u), 0)
	if err != nil {
		return err
	}
	if failures >= maxFactorFailures {
		return errAttempts
	}
	err = a.record(ctx, factorKey(u), ok, wrong)
	if !ok && errors.Is(err, wrong) {
		if _, err := a.failuresToday(ctx, nsFactorFailures, factorKey(u), 1); err != nil {
			return err
		}
	}
	return err
}

// limitFactorMail bounds how many codes somebody who knows the password can make
// the server send.
func (a *Auth) limitFactorMail(ctx context.Context, u *User) error {
	n, err := a.Ephemeral.Count(ctx, nsFactorMails, a.period(factorKey(u), time.Hour), 1, time.Hour)
	if err == nil && n > maxFactorMails {
		return errAttemptLimit
	}
	return err
}

// sendFactorCode sends a code of the second factor.
func (a *Auth) sendFactorCode(ctx context.Context, n notice, attribute, to, code string) (*Delivery, error) {
	return a.service().courier().sendCode(ctx, n, TextSignIn, attribute, to, code)
}
