package userpool

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/poolhouse/poolhouse/internal/ephemeral"
)

// maxPasskeys is how many passkeys a user can have, as at AWS.
const maxPasskeys = 20

// nsPasskeys holds the challenges of passkeys that are being made, each with the app
// client that asked for it.
const nsPasskeys = "userpool-passkeys"

// passkeyLife is how long a passkey may take to be made. The browser's own limit is
// shorter.
const passkeyLife = 5 * time.Minute

var (
	errPasskeyData      = invalid("Credential data is not valid")
	errPasskeyChallenge = Fail(ErrPasskeyChallengeNotFound, "The challenge does not exist or has expired.")
)

func passkeyKey(u *User, challenge string) string {
	return string(u.Pool) + "/" + u.Sub + "/" + challenge
}

// passkeyPool returns the pool of u, if it takes passkeys, and its relying party.
func (s *Service) passkeyPool(ctx context.Context, u *User) (p *Pool, party string, err error) {
	if p, err = s.Pool(ctx, u.Pool); err != nil {
		return nil, "", err
	}
	if !p.takesPasskeys() {
		return nil, "", Fail(ErrPasskeysNotEnabled, "Passkeys are not enabled for the user pool.")
	}
	party, err = p.relyingParty(s.Issuer(p.ID))
	return p, party, err
}

// StartPasskey returns what a browser needs to make a passkey for u, who is signed
// in to c. The challenge in it is good once, for this user and this client.
func (s *Service) StartPasskey(ctx context.Context, c *Client, u *User) (json.RawMessage, error) {
	p, party, err := s.passkeyPool(ctx, u)
	if err != nil {
		return nil, err
	}
	keys, err := s.Store.Passkeys(ctx, u.Pool, u.Sub)
	if err != nil {
		return nil, err
	}
	if len(keys) >= maxPasskeys {
		return nil, errPasskeyLimit
	}
	challenge := newPasskeyChallenge()
	if err := s.Ephemeral.Put(ctx, nsPasskeys, passkeyKey(u, challenge), []byte(c.ID), s.now().Add(passkeyLife)); err != nil {
		return nil, err
	}
	return p.creationOptions(u, party, challenge, keys)
}

var errPasskeyLimit = Fail(ErrLimitExceeded, "The user has the most passkeys that are possible.")

// CompletePasskey adds the passkey that an authenticator made after StartPasskey.
func (s *Service) CompletePasskey(ctx context.Context, c *Client, u *User, answer []byte) error {
	p, party, err := s.passkeyPool(ctx, u)
	if errors.Is(err, ErrPasskeysNotConfigured) {
		return errPasskeyChallenge // none can have been given out
	}
	if err != nil {
		return err
	}
	challenge, err := answeredChallenge(answer)
	if err != nil {
		return err
	}
	client, err := s.Ephemeral.Take(ctx, nsPasskeys, passkeyKey(u, challenge))
	if errors.Is(err, ephemeral.ErrNotFound) {
		return errPasskeyChallenge
	}
	if err != nil {
		return err
	}
	if ClientID(client) != c.ID {
		return ErrPasskeyClientMismatch
	}
	k, err := s.PasskeyVerifier.Register(PasskeyCeremony{party, challenge, []byte(u.Sub), p.verifiesUser(u)}, answer)
	if err != nil {
		return err
	}
	k.Pool, k.Sub, k.Created = u.Pool, u.Sub, s.now()
	k.Name = passkeyName(k)
	return s.addPasskey(ctx, k)
}

// addPasskey stores a passkey. An ID that somebody has already is refused, as
// section 7.1 step 26 says: it would let one user sign in by another's key.
func (s *Service) addPasskey(ctx context.Context, k *Passkey) error {
	err := s.Store.CreatePasskey(ctx, k, maxPasskeys)
	switch {
	case errors.Is(err, ErrLimitExceeded):
		return errPasskeyLimit
	case errors.Is(err, ErrConflict):
		return errPasskeyData
	}
	return namedUser(err)
}

// answeredChallenge reads the challenge that an answer is to. Nothing is verified yet.
func answeredChallenge(answer []byte) (string, error) {
	var outer struct {
		Response struct {
			ClientDataJSON string `json:"clientDataJSON"`
		} `json:"response"`
	}
	if err := json.Unmarshal(answer, &outer); err != nil {
		return "", errPasskeyData
	}
	raw, err := base64.RawURLEncoding.DecodeString(strings.TrimRight(outer.Response.ClientDataJSON, "="))
	if err != nil {
		return "", errPasskeyData
	}
	var data struct {
		Challenge string `json:"challenge"`
	}
	if err := json.Unmarshal(raw, &data); err != nil || data.Challenge == "" {
		return "", errPasskeyData
	}
	return data.Challenge, nil
}

// passkeyName is what a user sees in a list before there is a name of their own.
func passkeyName(k *Passkey) string {
	if k.Attachment == "cross-platform" && !slices.Contains(k.Transports, "hybrid") {
		return "Security key"
	}
	return "Passkey"
}

// ListPasskeys returns one page of the passkeys of u, the oldest first.
func (s *Service) ListPasskeys(ctx context.Context, u *User, token string, limit int) (keys []*Passkey, next string, err error) {
	return listPage(s, "passkeys/"+string(u.Pool)+"/"+u.Sub, token, limit, func(after string, limit int) ([]*Passkey, string, error) {
		all, err := s.Store.Passkeys(ctx, u.Pool, u.Sub)
		if i := slices.IndexFunc(all, func(k *Passkey) bool { return k.ID == after }); i >= 0 {
			all = all[i+1:]
		}
		if err != nil || len(all) <= limit {
			return all, "", err
		}
		return all[:limit], all[limit-1].ID, nil
	})
}

// DeletePasskey deletes a passkey of u.
func (s *Service) DeletePasskey(ctx context.Context, u *User, id string) error {
	return named(s.Store.DeletePasskey(ctx, u.Pool, u.Sub, id), ErrNotFound, "Credential does not exist.")
}
