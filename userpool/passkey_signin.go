package userpool

import (
	"cmp"
	"context"
	"errors"
	"slices"
)

// challengePasskey is the challenge that a passkey answers.
const challengePasskey = "WEB_AUTHN"

// offersPasskey reports whether u could sign in to the pool by a passkey.
func (a *Auth) offersPasskey(ctx context.Context, p *Pool, u *User) (bool, error) {
	if u == nil || !p.takesPasskeys() {
		return false, nil
	}
	_, keys, err := a.passkeys(ctx, p, u)
	return len(keys) > 0, err
}

// passkeys returns the passkeys of u that were made for the pool's present relying
// party; those for a former one cannot be used by any page. A pool without one has none.
func (a *Auth) passkeys(ctx context.Context, p *Pool, u *User) (party string, keys []*Passkey, err error) {
	party, err = p.relyingParty(a.Tokens.Issuer(p.ID))
	if errors.Is(err, ErrPasskeysNotConfigured) {
		return "", nil, nil
	}
	if err != nil {
		return "", nil, err
	}
	keys, err = a.Store.Passkeys(ctx, p.ID, u.Sub)
	return party, slices.DeleteFunc(keys, func(k *Passkey) bool { return k.RelyingParty != party }), err
}

// passkeyRequest asks for a passkey of u. The challenge travels in the session, so it
// is good for this user, this client and this one sign-in.
func (a *Auth) passkeyRequest(ctx context.Context, p *Pool, u *User, s session) (*Challenge, error) {
	party, keys, err := a.passkeys(ctx, p, u)
	if err != nil {
		return nil, err
	}
	s = s.next()
	s.Passkey = newPasskeyChallenge()
	options, err := p.requestOptions(u, party, s.Passkey, keys)
	if err != nil {
		return nil, err
	}
	text, err := a.sealSession(s, firstStep(challengePasskey))
	return &Challenge{Name: challengePasskey, Session: text, Params: map[string]string{"CREDENTIAL_REQUEST_OPTIONS": options}}, err
}

// provePasskey judges the answer to passkeyRequest. A wrong one leaves the session
// as it is; it is used up by success, so that an answer is good once.
func (a *Auth) provePasskey(ctx context.Context, p *Pool, c *Client, u *User, s *session, credential string) (*Step, error) {
	if credential == "" {
		return nil, Fail(ErrInvalidParameter, "Missing required parameter CREDENTIAL")
	}
	return a.acceptPasskey(ctx, p, c, u, s, credential)
}

// acceptPasskey judges the answer of a user to the challenge of a session.
func (a *Auth) acceptPasskey(ctx context.Context, p *Pool, c *Client, u *User, s *session, credential string) (*Step, error) {
	if ok, err := a.offersPasskey(ctx, p, u); !ok || err != nil {
		return nil, cmp.Or(err, errSession) // deleted or turned off meanwhile
	}
	use, err := a.judgePasskey(ctx, p, u, s.Passkey, credential)
	if err != nil {
		return nil, err
	}
	if err := barred(u); err != nil {
		return nil, err
	}
	if err := a.spendSession(ctx, s); err != nil {
		return nil, err
	}
	return a.proceed(ctx, p, c, u, proof{both: p.Passkeys.MultiFactor && u.MFA.Passkey && use.UserVerified})
}

// judgePasskey verifies a signature and counts the outcome: a wrong one as a wrong
// password is counted.
func (a *Auth) judgePasskey(ctx context.Context, p *Pool, u *User, challenge, credential string) (*PasskeyUse, error) {
	party, keys, err := a.passkeys(ctx, p, u)
	if err != nil {
		return nil, err
	}
	use, err := a.PasskeyVerifier.SignIn(PasskeyCeremony{party, challenge, []byte(u.Sub), p.verifiesUser(u)}, keys, []byte(credential))
	if err == nil {
		err = a.countPasskey(ctx, u, use)
	}
	if err != nil && !isPasskeyFault(err) {
		return nil, err
	}
	return use, a.record(ctx, lockKey(ctx, p.ID, u.Username), err == nil, errPassword)
}

// isPasskeyFault reports whether an error is the authenticator's answer's, not ours.
func isPasskeyFault(err error) bool {
	return slices.ContainsFunc([]error{ErrInvalidParameter, ErrPasskeyOrigin, ErrPasskeyRelyingParty, ErrPasskeyNotSupported, errPasskeyCopied, ErrNotFound},
		func(kind error) bool { return errors.Is(err, kind) })
}

var errPasskeyCopied = errors.New("userpool: passkey's counter went back")

// countPasskey writes a use down. A counter that does not go up means that two
// authenticators have the key, one of them a copy (section 6.1.1): nobody gets in by
// it. Authenticators that do not count say 0 for ever.
func (a *Auth) countPasskey(ctx context.Context, u *User, use *PasskeyUse) error {
	now := a.Now()
	_, err := a.Store.UpdatePasskey(ctx, u.Pool, u.Sub, use.ID, func(k *Passkey) error {
		if (use.Count != 0 || k.Count != 0) && use.Count <= k.Count {
			return errPasskeyCopied
		}
		k.Count, k.BackedUp, k.Used = use.Count, use.BackedUp, now
		return nil
	})
	if errors.Is(err, errPasskeyCopied) && a.Log != nil {
		a.Log.WarnContext(ctx, "passkey refused: its counter went back", "pool", u.Pool, "sub", u.Sub, "passkey", use.ID)
	}
	return err
}
