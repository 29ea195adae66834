package passkey

import (
	"encoding/base64"

	"github.com/go-webauthn/webauthn/webauthn"

	"github.com/poolhouse/poolhouse/userpool"
)

// An owner is a user as the library wants one.
type owner struct {
	handle []byte
	keys   []webauthn.Credential
}

func ownerOf(handle []byte, keys []*userpool.Passkey) (owner, error) {
	o := owner{handle: handle}
	for _, k := range keys {
		id, err := base64.RawURLEncoding.DecodeString(k.ID)
		if err != nil {
			return o, err
		}
		o.keys = append(o.keys, webauthn.Credential{ID: id, PublicKey: k.PublicKey,
			Flags:         webauthn.CredentialFlags{UserPresent: true, UserVerified: k.UserVerified, BackupEligible: k.BackupEligible, BackupState: k.BackedUp},
			Authenticator: webauthn.Authenticator{AAGUID: k.AAGUID, SignCount: k.Count}})
	}
	return o, nil
}

// WebAuthnID implements webauthn.User.
func (o owner) WebAuthnID() []byte { return o.handle }

// WebAuthnName implements webauthn.User. Answers have no names.
func (o owner) WebAuthnName() string { return "" }

// WebAuthnDisplayName implements webauthn.User.
func (o owner) WebAuthnDisplayName() string { return "" }

// WebAuthnCredentials implements webauthn.User.
func (o owner) WebAuthnCredentials() []webauthn.Credential { return o.keys }
