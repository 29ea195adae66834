package audit

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"time"
)

// ErrTaken is returned for a checkpoint whose number another process has used.
var ErrTaken = errors.New("audit: another process made that checkpoint")

// A Signer signs checkpoints, with a key whose public half can check them elsewhere.
type Signer interface {
	// Sign returns payload as a signed JWS in the compact form (RFC 7515).
	Sign(ctx context.Context, payload []byte) (string, error)
	// Verify returns the payload of what Sign made, or an error for anything else.
	Verify(ctx context.Context, jws string) ([]byte, error)
}

// A Checkpoint says where chains ended at a time. Checkpoints are a chain too, so
// that the newest one vouches for all before it.
type Checkpoint struct {
	Number  int64     `json:"number"` // 1, 2, 3 …
	Time    time.Time `json:"time"`
	Account string    `json:"account"`
	Prev    string    `json:"prev"`           // digest of the one before; empty for the first
	Heads   []Head    `json:"heads"`          // of the chains that grew since
	Cuts    []Head    `json:"cuts,omitempty"` // up to which entries were trimmed on purpose
}

// A SignedCheckpoint is a checkpoint as it is stored and sent to sinks.
type SignedCheckpoint struct {
	Number int64
	JWS    string
}

// digest names a signed checkpoint in its successor.
func digest(jws string) string {
	if jws == "" {
		return ""
	}
	sum := sha256.Sum256([]byte(jws))
	return base64.RawURLEncoding.EncodeToString(sum[:])
}

// maxHeads bounds a checkpoint. What does not fit is in the next.
const maxHeads = 100

// Checkpoint signs where the chains end now, and that their entries up to cuts are
// trimmed. It does nothing where there is nothing new to say.
func (l *Log) Checkpoint(ctx context.Context, cuts ...Head) error {
	for {
		heads, err := l.Store.Advanced(ctx)
		if err != nil || len(heads)+len(cuts) == 0 {
			return err
		}
		now := cuts[:min(len(cuts), maxHeads)]
		switch err := l.sign(ctx, heads[:min(len(heads), maxHeads)], now); {
		case errors.Is(err, ErrTaken): // by another process: behind that one
		case err != nil:
			return err
		case len(heads) <= maxHeads && len(cuts) <= maxHeads:
			return nil // what has grown meanwhile is for the next time: somewhere something always does
		default:
			cuts = cuts[len(now):]
		}
	}
}

func (l *Log) sign(ctx context.Context, heads, cuts []Head) error {
	last, err := l.Store.LastCheckpoint(ctx)
	if err != nil {
		return err
	}
	c := Checkpoint{Number: last.Number + 1, Time: l.Now().UTC().Truncate(time.Second), Account: l.Account, Prev: digest(last.JWS), Heads: heads, Cuts: cuts}
	payload, err := json.Marshal(c)
	if err != nil {
		return err
	}
	jws, err := l.Signer.Sign(ctx, payload)
	if err != nil {
		return err
	}
	return l.Store.AddCheckpoint(ctx, SignedCheckpoint{c.Number, jws}, heads)
}

// openCheckpoint verifies a checkpoint's signature and reads it.
func openCheckpoint(ctx context.Context, signer Signer, jws string) (*Checkpoint, error) {
	payload, err := signer.Verify(ctx, jws)
	if err != nil {
		return nil, err
	}
	c := new(Checkpoint)
	return c, json.Unmarshal(payload, c)
}
