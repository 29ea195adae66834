package dataset

import (
	"context"
	"errors"
	"fmt"
	"regexp"
)

// What an identity had before it was merged into another is kept apart: its
// dataset "notes" stands beside the survivor's own under the name
// "notes.<identity>", until a device has taken over what it wants and deletes it.
var mergedPattern = regexp.MustCompile(`^(.+)\.([\w-]+:[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12})$`)

// maxIdentityBytes is how long an identity's name is at most.
const maxIdentityBytes = 55

// IsMerged reports whether a dataset came with a merge, by its name: no other
// dataset can have such a name. The name that it had before is its base.
func IsMerged(name string) (base string, ok bool) {
	m := mergedPattern.FindStringSubmatch(name)
	if m == nil {
		return "", false
	}
	return m[1], true
}

// mergedName returns what a dataset is called after its owner was merged away.
// One that had come with an earlier merge keeps its name.
func mergedName(name string, from IdentityID) string {
	if _, ok := IsMerged(name); ok {
		return name
	}
	return name + "." + string(from)
}

// Merge gives the datasets of an owner to another, whom its devices are from now
// on, and ends the owner: nobody writes into data that nobody reads any more. They
// are copies to the bit, so that a device that goes on under the new name finds
// the counts that it knows. The originals stay until Erase.
//
// Merge can be broken off anywhere and called again. What the survivor has, or had
// and deleted, is not copied a second time.
func (s *Service) Merge(ctx context.Context, from, into Owner) error {
	if err := s.Store.Close(ctx, from, s.now()); err != nil {
		return err
	}
	all, err := s.Store.Datasets(ctx, from)
	if err != nil {
		return err
	}
	var errs []error
	for i := range all {
		errs = append(errs, s.adopt(ctx, from, into, all[i].Name))
	}
	return errors.Join(errs...)
}

// adopt copies one dataset of a closed owner.
func (s *Service) adopt(ctx context.Context, from, into Owner, name string) error {
	page, err := s.Store.Records(ctx, Query{Owner: from, Dataset: name, After: After(0), Limit: MaxBatch})
	if err != nil {
		return err
	}
	if page.Dataset == nil || page.Dataset.Deleted { // another node has finished this merge
		return nil
	}
	copied := *page.Dataset
	copied.Name = mergedName(name, from.Identity)
	added, err := s.Store.Adopt(ctx, &Adoption{Owner: into, Dataset: &copied, Records: page.Records, At: s.now(), Names: s.limits().Names})
	if err != nil {
		return fmt.Errorf("dataset: move %s of %s to %s: %w", name, from.Identity, into.Identity, err)
	}
	if added {
		s.Meter.add(PoolUsage{Pool: into.Pool, Bytes: copied.Bytes})
		s.changed(ctx, Change{Owner: into, Dataset: copied.Name, SyncCount: copied.SyncCount, At: s.now()})
	}
	return nil
}

// Erase ends an owner and deletes all that it has, the counters of deleted
// datasets too.
func (s *Service) Erase(ctx context.Context, owner Owner) error {
	if err := s.Store.Close(ctx, owner, s.now()); err != nil {
		return err
	}
	usage, err := s.DescribeUsage(ctx, owner)
	if err != nil {
		return err
	}
	if err := s.Store.Erase(ctx, owner); err != nil {
		return err
	}
	s.Meter.add(PoolUsage{Pool: owner.Pool, Bytes: -usage.Bytes})
	return nil
}

// mergedInto returns those of names that came with a merge and had this name before.
func mergedInto(name string, names []string) []string {
	out := []string{}
	for _, one := range names {
		if base, ok := IsMerged(one); ok && base == name {
			out = append(out, one)
		}
	}
	return out
}
