// Package pushed keeps authorization requests on the server: those that a client
// pushed (RFC 9126), and those that were read from a request object while their user
// signs in. The browser carries a name that says nothing and cannot be changed into
// another request's.
package pushed

import (
	"context"
	"encoding/json"
	"errors"
	"net/url"
	"strings"
	"time"

	"github.com/poolhouse/poolhouse/idp"
	"github.com/poolhouse/poolhouse/internal/ephemeral"
	"github.com/poolhouse/poolhouse/userpool"
)

// How long a name is good for.
const (
	Life      = 90 * time.Second // of a pushed request, from the client to the browser
	VisitLife = time.Hour        // of one whose user is at the pages: as long as somebody may stare at them
)

// Prefixes of names. The first is what clients see (RFC 9126 section 2.2).
const (
	prefix      = "urn:ietf:params:oauth:request_uri:"
	visitPrefix = "urn:poolhouse:visit:"
)

const (
	nsPushed = "authorize-pushed"
	nsVisit  = "authorize-visit"
	nsUsed   = "authorize-used"
)

// ErrNotFound is returned for a name that was never given, not to this client, or
// that is over: expired, or used up.
var ErrNotFound = errors.New("pushed: no such request")

// A Request is an authorization request whose client and parameters were checked.
type Request struct {
	Client userpool.ClientID
	Params url.Values
	Pushed bool // by the client
	Signed bool // the client signed the parameters
	// Once is what the request is used up by: visits share it with the pushed request
	// that they come from.
	Once string
	From string `json:",omitempty"` // of a visit: name of the pushed request, if there was one

	name string
}

// Name is what the browser carries as request_uri; empty until there is one.
func (r *Request) Name() string { return r.name }

// IsName reports whether a request_uri is one of ours, good or not.
func IsName(uri string) bool {
	return strings.HasPrefix(uri, prefix) || IsVisit(uri)
}

// IsVisit reports whether a request_uri names a request whose user is at the pages.
func IsVisit(uri string) bool { return strings.HasPrefix(uri, visitPrefix) }

// A Store keeps requests.
type Store struct {
	Ephemeral ephemeral.Store
	Now       func() time.Time
}

// Push keeps a request and returns its name, which is good for Life.
func (s *Store) Push(ctx context.Context, pool userpool.PoolID, r *Request) (name string, err error) {
	secret, once := idp.NewSecret()
	r.Once, r.name = string(once), prefix+secret
	return r.name, s.put(ctx, nsPushed, pool, secret, r, Life)
}

// Visit has a request stay while its user signs in, and gives it another name for
// the pages. A visit keeps its name.
func (s *Store) Visit(ctx context.Context, pool userpool.PoolID, r *Request) error {
	if IsVisit(r.name) {
		return nil
	}
	secret, once := idp.NewSecret()
	if r.Once == "" {
		r.Once = string(once)
	}
	r.From, r.name = r.name, visitPrefix+secret
	return s.put(ctx, nsVisit, pool, secret, r, VisitLife)
}

func (s *Store) put(ctx context.Context, ns string, pool userpool.PoolID, secret string, r *Request, life time.Duration) error {
	value, err := json.Marshal(r)
	if err != nil {
		return err
	}
	return s.Ephemeral.Put(ctx, ns, key(pool, secret), value, s.Now().Add(life))
}

// Load returns a client's request by its name, as often as it is asked for until the
// request is used up. Another client's is ErrNotFound, and stays what it is.
func (s *Store) Load(ctx context.Context, pool userpool.PoolID, c userpool.ClientID, name string) (*Request, error) {
	ns, secret := place(name)
	if ns == "" {
		return nil, ErrNotFound
	}
	value, err := s.Ephemeral.Get(ctx, ns, key(pool, secret))
	if errors.Is(err, ephemeral.ErrNotFound) {
		return nil, ErrNotFound
	}
	if err != nil {
		return nil, err
	}
	r := &Request{name: name}
	if err := json.Unmarshal(value, r); err != nil {
		return nil, err
	}
	if r.Client != c {
		return nil, ErrNotFound
	}
	return r, nil
}

// Use uses a request up, under all its names. Of many callers one succeeds, the
// others get ErrNotFound.
func (s *Store) Use(ctx context.Context, pool userpool.PoolID, r *Request) error {
	if r.Once == "" { // it was never kept, so nobody else can have it
		return nil
	}
	won, err := s.Ephemeral.Claim(ctx, nsUsed, key(pool, r.Once), s.Now().Add(Life+VisitLife))
	if err != nil {
		return err
	}
	if !won {
		return ErrNotFound
	}
	return errors.Join(s.forget(ctx, pool, r.name), s.forget(ctx, pool, r.From))
}

func (s *Store) forget(ctx context.Context, pool userpool.PoolID, name string) error {
	ns, secret := place(name)
	if ns == "" {
		return nil
	}
	return s.Ephemeral.Delete(ctx, ns, key(pool, secret))
}

func place(name string) (ns, secret string) {
	if secret, ok := strings.CutPrefix(name, prefix); ok {
		return nsPushed, secret
	}
	if secret, ok := strings.CutPrefix(name, visitPrefix); ok {
		return nsVisit, secret
	}
	return "", ""
}

func key(pool userpool.PoolID, secret string) string { return string(pool) + "/" + secret }
