package userpool

import (
	"context"
	"crypto/subtle"
	"encoding/json"
	"errors"
	"slices"

	"github.com/poolhouse/poolhouse/internal/totp"
)

// The challenges of a second factor besides the factors themselves.
const (
	challengeSelectMFA = "SELECT_MFA_TYPE"
	challengeSetUpMFA  = "MFA_SETUP"
)

// A Progress is how far an answer to a second factor's challenge got: to the
// user, or to the next challenge.
type Progress struct {
	User      *User
	Methods   []string // what was proved besides the password, as RFC 8176 spells it
	Challenge *Challenge

	source string // see proof
	custom bool
}

var (
	errFactorCode = Fail(ErrCodeMismatch, "Invalid code or auth state for the user.")
	errTOTPCode   = Fail(ErrCodeMismatch, "Invalid code received for user")
	errNoFactor   = Fail(ErrNotAuthorized, "Multi-factor authentication is required, and none of its factors is available to the user.")
)

// SecondFactor returns the challenge that follows the password of u on a page, or nil
// where the password is enough. known says that it is because the browser is a
// remembered device of the user's.
func (a *Auth) SecondFactor(ctx context.Context, p *Pool, c *Client, u *User) (ch *Challenge, known bool, err error) {
	ctx, j, err := a.weigh(ctx, p, c, u, false, false)
	if err != nil {
		return nil, false, err
	}
	if known, err = a.trustsBrowser(ctx, p, u); err != nil || known && !j.asks() {
		return nil, known, err
	}
	ch, err = a.askSecond(ctx, p, c, u, a.newSession(c, u), j)
	return ch, false, err
}

func (a *Auth) secondFactor(ctx context.Context, p *Pool, u *User, s session) (*Challenge, error) {
	factors := p.Factors(u)
	switch {
	case len(factors) == 1:
		return a.askFactor(ctx, p, u, s, factors[0])
	case len(factors) > 1:
		return a.ask(s, challengeSelectMFA, map[string]string{"MFAS_CAN_CHOOSE": jsonList(factors)})
	case p.MFA != MFAOn:
		return nil, nil
	}
	can := p.canSetUp(u)
	if len(can) == 0 {
		return nil, errNoFactor
	}
	return a.ask(s, challengeSetUpMFA, map[string]string{"MFAS_CAN_SETUP": jsonList(can)})
}

func jsonList(list []string) string {
	text, _ := json.Marshal(list)
	return string(text)
}

// ask seals the session of a challenge.
func (a *Auth) ask(s session, name string, params map[string]string) (*Challenge, error) {
	text, err := a.sealSession(s, name)
	return &Challenge{Name: name, Params: params, Session: text}, err
}

// askFactor asks for one factor, and sends its code where it is one that is sent.
func (a *Auth) askFactor(ctx context.Context, p *Pool, u *User, s session, factor string) (*Challenge, error) {
	switch factor {
	case FactorTOTP:
		return a.ask(s, factor, map[string]string{"USER_ID_FOR_SRP": u.Username, "FRIENDLY_DEVICE_NAME": u.MFA.TOTPName})
	case FactorSMS:
		return a.askCode(ctx, p, u, s, factor, "phone_number", u.Attributes["phone_number"])
	}
	return a.askCode(ctx, p, u, s, factor, "email", u.Attributes["email"])
}

// askCode sends a code. The code travels in the sealed session, so it is good for
// that session alone.
func (a *Auth) askCode(ctx context.Context, p *Pool, u *User, s session, factor, attribute, address string) (*Challenge, error) {
	if err := a.limitFactorMail(ctx, u); err != nil {
		return nil, err
	}
	s.Code, s.Address = randomText(6, digits), address
	d, err := a.sendFactorCode(ctx, notice{p, s.Client, u, "mfa", "Authentication"}, attribute, address, s.Code)
	if err != nil {
		return nil, err
	}
	return a.ask(s, factor, map[string]string{"USER_ID_FOR_SRP": u.Username,
		"CODE_DELIVERY_DELIVERY_MEDIUM": d.Medium, "CODE_DELIVERY_DESTINATION": d.Destination})
}

