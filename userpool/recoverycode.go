package userpool

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"errors"
	"strings"

	"github.com/poolhouse/poolhouse/internal/keyring"
)

// A recovery code stands once for the second factor, when its device is lost. It has
// 59 bits, in letters and digits that nobody takes for one another, and is kept as a
// hash under a key: who reads the table cannot try codes.
const (
	recoveryCodes    = 10
	recoveryLength   = 12
	recoveryAlphabet = "abcdefghjkmnpqrstuvwxyz23456789"
)

// CreateRecoveryCodes gives u a new set of recovery codes, which can be shown this
// once, and tells the user. Those from before are dead.
func (s *Service) CreateRecoveryCodes(ctx context.Context, u *User) ([]string, error) {
	p, err := s.Pool(ctx, u.Pool)
	if err != nil {
		return nil, err
	}
	var codes []string
	var hashes [][]byte
	for range recoveryCodes {
		code := randomText(recoveryLength, recoveryAlphabet)
		hash, err := recoveryHash(ctx, s.Keys, u, code)
		if err != nil {
			return nil, err
		}
		codes, hashes = append(codes, code[:4]+"-"+code[4:8]+"-"+code[8:]), append(hashes, hash)
	}
	if err := s.Store.SetRecoveryCodes(ctx, u.Pool, u.Sub, hashes); err != nil {
		return nil, namedUser(err)
	}
	s.courier().tell(ctx, p, u, TextCodesMade)
	return codes, nil
}

// maxRecoverySets is how many sets of codes a user may make in an hour: each sends a
// message.
const maxRecoverySets = 5

// CreateOwnRecoveryCodes is CreateRecoveryCodes on the word of the user alone.
func (s *Service) CreateOwnRecoveryCodes(ctx context.Context, u *User) ([]string, error) {
	if err := s.limit(ctx, holderOf(u), "CreateRecoveryCodes", maxRecoverySets); err != nil {
		return nil, err
	}
	return s.CreateRecoveryCodes(ctx, u)
}

// CountRecoveryCodes returns how many recovery codes u has left.
func (s *Service) CountRecoveryCodes(ctx context.Context, u *User) (int, error) {
	return s.Store.CountRecoveryCodes(ctx, u.Pool, u.Sub)
}

// recoveryCode brings what a user typed to the form that is hashed; empty where it is
// no recovery code. Codes of other factors are shorter.
func recoveryCode(typed string) string {
	if len(typed) > 4*recoveryLength {
		return ""
	}
	code := strings.ToLower(strings.NewReplacer("-", "", " ", "").Replace(typed))
	if len(code) != recoveryLength || strings.Trim(code, recoveryAlphabet) != "" {
		return ""
	}
	return code
}

func recoveryHash(ctx context.Context, keys keyring.Ring, u *User, code string) ([]byte, error) {
	secret, err := keys.Secret(ctx, "userpool/recovery-codes")
	if err != nil {
		return nil, err
	}
	mac := hmac.New(sha256.New, secret)
	mac.Write([]byte(string(u.Pool) + "\x00" + u.Sub + "\x00" + code))
	return mac.Sum(nil), nil
}

// answerRecovery takes a recovery code where a code of the second factor is asked
// for. A wrong one is counted, and answered, as a wrong code of that factor is.
func (a *Auth) answerRecovery(ctx context.Context, p *Pool, u *User, s *session, code string, wrong error) (*Progress, error) {
	hash, err := recoveryHash(ctx, a.Keys, u, code)
	if err != nil {
		return nil, err
	}
	has, err := a.Store.HasRecoveryCode(ctx, u.Pool, u.Sub, hash)
	if err != nil {
		return nil, err
	}
	if err := a.recordFactor(ctx, u, has, wrong); err != nil {
		return nil, err
	}
	err = a.Store.UseRecoveryCode(ctx, u.Pool, u.Sub, hash)
	if errors.Is(err, ErrNotFound) {
		return nil, wrong // somebody was faster
	}
	if err != nil {
		return nil, err
	}
	out, err := a.proved(ctx, s, u, "otp")
	if err != nil {
		return nil, err
	}
	a.service().courier().tell(ctx, p, u, TextCodeUsed)
	return out, nil
}

// tell sends a user word of something that is done, to the verified mail address or
// else the verified phone. That it cannot be delivered undoes nothing.
func (c courier) tell(ctx context.Context, p *Pool, u *User, text TextKind) {
	to := map[string]string{}
	switch {
	case u.Verified("email"):
		to["EMAIL"] = u.Attributes["email"]
	case u.Verified("phone_number"):
		to["SMS"] = u.Attributes["phone_number"]
	}
	_ = c.carry(ctx, letter{notice: notice{pool: p, user: u, kind: "recovery"}, text: text, to: to}) // it is in the log
}
