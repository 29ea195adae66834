package userpool

import (
	"context"
	"errors"
)

// maxCustomFailures is how many wrong answers the custom sign-ins to an account take
// in a day, wherever they come from: a function's questions are often short codes.
// Then they are refused until the next day. A password still opens the account.
const maxCustomFailures = 100

const nsCustomFailures = "custom-sign-in-failures"

func customKey(s *session) string { return string(s.Pool) + "\x00custom\x00" + s.Sub }

// verifyCustom has the function judge an answer. It is counted before, so that of
// many guesses sent at once none is too many, and given back unless it was wrong.
func (a *Auth) verifyCustom(ctx context.Context, p *Pool, c *Client, u *User, s *session, private map[string]string, answer string) (bool, error) {
	n, err := a.failuresToday(ctx, nsCustomFailures, customKey(s), 1)
	if err != nil {
		return false, err
	}
	if n > maxCustomFailures {
		return false, errAttempts
	}
	ok, err := a.Triggers.VerifyChallenge(ctx, p, c, u, s.Typed, private, answer)
	if err == nil && (!ok || u == nil) {
		return ok, a.countWrong(ctx, p, s, u)
	}
	_, back := a.failuresToday(ctx, nsCustomFailures, customKey(s), -1)
	return ok, errors.Join(err, back)
}

// countWrong counts a wrong answer as a wrong password is counted.
func (a *Auth) countWrong(ctx context.Context, p *Pool, s *session, u *User) error {
	key := lockKey(ctx, p.ID, p.Fold(s.Typed))
	if u != nil {
		key = lockKey(ctx, p.ID, u.Username)
	}
	if err := a.record(ctx, key, false, errPassword); !errors.Is(err, errPassword) {
		return err
	}
	a.Risk.failed(ctx, p, u, eventPassword)
	return nil
}
