package audit

import (
	"context"
	"time"

	"github.com/poolhouse/poolhouse/internal/jose"
	"github.com/poolhouse/poolhouse/internal/keyring"
)

// signerScope is the key of checkpoints in the ring. It does not grow old by itself:
// its public half is what a log of years is checked by.
const signerScope = "audit/checkpoints"

// checkpointType is the typ of a signed checkpoint.
const checkpointType = "poolhouse-audit-checkpoint+jws"

// A KeySigner signs checkpoints with a key of the ring (ES256).
type KeySigner struct {
	Ring keyring.Ring
}

var _ Signer = KeySigner{}

// Sign implements Signer.
func (s KeySigner) Sign(ctx context.Context, payload []byte) (string, error) {
	key, err := s.Ring.Signer(ctx, signerScope, jose.ES256)
	if err != nil {
		return "", err
	}
	return jose.Sign(jose.PrivateKey{ID: key.ID, Algorithm: jose.ES256, Private: key.Private}, checkpointType, payload)
}

// keptFor is how long a key stays published that signs no more: checkpoints are
// verified for as long as anybody keeps the log.
const keptFor = 250 * 365 * 24 * time.Hour

// Rotate has a new key sign from now on. Those before it verify what they signed.
func (s KeySigner) Rotate(ctx context.Context) error {
	if _, err := s.Ring.Signer(ctx, signerScope, jose.ES256); err != nil {
		return err
	}
	_, err := s.Ring.Rotate(ctx, signerScope, keptFor)
	return err
}

// Verify implements Signer.
func (s KeySigner) Verify(ctx context.Context, jws string) ([]byte, error) {
	keys, err := s.PublicKeys(ctx)
	if err != nil {
		return nil, err
	}
	payload, _, err := jose.Verify(ctx, jws, keys, []string{jose.ES256})
	return payload, err
}

// PublicKeys are what checkpoints can be checked by elsewhere.
func (s KeySigner) PublicKeys(ctx context.Context) (jose.Keys, error) {
	published, err := s.Ring.Published(ctx, signerScope)
	if err != nil {
		return nil, err
	}
	var keys jose.Keys
	for _, k := range published {
		keys = append(keys, jose.Key{ID: k.ID, Algorithm: k.Algorithm, Use: "sig", Material: k.Private.Public()})
	}
	return keys, nil
}
