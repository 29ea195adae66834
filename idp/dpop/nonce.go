package dpop

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"time"

	"github.com/poolhouse/poolhouse/userpool"
)

// nonceWindow is how long one nonce is handed out. It stays good for the window after.
const nonceWindow = 5 * time.Minute

// nonceMAC is how many bytes of its MAC a nonce shows.
const nonceMAC = 16

// Nonce returns the nonce that proofs for a pool carry now. Nothing is kept of it:
// it says its window, under a MAC.
func (v *Verifier) Nonce(pool userpool.PoolID) string {
	return v.nonce(pool, v.Now().Unix()/int64(nonceWindow.Seconds()))
}

func (v *Verifier) nonce(pool userpool.PoolID, window int64) string {
	raw := binary.BigEndian.AppendUint64(nil, uint64(window))
	m := hmac.New(sha256.New, v.Secret)
	m.Write(raw)
	m.Write([]byte(pool))
	return base64.RawURLEncoding.EncodeToString(append(raw, m.Sum(nil)[:nonceMAC]...))
}

// nonceUntil returns when a nonce of ours stops to be good, or ErrNonce.
func (v *Verifier) nonceUntil(pool userpool.PoolID, nonce string) (time.Time, error) {
	seconds := int64(nonceWindow.Seconds())
	window := v.Now().Unix() / seconds
	for _, w := range []int64{window, window - 1} {
		if hmac.Equal([]byte(nonce), []byte(v.nonce(pool, w))) {
			return time.Unix((w+2)*seconds, 0), nil
		}
	}
	return time.Time{}, ErrNonce
}
