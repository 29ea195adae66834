package sqlstore

import (
	"encoding/json"
	"strings"

	"github.com/poolhouse/poolhouse/internal/keyring"
	"github.com/poolhouse/poolhouse/sts"
)

// An STSStore keeps roles, users, policies and identity providers.
type STSStore struct {
	db     *DB
	sealer keyring.Sealer
}

var _ sts.Store = (*STSStore)(nil)

// STS returns the store of cloud credentials. sealer keeps secret access keys.
func (db *DB) STS(sealer keyring.Sealer) *STSStore { return &STSStore{db, sealer} }

// Roles returns the collection of roles.
func (s *STSStore) Roles() sts.Collection[sts.Role] {
	return plain(s.db, "sts_roles", strings.ToLower, &s.db.docs.sts.roles)
}

// Users returns the collection of users.
func (s *STSStore) Users() sts.Collection[sts.User] {
	return plain(s.db, "sts_users", strings.ToLower, &s.db.docs.sts.users)
}

// Policies returns the collection of managed policies.
func (s *STSStore) Policies() sts.Collection[sts.ManagedPolicy] {
	return plain(s.db, "sts_policies", strings.ToLower, &s.db.docs.sts.policies)
}

// SAMLProviders returns the collection of SAML providers.
func (s *STSStore) SAMLProviders() sts.Collection[sts.SAMLProvider] {
	return plain(s.db, "sts_saml_providers", strings.ToLower, &s.db.docs.sts.samlProviders)
}

// OIDCProviders returns the collection of OIDC providers.
func (s *STSStore) OIDCProviders() sts.Collection[sts.OIDCProvider] {
	return plain(s.db, "sts_oidc_providers", exact, &s.db.docs.sts.oidcProviders)
}

// Settings returns the collection of settings.
func (s *STSStore) Settings() sts.Collection[sts.Settings] {
	return plain(s.db, "sts_settings", exact, &s.db.docs.sts.settings)
}

// AccessKeys returns the collection of access keys, each sealed to its row.
func (s *STSStore) AccessKeys() sts.Collection[sts.AccessKey] {
	return sealedRows[sts.AccessKey](s, "sts_access_keys")
}

// SAMLKeys returns the collection of private keys, each sealed to its row.
func (s *STSStore) SAMLKeys() sts.Collection[sts.SAMLKey] {
	return sealedRows[sts.SAMLKey](s, "sts_saml_keys")
}

// MFADevices returns the collection of MFA devices, each sealed to its row.
func (s *STSStore) MFADevices() sts.Collection[sts.MFADevice] {
	return sealedRows[sts.MFADevice](s, "sts_mfa_devices")
}

// sealedRows is a collection whose entities hold secrets.
func sealedRows[T any, P keyed[T]](s *STSStore, table string) *collection[T, P] {
	aad := func(account, name string) string { return table + "/" + account + "/" + name }
	return &collection[T, P]{
		db: s.db, table: table, fold: exact,
		encode: func(e *T) (any, error) {
			raw, err := json.Marshal(e)
			if err != nil {
				return nil, err
			}
			return s.sealer.Seal(raw, aad(P(e).Key()))
		},
		decode: func(account, name string, sealed []byte) (*T, error) {
			raw, err := s.sealer.Open(sealed, aad(account, name))
			if err != nil {
				return nil, err
			}
			e := new(T)
			return e, json.Unmarshal(raw, e)
		},
	}
}

func exact(name string) string { return name }

// stsDocs are the documents that are read over and over: a session's role with each
// call that it signs.
type stsDocs struct {
	roles         decoded[sts.Role]
	users         decoded[sts.User]
	policies      decoded[sts.ManagedPolicy]
	samlProviders decoded[sts.SAMLProvider]
	oidcProviders decoded[sts.OIDCProvider]
	settings      decoded[sts.Settings]
}

func plain[T any, P keyed[T]](db *DB, table string, fold func(string) string, known *decoded[T]) *collection[T, P] {
	return &collection[T, P]{db: db, table: table, fold: fold,
		decode: func(_, _ string, raw []byte) (*T, error) { return known.decode(string(raw)) },
		encode: func(e *T) (any, error) {
			raw, err := json.Marshal(e)
			return string(raw), err
		}}
}
