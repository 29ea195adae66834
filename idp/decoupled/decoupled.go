// Package decoupled keeps requests that an app makes on one device and whose user
// answers on another: a television that shows a code (RFC 8628), a call centre that
// asks for a nod (CIBA). The app polls with a secret; the user, signed in
// somewhere else, says yes or no; one poll gets the answer.
package decoupled

import (
	"context"
	"encoding/json"
	"errors"
	"time"

	"github.com/poolhouse/poolhouse/idp"
	"github.com/poolhouse/poolhouse/internal/ephemeral"
	"github.com/poolhouse/poolhouse/internal/keyring"
	"github.com/poolhouse/poolhouse/userpool"
)

// What becomes of a poll that brings no answer (RFC 8628 section 3.5), or of a
// decision that comes too late.
var (
	ErrPending  = errors.New("decoupled: the user has not decided yet")
	ErrSlowDown = errors.New("decoupled: the app asks too often")
	ErrDenied   = errors.New("decoupled: the user said no")
	ErrExpired  = errors.New("decoupled: the request has expired")
	ErrNotFound = errors.New("decoupled: no such request")
	ErrDecided  = errors.New("decoupled: the request was decided before")
)

const (
	// Life is how long a request waits for its user.
	Life = 10 * time.Minute
	// Interval is the time between two polls at first; each one that comes too early
	// makes it longer by as much.
	Interval = 5 * time.Second
	// memory is how long after its end a request is known to have expired.
	memory = 10 * time.Minute
)

// The ways to ask.
const (
	Device = "device" // RFC 8628: whoever enters the code answers
	CIBA   = "ciba"   // OpenID Connect CIBA: one user is asked
)

// A Request is what an app asks for.
type Request struct {
	Kind     string
	Pool     userpool.PoolID
	Client   userpool.ClientID
	Scopes   []string
	Resource string
	Created  time.Time
	Expires  time.Time

	UserCode string `json:",omitempty"` // of Device, as it is shown

	Sub     string   `json:",omitempty"` // of CIBA: who is asked
	Message string   `json:",omitempty"` // binding_message, shown on both sides
	ACR     []string `json:",omitempty"` // asked for
	Notify  string   `json:",omitempty"` // client_notification_token of the ping mode
	Secret  string   `json:",omitempty"` // of the ping mode: what the app is told
}

// An Answer is what the user said, and how they were signed in when they did.
type Answer struct {
	Approved bool
	Sub      string
	AuthTime time.Time
	Session  idp.Handle
	Methods  []string `json:",omitempty"`
}

// A Store keeps requests until they expire. Values are sealed, and found by hashes
// of what app and user hold: a copy of the store is good for nothing.
type Store struct {
	Ephemeral ephemeral.Store
	Keys      keyring.Sealer
	Now       func() time.Time
}

// The namespaces, apart for each use of a key.
const (
	nsRequest = "decoupled-request"
	nsDecided = "decoupled-decided"
	nsAnswer  = "decoupled-answer"
	nsSpent   = "decoupled-spent"
	nsPoll    = "decoupled-poll"
	nsSlow    = "decoupled-slow"
	nsCode    = "decoupled-code"
	nsTaken   = "decoupled-code-taken"
	nsUser    = "decoupled-user"
)

// Add keeps a request and returns what its app polls with. A Device request gets its
// UserCode; of CIBA's, the newest is found by its user too.
func (s *Store) Add(ctx context.Context, r *Request) (secret string, err error) {
	secret, id := idp.NewSecret()
	if r.Notify != "" {
		r.Secret = secret
	}
	if r.Kind == Device {
		if err := s.nameCode(ctx, r, id); err != nil {
			return "", err
		}
	}
	if err := s.put(ctx, nsRequest, r.Pool, id, r, r.Expires.Add(memory)); err != nil {
		return "", err
	}
	if r.Kind == CIBA {
		err = s.Ephemeral.Put(ctx, nsUser, string(r.Pool)+"/"+r.Sub, []byte(id), r.Expires)
	}
	return secret, err
}

// Get returns a request that still waits, by the handle of its secret; ErrNotFound,
// ErrExpired or ErrDecided else.
func (s *Store) Get(ctx context.Context, pool userpool.PoolID, id idp.Handle) (*Request, error) {
	r := new(Request)
	if err := s.get(ctx, nsRequest, pool, id, r); err != nil {
		return nil, err
	}
	if !s.Now().Before(r.Expires) {
		return nil, ErrExpired
	}
	err := s.get(ctx, nsAnswer, pool, id, new(Answer))
	if err == nil {
		return nil, ErrDecided
	}
	if !errors.Is(err, ErrNotFound) {
		return nil, err
	}
	return r, nil
}

// Newest returns the newest CIBA request that waits for a user.
func (s *Store) Newest(ctx context.Context, pool userpool.PoolID, sub string) (idp.Handle, *Request, error) {
	raw, err := s.Ephemeral.Get(ctx, nsUser, string(pool)+"/"+sub)
	if errors.Is(err, ephemeral.ErrNotFound) {
		return "", nil, ErrNotFound
	}
	if err != nil {
		return "", nil, err
	}
	r, err := s.Get(ctx, pool, idp.Handle(raw))
	return idp.Handle(raw), r, err
}

// Decide records the user's answer. Of two, the first counts; the other is ErrDecided.
func (s *Store) Decide(ctx context.Context, r *Request, id idp.Handle, a Answer) error {
	first, err := s.Ephemeral.Claim(ctx, nsDecided, key(r.Pool, id), r.Expires.Add(memory))
	if err != nil {
		return err
	}
	if !first {
		return ErrDecided
	}
	return s.put(ctx, nsAnswer, r.Pool, id, a, r.Expires.Add(memory))
}

func key(pool userpool.PoolID, id idp.Handle) string { return string(pool) + "/" + string(id) }

// put seals a value to its place.
func (s *Store) put(ctx context.Context, ns string, pool userpool.PoolID, id idp.Handle, value any, expires time.Time) error {
	plain, err := json.Marshal(value)
	if err != nil {
		return err
	}
	sealed, err := s.Keys.Seal(plain, ns+"/"+key(pool, id))
	if err != nil {
		return err
	}
	return s.Ephemeral.Put(ctx, ns, key(pool, id), sealed, expires)
}

func (s *Store) get(ctx context.Context, ns string, pool userpool.PoolID, id idp.Handle, value any) error {
	sealed, err := s.Ephemeral.Get(ctx, ns, key(pool, id))
	if errors.Is(err, ephemeral.ErrNotFound) {
		return ErrNotFound
	}
	if err != nil {
		return err
	}
	plain, err := s.Keys.Open(sealed, ns+"/"+key(pool, id))
	if err != nil {
		return err
	}
	return json.Unmarshal(plain, value)
}
