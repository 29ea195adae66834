package userpool

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"errors"
	"log/slog"
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
	tell(ctx, s.Messages, s.Log, p, u, Message{"New recovery codes",
		"New recovery codes were made for your account. Those from before do not work any more. If this was not you, change your password."})
	return codes, nil
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
	tell(ctx, a.Messages, a.Log, p, u, Message{"A recovery code was used",
		"Somebody signed in to your account with one of your recovery codes. If this was not you, change your password."})
	return out, nil
}

// tell sends a user word of something that is done, to the verified mail address or
// else the verified phone. That it cannot be delivered undoes nothing.
func tell(ctx context.Context, messages Messenger, log *slog.Logger, p *Pool, u *User, m Message) {
	mail := Mail{Pool: p.ID, Kind: "recovery", Subject: m.Subject, Body: m.Body}
	switch {
	case u.Verified("email"):
		mail.Medium, mail.To = "EMAIL", u.Attributes["email"]
	case u.Verified("phone_number"):
		mail.Medium, mail.To, mail.Subject = "SMS", u.Attributes["phone_number"], ""
	default:
		return
	}
	_ = courier{messages: messages, log: log}.deliver(ctx, p, mail) // it is in the log
}
