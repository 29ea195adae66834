package sts

import (
	"context"
	"sync"
	"time"
)

// A Use is when a credential was used last, and what for.
type Use struct {
	Time    time.Time // zero: never
	Service string    // signing name, for instance "cognito-idp"
	Region  string
}

// useInterval is how often the use of one key or role is written down at most, by
// one node.
const useInterval = time.Minute

// useTimes remembers when uses were written, so that a call costs a look into a
// map and not a write.
type useTimes struct {
	mu   sync.Mutex
	last map[string]time.Time
}

// maxUseTimes bounds the map; what was written long ago makes room.
const maxUseTimes = 10_000

// due reports whether a use of id is to be written now, to one caller only.
func (u *useTimes) due(id string, now time.Time) bool {
	u.mu.Lock()
	defer u.mu.Unlock()
	if now.Sub(u.last[id]) < useInterval {
		return false
	}
	if u.last == nil || len(u.last) >= maxUseTimes {
		u.forgetOld(now)
	}
	u.last[id] = now
	return true
}

func (u *useTimes) forgetOld(now time.Time) {
	fresh := map[string]time.Time{}
	for id, t := range u.last {
		if now.Sub(t) < useInterval {
			fresh[id] = t
		}
	}
	u.last = fresh
}

// RecordUse notes that p's credential signed a request to a service in a region.
// It may be called for every request: at most one a minute is written for each
// access key and role. A use that cannot be written fails no request.
func (s *Service) RecordUse(ctx context.Context, p *Principal, service, region string) {
	id := p.useID()
	if id == "" || !s.uses.due(p.Account+"/"+id, s.Now()) {
		return
	}
	ctx = context.WithoutCancel(ctx) // a client that hangs up has used it all the same
	if err := s.Store.RecordUse(ctx, p.Account, id, Use{Time: s.now(), Service: service, Region: region}); err != nil {
		s.Log.ErrorContext(ctx, "the use of a credential is not recorded", "id", id, "error", err)
	}
}

// useID is what a use is recorded under: the key of a user, or the role of a
// session. Root's key and the sessions of users have no such record.
func (p *Principal) useID() string {
	switch {
	case p.Kind == RoleSession:
		return p.role.ID
	case p.Kind == IAMUser && p.state == nil:
		return p.AccessKeyID
	}
	return ""
}

// RoleLastUsed returns when sessions of the role were last used.
func (s *Service) RoleLastUsed(ctx context.Context, r *Role) (Use, error) {
	return s.Store.LastUse(ctx, r.Account, r.ID)
}

// AccessKeyLastUsed returns when an access key was last used, and whose it is. A
// key that is not of this account is refused as one that the caller may not see.
func (s *Service) AccessKeyLastUsed(ctx context.Context, id string) (*User, Use, error) {
	u, err := s.AccessKeyOwner(ctx, id)
	if err != nil {
		return nil, Use{}, explain(err, "The Access Key with id "+id+" cannot be found.", "")
	}
	use, err := s.Store.LastUse(ctx, s.Account, id)
	return u, use, err
}

// AccessKeyOwner returns the user whose access key it is, or ErrNotFound.
func (s *Service) AccessKeyOwner(ctx context.Context, id string) (*User, error) {
	k, err := s.Store.AccessKeys().Get(ctx, s.Account, id)
	if err != nil {
		return nil, err
	}
	u, err := s.Store.UserByID(ctx, s.Account, k.UserID)
	if err == nil && !owns(u, id) {
		return nil, ErrNotFound
	}
	return u, err
}
