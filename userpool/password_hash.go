package userpool

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"encoding/base64"
	"errors"
	"fmt"
	"runtime"
	"strings"
	"sync/atomic"
	"time"

	"golang.org/x/crypto/argon2"
)

// A HashCost is what one password hash costs (RFC 9106).
type HashCost struct {
	MemoryKiB uint32
	Passes    uint32
	Lanes     uint8
}

// DefaultHashCost is argon2id with 19 MiB and two passes: about 35 ms of one core.
var DefaultHashCost = HashCost{MemoryKiB: 19456, Passes: 2, Lanes: 1}

// Bounds on the parameters of a stored hash, so that an imported one cannot make
// a sign-in cost gigabytes or minutes.
const (
	maxHashMemoryKiB = 256 << 10
	maxHashWork      = 1 << 20 // memory in KiB times passes
	maxHashLanes     = 16
	maxHashPart      = 64 // bytes of salt or key
)

const (
	hashSaltBytes = 16
	hashKeyBytes  = 32
)

// A HasherConfig sets up a Hasher. The zero value is right for a server.
type HasherConfig struct {
	Cost  HashCost      // DefaultHashCost
	Slots int           // hashes at once; one less than the cores, at least 1
	Queue int           // callers that may wait for a slot; 32 for each slot
	Wait  time.Duration // longest wait; 5 s
}

// A Hasher hashes and verifies passwords. Hashing is the most expensive thing that
// a stranger can ask of the server, so it runs in few slots behind a short queue,
// and leaves a core to the cheap work.
type Hasher struct {
	cost  HashCost
	dummy string // a hash of no password, at the cost of a real one
	wait  time.Duration
	slots chan struct{}

	queue   int64
	waiting atomic.Int64
	hashes  atomic.Uint64
	shed    atomic.Uint64
}

// NewHasher returns a Hasher.
func NewHasher(c HasherConfig) *Hasher {
	if c.Cost == (HashCost{}) {
		c.Cost = DefaultHashCost
	}
	if c.Slots == 0 {
		c.Slots = max(1, runtime.GOMAXPROCS(0)-1)
	}
	if c.Queue == 0 {
		c.Queue = 32 * c.Slots
	}
	if c.Wait == 0 {
		c.Wait = 5 * time.Second
	}
	salt, key := make([]byte, hashSaltBytes), make([]byte, hashKeyBytes)
	rand.Read(salt)
	rand.Read(key)
	return &Hasher{cost: c.Cost, dummy: encodePHC(c.Cost, salt, key), wait: c.Wait,
		slots: make(chan struct{}, c.Slots), queue: int64(c.Queue)}
}

// HasherStats counts what a Hasher did since it was made.
type HasherStats struct {
	Hashes  uint64 // hashes computed, for real and unknown users alike
	Shed    uint64 // callers that got ErrBusy
	Waiting int64  // callers in the queue now
}

// Stats returns the counters.
func (h *Hasher) Stats() HasherStats {
	return HasherStats{h.hashes.Load(), h.shed.Load(), h.waiting.Load()}
}

// Hash returns the PHC string of a password, or ErrBusy.
func (h *Hasher) Hash(ctx context.Context, password string) (phc string, err error) {
	salt := make([]byte, hashSaltBytes)
	rand.Read(salt)
	key, err := h.derive(ctx, password, h.cost, salt, hashKeyBytes)
	if err != nil {
		return "", err
	}
	return encodePHC(h.cost, salt, key), nil
}

// Verify reports whether password is the one that phc was made of. An empty or
// unreadable phc costs as much as a real one and matches nothing, so that the
// time of an answer does not tell who has a password. It returns ErrBusy when the
// queue is full or the wait too long.
func (h *Hasher) Verify(ctx context.Context, phc, password string) (ok bool, err error) {
	if f, ok := parseForeign(phc); ok {
		if err := h.acquire(ctx); err != nil {
			return false, err
		}
		defer func() { <-h.slots }()
		h.hashes.Add(1)
		return f.matches(password), nil
	}
	cost, salt, want, err := decodePHC(phc)
	known := err == nil
	if !known {
		if cost, salt, want, err = decodePHC(h.dummy); err != nil {
			return false, err
		}
	}
	got, err := h.derive(ctx, password, cost, salt, uint32(len(want)))
	if err != nil {
		return false, err
	}
	return subtle.ConstantTimeCompare(got, want) == 1 && known, nil
}

func (h *Hasher) derive(ctx context.Context, password string, c HashCost, salt []byte, size uint32) ([]byte, error) {
	if err := h.acquire(ctx); err != nil {
		return nil, err
	}
	defer func() { <-h.slots }()
	h.hashes.Add(1)
	return argon2.IDKey([]byte(password), salt, c.Passes, c.MemoryKiB, c.Lanes, size), nil
}

// acquire waits for a slot.
func (h *Hasher) acquire(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	select {
	case h.slots <- struct{}{}:
		return nil
	default:
	}
	defer h.waiting.Add(-1)
	if h.waiting.Add(1) > h.queue {
		h.shed.Add(1)
		return ErrBusy
	}
	timer := time.NewTimer(h.wait)
	defer timer.Stop()
	select {
	case h.slots <- struct{}{}:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		h.shed.Add(1)
		return ErrBusy
	}
}

var errPHC = errors.New("userpool: not an argon2id hash within bounds")

const costFormat = "m=%d,t=%d,p=%d"

func encodePHC(c HashCost, salt, key []byte) string {
	enc := base64.RawStdEncoding
	return fmt.Sprintf("$argon2id$v=%d$"+costFormat+"$%s$%s", argon2.Version, c.MemoryKiB, c.Passes, c.Lanes,
		enc.EncodeToString(salt), enc.EncodeToString(key))
}

func decodePHC(phc string) (c HashCost, salt, key []byte, err error) {
	parts := strings.Split(phc, "$")
	if len(parts) != 6 || parts[0] != "" || parts[1] != "argon2id" || parts[2] != fmt.Sprintf("v=%d", argon2.Version) {
		return c, nil, nil, errPHC
	}
	_, err = fmt.Sscanf(parts[3], costFormat, &c.MemoryKiB, &c.Passes, &c.Lanes)
	if err != nil || parts[3] != fmt.Sprintf(costFormat, c.MemoryKiB, c.Passes, c.Lanes) {
		return c, nil, nil, errPHC
	}
	salt, errSalt := base64.RawStdEncoding.Strict().DecodeString(parts[4])
	key, errKey := base64.RawStdEncoding.Strict().DecodeString(parts[5])
	if errSalt != nil || errKey != nil || !c.bounded() || !partFits(salt) || !partFits(key) {
		return c, nil, nil, errPHC
	}
	return c, salt, key, nil
}

func (c HashCost) bounded() bool {
	return c.Lanes >= 1 && c.Lanes <= maxHashLanes && c.Passes >= 1 &&
		c.MemoryKiB >= 8*uint32(c.Lanes) && c.MemoryKiB <= maxHashMemoryKiB &&
		uint64(c.MemoryKiB)*uint64(c.Passes) <= maxHashWork
}

// partFits reports whether a salt or key has a length that RFC 9106 allows and
// that tells something.
func partFits(b []byte) bool { return len(b) >= 8 && len(b) <= maxHashPart }
