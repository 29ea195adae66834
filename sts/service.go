package sts

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"encoding/base64"
	"fmt"
	"log/slog"
	"time"

	"github.com/poolhouse/poolhouse/internal/ephemeral"
	"github.com/poolhouse/poolhouse/internal/keyring"
	"github.com/poolhouse/poolhouse/internal/memo"
	"github.com/poolhouse/poolhouse/sts/policy"
)

// A Service issues, verifies and authorises credentials of one account, and
// keeps its roles, users, policies and providers. All fields but Local, Remote,
// Thumbprints and the root key must be set before use; it must not be copied.
type Service struct {
	Store     Store
	Ephemeral ephemeral.Store // remembers which assertions were used
	Keys      keyring.Ring    // secrets behind the credentials
	SAML      SAMLVerifier
	Local     LocalIssuers  // issuers of this server; nil for none
	Remote    RemoteIssuers // all others; nil for none
	Access    AccessTokens  // what public providers say of their tokens; nil for none
	Upstream  UpstreamSTS   // takes roles elsewhere
	Now       func() time.Time
	Log       *slog.Logger

	Region    string // for instance us-east-1
	Account   string // 12 digits
	PublicURL string // of this server, without a trailing slash

	// The account's root key, which may do everything. Both empty: none.
	RootAccessKeyID     string
	RootSecretAccessKey string

	Thumbprints ThumbprintSource // of OpenID providers; nil leaves them out

	policies policy.Cache
	sessions memo.Memo[*session] // by the opened text of their tokens
	uses     useTimes
	settings settingsCache
}

// idAlphabet is RFC 4648's base32, of which every identifier is made.
const idAlphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"

// newID returns prefix and n random characters of 5 bits each.
func newID(prefix string, n int) string {
	raw := make([]byte, n)
	rand.Read(raw)
	for i, b := range raw {
		raw[i] = idAlphabet[b&31]
	}
	return prefix + string(raw)
}

// newUUID returns a random UUID (RFC 9562 section 5.4).
func newUUID() string {
	var raw [16]byte
	rand.Read(raw[:])
	raw[6], raw[8] = raw[6]&0x0f|0x40, raw[8]&0x3f|0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", raw[:4], raw[4:6], raw[6:8], raw[8:10], raw[10:])
}

// newSecret returns a secret access key of 40 characters, 240 bits.
func newSecret() string {
	raw := make([]byte, 30)
	rand.Read(raw)
	return base64.StdEncoding.EncodeToString(raw)
}

func (s *Service) isRootKey(id string) bool {
	return s.RootAccessKeyID != "" && subtle.ConstantTimeCompare([]byte(id), []byte(s.RootAccessKeyID)) == 1
}

// secret returns one of the keys that credentials are made with.
func (s *Service) secret(ctx context.Context, name string) ([]byte, error) {
	return s.Keys.Secret(ctx, "sts/"+name)
}

// now is the time in the precision that stores keep.
func (s *Service) now() time.Time { return s.Now().UTC().Truncate(time.Microsecond) }
