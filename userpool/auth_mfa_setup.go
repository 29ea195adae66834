package userpool

import (
	"context"
	"crypto/subtle"
	"slices"

	"github.com/poolhouse/poolhouse/internal/totp"
)

// The steps inside MFA_SETUP: a secret was given out, and it was proved.
const (
	stepSetUpSecret = challengeSetUpMFA + "/secret"
	stepSetUpDone   = challengeSetUpMFA + "/done"
)

var (
	errTOTPOff    = Fail(ErrSoftwareTokenNotFound, "Software Token MFA has not been enabled by the userPool")
	errTOTPEnable = Fail(ErrEnableSoftwareToken, "Code mismatch and fail enable Software Token MFA")
)

// A SoftwareToken is a TOTP secret that was given out.
type SoftwareToken struct {
	Secret  string // base32, for people to type
	Address string // otpauth, for apps to scan
	Session string // of the next step in a sign-in
}

// Image draws the address as a QR code, in PNG.
func (t *SoftwareToken) Image() ([]byte, error) { return totp.Image(t.Address) }

func tokenOf(p *Pool, u *User, secret []byte, session string) *SoftwareToken {
	text := totp.Text(secret)
	account := u.Attributes["email"]
	if account == "" {
		account = u.Username
	}
	return &SoftwareToken{Secret: text, Address: totp.Address(p.Name, account, text), Session: session}
}

// AssociateToken gives a signed-in user a TOTP secret. It becomes the user's once
// VerifyToken has seen a code of it; until then a former one stays good.
func (a *Auth) AssociateToken(ctx context.Context, u *User) (*SoftwareToken, error) {
	p, err := a.Store.Pool(ctx, u.Pool)
	if err != nil {
		return nil, err
	}
	if !p.asksFor(FactorTOTP) {
		return nil, errTOTPOff
	}
	secret := totp.NewSecret()
	_, err = a.Store.UpdateUser(ctx, u.Pool, u.Username, func(u *User) error {
		u.MFA.Pending = secret
		return nil
	})
	return tokenOf(p, u, secret, ""), err
}

// VerifyToken makes the secret of AssociateToken the user's. The factor is turned
// on by SetMFAPreference.
func (a *Auth) VerifyToken(ctx context.Context, u *User, code, name string) error {
	p, err := a.Store.Pool(ctx, u.Pool)
	if err != nil {
		return err
	}
	if !p.asksFor(FactorTOTP) || len(u.MFA.Pending) == 0 {
		return errTOTPOff
	}
	secret := u.MFA.Pending
	step, err := a.checkTOTP(ctx, u, secret, code, errTOTPEnable)
	if err != nil {
		return err
	}
	_, err = a.Store.UpdateUser(ctx, u.Pool, u.Username, func(u *User) error {
		if subtle.ConstantTimeCompare(u.MFA.Pending, secret) != 1 {
			return errTOTPEnable // another one was given out meanwhile
		}
		u.MFA.own(secret, step, name)
		return nil
	})
	return err
}

// own makes a proved secret the user's.
func (m *MFA) own(secret []byte, step int64, name string) {
	m.Secret, m.Pending, m.TOTPStep, m.TOTPName = secret, nil, step, name
}

// settingUp opens a session of MFA_SETUP, in a pool that takes TOTP, of a user who
// has no second factor: a session from before one was set up elsewhere is dead.
func (a *Auth) settingUp(ctx context.Context, step, text string) (*session, *Pool, *User, error) {
	s, err := a.openAnySession(step, text)
	if err != nil {
		return nil, nil, nil, err
	}
	p, u, err := a.heldBy(ctx, s)
	if err != nil {
		return nil, nil, nil, err
	}
	if len(p.Factors(u)) > 0 {
		return nil, nil, nil, errSession
	}
	if !slices.Contains(p.canSetUp(u), FactorTOTP) {
		return nil, nil, nil, errTOTPOff
	}
	return s, p, u, nil
}

// AssociateTokenInSignIn is AssociateToken for a user whom MFA_SETUP asks to set up
// a factor. The secret is kept in the session alone.
func (a *Auth) AssociateTokenInSignIn(ctx context.Context, session string) (*SoftwareToken, error) {
	s, p, u, err := a.settingUp(ctx, challengeSetUpMFA, session)
	if err != nil {
		return nil, err
	}
	if err := a.spendSession(ctx, s); err != nil {
		return nil, err
	}
	next := s.next()
	next.Secret = totp.NewSecret()
	text, err := a.sealSession(next, stepSetUpSecret)
	return tokenOf(p, u, next.Secret, text), err
}

// TokenInSignIn returns once more what AssociateTokenInSignIn did, by its session.
func (a *Auth) TokenInSignIn(ctx context.Context, session string) (*SoftwareToken, error) {
	s, p, u, err := a.settingUp(ctx, stepSetUpSecret, session)
	if err != nil {
		return nil, err
	}
	return tokenOf(p, u, s.Secret, session), nil
}

// VerifyTokenInSignIn makes the secret of AssociateTokenInSignIn the user's, turns
// the factor on, and returns the session that answers MFA_SETUP.
func (a *Auth) VerifyTokenInSignIn(ctx context.Context, session, code, name string) (string, error) {
	s, p, u, err := a.settingUp(ctx, stepSetUpSecret, session)
	if err != nil {
		return "", err
	}
	step, err := a.checkTOTP(ctx, u, s.Secret, code, errTOTPEnable)
	if err != nil {
		return "", err
	}
	if err := a.spendSession(ctx, s); err != nil {
		return "", err
	}
	_, err = a.Store.UpdateUser(ctx, u.Pool, u.Username, func(u *User) error {
		if len(p.Factors(u)) > 0 {
			return errSession
		}
		u.MFA.own(s.Secret, step, name)
		u.MFA.set(FactorSetting{FactorTOTP, true, true})
		return nil
	})
	if err != nil {
		return "", err
	}
	next := s.next()
	next.Secret = s.Secret
	return a.sealSession(next, stepSetUpDone)
}

// maxAddress is the longest e-mail address that mail is sent to, in bytes (RFC 5321
// section 4.5.3.1.3, less the brackets). The session, which carries it, stays short.
const maxAddress = 254

// answerSetUp ends MFA_SETUP: with the session of VerifyTokenInSignIn, or with an
// e-mail address, which then gets a code.
func (a *Auth) answerSetUp(ctx context.Context, p *Pool, u *User, s *session, email string) (*Progress, error) {
	if email == "" {
		if len(s.Secret) == 0 || subtle.ConstantTimeCompare(s.Secret, u.MFA.Secret) != 1 {
			return nil, errSession
		}
		return a.proved(ctx, s, u, "otp")
	}
	if len(p.Factors(u)) > 0 || !slices.Contains(p.canSetUp(u), FactorEmail) {
		return nil, errSession
	}
	if len(email) > maxAddress {
		return nil, invalid("Invalid email address format.")
	}
	if err := p.checkWrite(writer{admin: true, creating: true}, map[string]string{"email": email}); err != nil {
		return nil, err
	}
	if err := a.spendSession(ctx, s); err != nil {
		return nil, err
	}
	next := s.next()
	next.Setup = true
	ch, err := a.askCode(ctx, p, u, next, FactorEmail, "email", email)
	return &Progress{Challenge: ch}, err
}
