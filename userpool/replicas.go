package userpool

import (
	"context"
	"regexp"
	"slices"
	"strings"
)

// A Replica is the name of another region under which a pool can be read.
type Replica struct {
	Region string
	Active bool
}

// maxReplicas is how many replicas a pool can have.
const maxReplicas = 10

var regionName = regexp.MustCompile(`^[a-z]{2,}(-[a-z]+)+-[0-9]{1,2}$`)

// Region returns the region that a pool was made in.
func (p *Pool) Region() string {
	region, _, _ := strings.Cut(string(p.ID), "_")
	return region
}

// Replica returns the replica in a region, or nil.
func (p *Pool) Replica(region string) *Replica {
	i := slices.IndexFunc(p.Replicas, func(r Replica) bool { return r.Region == region })
	if i < 0 {
		return nil
	}
	return &p.Replicas[i]
}

// ReplicaARN returns the Amazon Resource Name of a pool in a region.
func (s *Service) ReplicaARN(p *Pool, region string) string {
	return "arn:aws:cognito-idp:" + region + ":" + s.Account + ":userpool/" + string(p.ID)
}

// CreateReplica lets a pool be read under the name of another region.
func (s *Service) CreateReplica(ctx context.Context, id PoolID, region string) (*Pool, error) {
	return s.ChangePool(ctx, id, func(p *Pool) error {
		switch {
		case !regionName.MatchString(region):
			return invalid("Invalid region name: %s", region)
		case region == p.Region():
			return invalid("User pool %s was made in the region %s.", id, region)
		case p.Replica(region) != nil:
			return invalid("User pool %s has a replica in the region %s already.", id, region)
		case len(p.Replicas) >= maxReplicas:
			return Fail(ErrLimitExceeded, "A user pool can have 10 replicas.")
		}
		p.Replicas = append(p.Replicas, Replica{region, true})
		slices.SortFunc(p.Replicas, func(a, b Replica) int { return strings.Compare(a.Region, b.Region) })
		return nil
	})
}

// SetReplica turns a replica on or off.
func (s *Service) SetReplica(ctx context.Context, id PoolID, region string, active bool) (*Pool, error) {
	return s.ChangePool(ctx, id, func(p *Pool) error {
		r := p.Replica(region)
		if r == nil {
			return noReplica(p, region)
		}
		r.Active = active
		return nil
	})
}

// DeleteReplica takes the name of a region away from a pool.
func (s *Service) DeleteReplica(ctx context.Context, id PoolID, region string) (*Pool, error) {
	return s.ChangePool(ctx, id, func(p *Pool) error {
		if p.Replica(region) == nil {
			return noReplica(p, region)
		}
		p.Replicas = slices.DeleteFunc(p.Replicas, func(r Replica) bool { return r.Region == region })
		return nil
	})
}

func noReplica(p *Pool, region string) error {
	if region == p.Region() {
		return invalid("The region %s is the primary one of user pool %s.", region, p.ID)
	}
	return Fail(ErrNotFound, "User pool "+string(p.ID)+" has no replica in the region "+region+".")
}

// InRegion says whether a request under a region's name may do what it asks. Of
// the regions that are no replicas' any will do: an installation has one store.
func (s *Service) InRegion(ctx context.Context, id PoolID, region string, writes bool) error {
	if region == "" || strings.HasPrefix(string(id), region+"_") {
		return nil
	}
	p, err := s.Pool(ctx, id)
	if err != nil {
		return nil // the operation reports it
	}
	r := p.Replica(region)
	switch {
	case r == nil:
		return nil
	case !r.Active:
		return Fail(ErrPoolNotFound, "User pool "+string(id)+" does not exist.")
	case writes:
		return Fail(ErrNotEnabled, "The replica of user pool "+string(id)+" in "+region+" is read-only. Use the region "+p.Region()+".")
	}
	return nil
}