// isFactorChallenge reports whether Answer takes a challenge.
func isFactorChallenge(name string) bool {
	return slices.Contains([]string{FactorSMS, FactorTOTP, FactorEmail, challengeSelectMFA, challengeSetUpMFA}, name)
}

// factorStep is the step whose session goes with an answer to a challenge.
func factorStep(challenge string, in map[string]string) string {
	if challenge == challengeSetUpMFA && in["EMAIL"] == "" {
		return stepSetUpDone
	}
	return challenge
}

// Answer takes the answer of named to a challenge of SecondFactor, or of a former
// Answer. A wrong code leaves the session as it is; it is used up by success.
func (a *Auth) Answer(ctx context.Context, c *Client, named *User, challenge, session string, in map[string]string) (*Progress, error) {
	s, err := a.openSession(c, factorStep(challenge, in), session)
	if err != nil {
		return nil, err
	}
	if named.Sub != s.Sub {
		return nil, errSession
	}
	p, u, err := a.heldBy(ctx, s)
	if err != nil {
		return nil, err
	}
	done, err := a.answerStep(ctx, p, u, s, challenge, in)
	if errors.Is(err, ErrCodeMismatch) {
		a.Risk.failed(ctx, p, u, eventMFA)
	}
	return done, err
}

// answerStep takes the answer to one challenge.
func (a *Auth) answerStep(ctx context.Context, p *Pool, u *User, s *session, challenge string, in map[string]string) (*Progress, error) {
	switch challenge {
	case challengeSelectMFA:
		return a.answerSelect(ctx, p, u, s, in["ANSWER"])
	case challengeSetUpMFA:
		return a.answerSetUp(ctx, p, u, s, in["EMAIL"])
	case FactorTOTP:
		return a.answerTOTP(ctx, p, u, s, in["SOFTWARE_TOKEN_MFA_CODE"])
	case FactorSMS:
		return a.answerCode(ctx, p, u, s, challenge, in["SMS_MFA_CODE"])
	case FactorEmail:
		return a.answerCode(ctx, p, u, s, challenge, in["EMAIL_OTP_CODE"])
	}
	return nil, notImplemented(challenge + " challenge")
}

func (a *Auth) answerSelect(ctx context.Context, p *Pool, u *User, s *session, factor string) (*Progress, error) {
	if factor == "" {
		return nil, Fail(ErrInvalidParameter, "Missing required parameter ANSWER")
	}
	if factor == "EMAIL_MFA" { // as the API reference calls it
		factor = FactorEmail
	}
	if !slices.Contains(p.Factors(u), factor) {
		return nil, Fail(ErrInvalidParameter, "ANSWER is not among the factors that can be chosen.")
	}
	if err := a.spendSession(ctx, s); err != nil {
		return nil, err
	}
	ch, err := a.askFactor(ctx, p, u, s.next(), factor)
	return &Progress{Challenge: ch}, err
}

func (a *Auth) answerTOTP(ctx context.Context, p *Pool, u *User, s *session, code string) (*Progress, error) {
	if code == "" {
		return nil, Fail(ErrInvalidParameter, "Missing required parameter SOFTWARE_TOKEN_MFA_CODE")
	}
	if !slices.Contains(p.Factors(u), FactorTOTP) {
		return nil, errSession
	}
	if r := recoveryCode(code); r != "" {
		return a.answerRecovery(ctx, p, u, s, r, errTOTPCode)
	}
	step, err := a.checkTOTP(ctx, u, u.MFA.Secret, code, errTOTPCode)
	if err != nil {
		return nil, err
	}
	secret := u.MFA.Secret
	u, err = a.Store.UpdateUser(ctx, u.Pool, u.Username, func(u *User) error {
		if subtle.ConstantTimeCompare(u.MFA.Secret, secret) != 1 {
			return errSession
		}
		return u.MFA.UseStep(step)
	})
	if err != nil {
		return nil, err
	}
	return a.proved(ctx, s, u, "otp")
}

