package userpool

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"github.com/poolhouse/poolhouse/internal/ratelimit"
)

// A LimitStore keeps the ceilings that were changed, for all nodes.
type LimitStore interface {
	// Limits returns the ceilings that were set, in calls a second.
	Limits(ctx context.Context) (map[Category]int32, error)
	SetLimit(ctx context.Context, c Category, perSecond int32) error

	// Clients is ClientStore's.
	Clients(ctx context.Context, pool PoolID, after string, limit int) (clients []*Client, next string, err error)
}

// A Category is a class of calls that share a ceiling in each pool.
type Category string

// The categories, by the names that clients know.
const (
	CategoryAuthentication     Category = "UserAuthentication"
	CategoryCreation           Category = "UserCreation"
	CategoryRecovery           Category = "UserAccountRecovery"
	CategoryToken              Category = "UserToken"
	CategoryClientAuth         Category = "ClientAuthentication"
	CategoryUserRead           Category = "UserRead"
	CategoryUserUpdate         Category = "UserUpdate"
	CategoryUserList           Category = "UserList"
	CategoryUserResourceRead   Category = "UserResourceRead"
	CategoryUserResourceUpdate Category = "UserResourceUpdate"
	CategoryPoolRead           Category = "UserPoolRead"
	CategoryPoolUpdate         Category = "UserPoolUpdate"
	CategoryPoolResourceRead   Category = "UserPoolResourceRead"
	CategoryPoolResourceUpdate Category = "UserPoolResourceUpdate"
	CategoryPoolClientRead     Category = "UserPoolClientRead"
	CategoryPoolClientUpdate   Category = "UserPoolClientUpdate"
)

// CategoryVisit is what browsers open, of all pools. It is counted by address alone
// and cannot be provisioned; AWS has no name for it.
const CategoryVisit Category = "visit"

// A ceiling is what a category has by default.
type ceiling struct {
	pool int32 // calls a second in one pool, unless provisioned otherwise
	ip   int32 // calls a second from one network, over all pools; for callers without a signature

	// exact counts each call, on all nodes together, and refuses calls while
	// that can't be done: behind these calls somebody may be guessing.
	exact bool
}

// ceilings are generous to a network: an office, or the users of a mobile
// carrier, share one address. Sign-ins take two calls and more.
var ceilings = map[Category]ceiling{
	CategoryAuthentication:     {pool: 120, ip: 20, exact: true},
	CategoryCreation:           {pool: 50, ip: 10, exact: true},
	CategoryRecovery:           {pool: 30, ip: 10, exact: true},
	CategoryToken:              {pool: 120, ip: 120},
	CategoryClientAuth:         {pool: 150, ip: 150},
	CategoryUserRead:           {pool: 120, ip: 120},
	CategoryUserUpdate:         {pool: 25, ip: 25},
	CategoryUserList:           {pool: 30, ip: 30},
	CategoryUserResourceRead:   {pool: 50, ip: 50},
	CategoryUserResourceUpdate: {pool: 25, ip: 25},
	CategoryPoolRead:           {pool: 15, ip: 15},
	CategoryPoolUpdate:         {pool: 15, ip: 15},
	CategoryPoolResourceRead:   {pool: 20, ip: 20},
	CategoryPoolResourceUpdate: {pool: 15, ip: 15},
	CategoryPoolClientRead:     {pool: 15, ip: 15},
	CategoryPoolClientUpdate:   {pool: 15, ip: 15},
}

const (
	// visits is what one network may open of pages, in visits a second. A sign-in
	// takes half a dozen.
	visits = 300

	// limitWindow is what rates are averaged over, so that a page or a script that
	// makes a few dozen calls at once is no flood.
	limitWindow = 10 * time.Second

	// limitsAge is how long a node goes by the ceilings that it has read.
	limitsAge = 2 * time.Second

	// maxLimit is the highest ceiling that can be provisioned, in calls a second.
	maxLimit = 1_000_000

	// blocks is how many draws empty a ceiling where calls are not counted one by one.
	blocks = 10
)

// Limits holds callers to the ceilings. A nil *Limits lets every call pass.
type Limits struct {
	Store   LimitStore
	Limiter *ratelimit.Limiter
	Now     func() time.Time
	Log     *slog.Logger

	mu   sync.Mutex
	set  map[Category]int32 // as read
	read time.Time

	pools map[PoolID]several // whether they have several clients
}

// Allow counts a call from an address, then of an app client, which may be empty, then
// in a pool: what is above the ceiling of its network takes nothing from the client,
// and what is above the client's takes nothing from the pool. Above a ceiling it
// returns a *Throttled.
func (l *Limits) Allow(ctx context.Context, p PoolID, id ClientID, c Category, ip string) error {
	if err := l.AllowAddress(ctx, c, ip); err != nil {
		return err
	}
	if err := l.AllowClient(ctx, p, id, c); err != nil {
		return err
	}
	return l.AllowPool(ctx, p, c)
}

// AllowAddress counts a call against the ceiling of the caller's network alone.
func (l *Limits) AllowAddress(ctx context.Context, c Category, ip string) error {
	if l == nil {
		return nil
	}
	perSecond := ceilings[c].ip
	if c == CategoryVisit {
		perSecond = visits
	}
	return l.allow(ctx, string(c)+"/ip/"+network(ip), c, perSecond)
}

// AllowPool counts a call against the ceiling of a pool alone. Calls about pools as
// such count in the empty one.
func (l *Limits) AllowPool(ctx context.Context, p PoolID, c Category) error {
	if l == nil {
		return nil
	}
	return l.allow(ctx, string(c)+"/pool/"+string(p), c, l.current(ctx)[c])
}

func (l *Limits) allow(ctx context.Context, key string, c Category, perSecond int32) error {
	most := int64(perSecond) * int64(limitWindow/time.Second)
	r := ratelimit.Rule{Max: most, Window: limitWindow, Block: max(1, most/blocks), Open: true}
	if ceilings[c].exact {
		r.Block, r.Open = 1, false
	}
	return throttled(l.Limiter.Allow(ctx, key, r))
}
