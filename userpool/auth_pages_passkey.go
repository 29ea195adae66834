package userpool

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"strings"
)

// stepAnyPasskey is the step of a sign-in that begins with a passkey which the
// browser finds itself. Nobody is named before: there is no list of anybody's
// passkeys, and nothing to learn from one.
const stepAnyPasskey = "page/" + challengePasskey

// AskPasskey asks a page's visitor, whoever it is, for a passkey. It returns nil
// where the pool takes none.
func (a *Auth) AskPasskey(p *Pool, c *Client) (*Challenge, error) {
	if !a.Ways(p, c).Passkey {
		return nil, nil
	}
	party, err := p.relyingParty(a.Tokens.Issuer(p.ID))
	if err != nil {
		return nil, err
	}
	s := a.newSession(c, &User{})
	s.Passkey = newPasskeyChallenge()
	options, err := p.requestOptions(nil, party, s.Passkey, nil)
	if err != nil {
		return nil, err
	}
	return a.ask(s, stepAnyPasskey, map[string]string{"CREDENTIAL_REQUEST_OPTIONS": options})
}

// maxCredential bounds the answer of an authenticator, in bytes, before it is parsed.
const maxCredential = 16 << 10

// AnswerPasskey signs in whom a passkey belongs to. Its authenticator says who that
// is; the signature proves it. A wrong answer is ErrNotAuthorized, whoever exists.
func (a *Auth) AnswerPasskey(ctx context.Context, p *Pool, c *Client, session, credential string) (*Step, error) {
	ctx, c = onPage(ctx), c.forPage()
	s, err := a.openSession(c, stepAnyPasskey, session)
	if err != nil {
		return nil, err
	}
	u, err := a.passkeyHolder(ctx, p, credential)
	if err != nil {
		return nil, err
	}
	if _, err := a.admit(ctx, p, c, u.Username, u); err != nil {
		return nil, err
	}
	if err := a.Triggers.PreAuthentication(ctx, p, c, u, u.Username); err != nil {
		return nil, err
	}
	step, err := a.acceptPasskey(ctx, p, c, u, s, credential)
	if errors.Is(err, errSession) {
		return nil, errPassword // its owner has none any more
	}
	return step, err
}

// passkeyHolder returns the user whom a passkey's answer names.
func (a *Auth) passkeyHolder(ctx context.Context, p *Pool, credential string) (*User, error) {
	var answer struct {
		Response struct {
			UserHandle string `json:"userHandle"`
		} `json:"response"`
	}
	if len(credential) > maxCredential || json.Unmarshal([]byte(credential), &answer) != nil {
		return nil, errPassword
	}
	sub, err := base64.RawURLEncoding.DecodeString(strings.TrimRight(answer.Response.UserHandle, "="))
	if err != nil || len(sub) == 0 || len(sub) > 64 {
		return nil, errPassword
	}
	u, err := a.Store.UserBySub(ctx, p.ID, string(sub))
	if errors.Is(err, ErrUserNotFound) {
		return nil, errPassword
	}
	return u, err
}