// checkTOTP judges a code by a secret and counts the outcome. A code that was used
// counts as a wrong one: it forgives nothing.
func (a *Auth) checkTOTP(ctx context.Context, u *User, secret []byte, code string, wrong error) (step int64, err error) {
	step, ok, err := totp.Match(secret, code, a.Now())
	if err != nil {
		return 0, err
	}
	if ok && subtle.ConstantTimeCompare(secret, u.MFA.Secret) == 1 && step <= u.MFA.TOTPStep {
		ok, wrong = false, errTOTPUsed
	}
	return step, a.recordFactor(ctx, u, ok, wrong)
}

func (a *Auth) answerCode(ctx context.Context, p *Pool, u *User, s *session, factor, code string) (*Progress, error) {
	if code == "" {
		return nil, Fail(ErrInvalidParameter, "Missing required parameter "+factor+"_CODE")
	}
	if !s.current(p, u, factor) {
		return nil, errSession
	}
	if r := recoveryCode(code); r != "" && !s.Setup { // a set-up is to prove the address
		return a.answerRecovery(ctx, p, u, s, r, errFactorCode)
	}
	ok := subtle.ConstantTimeCompare([]byte(code), []byte(s.Code)) == 1
	if err := a.recordFactor(ctx, u, ok, errFactorCode); err != nil {
		return nil, err
	}
	attribute, method := "email", "otp"
	if factor == FactorSMS {
		attribute, method = "phone_number", "sms"
	}
	out, err := a.proved(ctx, s, u, method)
	if err != nil {
		return nil, err
	}
	out.User, err = a.ownsAddress(ctx, p, u, s, attribute)
	return out, err
}

// current reports whether the code of a session may still prove the factor: it is
// one of the user's, at the address that the code went to, or one that is being
// set up by a user who still has none.
func (s *session) current(p *Pool, u *User, factor string) bool {
	factors := p.Factors(u)
	switch {
	case s.Setup:
		return len(factors) == 0 && slices.Contains(p.canSetUp(u), factor)
	case factor == FactorSMS:
		return slices.Contains(factors, factor) && u.Attributes["phone_number"] == s.Address
	}
	return slices.Contains(factors, factor) && u.Attributes["email"] == s.Address
}

// ownsAddress writes down that a code reached its user: the address is verified,
// unless it is another user's name, and after a set-up it is the factor.
func (a *Auth) ownsAddress(ctx context.Context, p *Pool, u *User, s *session, attribute string) (*User, error) {
	if !s.Setup && u.Verified(attribute) {
		return u, nil
	}
	changed, err := a.Store.UpdateUser(ctx, u.Pool, u.Username, func(u *User) error {
		if s.Setup {
			if len(p.Factors(u)) > 0 || u.Attributes[attribute] != "" {
				return errSession
			}
			u.MFA.set(FactorSetting{FactorEmail, true, true})
			u.setAttributes(map[string]string{attribute: s.Address})
		}
		if u.Attributes[attribute] == s.Address {
			u.Attributes[attribute+"_verified"] = "true"
		}
		return nil
	})
	if !s.Setup && errors.Is(err, ErrAliasExists) {
		return u, nil
	}
	return changed, err
}

// proved ends the sign-in's last step.
func (a *Auth) proved(ctx context.Context, s *session, u *User, method string) (*Progress, error) {
	if err := a.spendSession(ctx, s); err != nil {
		return nil, err
	}
	return &Progress{User: u, Methods: []string{method, "mfa"}, source: s.Source, custom: s.Custom}, nil
}
