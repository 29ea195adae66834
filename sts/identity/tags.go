package identity

import (
	"context"
	"maps"
	"strings"
)

// TagPool adds tags to a pool, and replaces those of the same keys.
func (s *Service) TagPool(ctx context.Context, id PoolID, tags map[string]string) error {
	_, err := s.changePool(ctx, id, func(p *Pool) error {
		all := maps.Clone(p.Settings.Tags)
		if all == nil {
			all = map[string]string{}
		}
		maps.Copy(all, tags)
		p.Settings.Tags = all
		return checkTags(all)
	})
	return err
}

// UntagPool removes tags from a pool; those that it does not have are no error.
func (s *Service) UntagPool(ctx context.Context, id PoolID, keys []string) error {
	_, err := s.changePool(ctx, id, func(p *Pool) error {
		all := maps.Clone(p.Settings.Tags)
		for _, key := range keys {
			delete(all, key)
		}
		p.Settings.Tags = all
		return nil
	})
	return err
}

func checkTags(tags map[string]string) error {
	if len(tags) > maxTags {
		return fail(ErrInvalidParameter, "An identity pool can have 50 tags.")
	}
	for key := range tags {
		if strings.HasPrefix(strings.ToLower(key), "aws:") {
			return fail(ErrInvalidParameter, "Tag keys cannot begin with aws:.")
		}
	}
	return nil
}
