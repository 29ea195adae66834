package sqlstore

import (
	"encoding/json"

	"github.com/poolhouse/poolhouse/userpool"
)

// mfaSecrets are what is sealed of a user's second factors.
type mfaSecrets struct {
	Secret, Pending []byte `json:",omitempty"`
}

func mfaAAD(u *userpool.User) string {
	return "userpool_users/mfa_secrets/" + string(u.Pool) + "/" + u.Sub
}

// sealMFA seals the TOTP secrets of u, if there are any.
func (s *UserpoolStore) sealMFA(u *userpool.User) ([]byte, error) {
	if len(u.MFA.Secret) == 0 && len(u.MFA.Pending) == 0 {
		return []byte{}, nil
	}
	plain, err := json.Marshal(mfaSecrets{u.MFA.Secret, u.MFA.Pending})
	if err != nil {
		return nil, err
	}
	return s.seal(plain, mfaAAD(u))
}

// scanMFA fills in the second factors of u.
func (s *UserpoolStore) scanMFA(u *userpool.User, mfa string, sealed []byte) error {
	if err := decode(mfa, &u.MFA); err != nil {
		return err
	}
	plain, err := s.open(sealed, mfaAAD(u))
	if err != nil || plain == nil {
		return err
	}
	var secrets mfaSecrets
	if err := decode(string(plain), &secrets); err != nil {
		return err
	}
	u.MFA.Secret, u.MFA.Pending = secrets.Secret, secrets.Pending
	return nil
}
