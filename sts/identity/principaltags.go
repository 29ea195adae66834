package identity

import (
	"context"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/poolhouse/poolhouse/sts"
)

// Bounds of a TagMap.
const (
	maxTags       = 50
	maxClaimNames = 460 // bytes of all names of claims together
)

// Tags of a provider that uses the defaults.
var (
	defaultTags     = map[string]string{"username": "sub", "client": "aud"}
	defaultSAMLTags = map[string]string{"username": samlNameID, "client": samlName}
)

// SetTagMap says which claims of a provider's tokens become session tags. One
// without defaults and tags makes none.
func (s *Service) SetTagMap(ctx context.Context, id PoolID, provider string, m TagMap) (TagMap, error) {
	if err := m.check(); err != nil {
		return TagMap{}, err
	}
	p, err := s.changePool(ctx, id, func(p *Pool) error {
		key, ok := s.tagMapKey(p, provider)
		if !ok {
			return errNotProvider(provider)
		}
		p.TagMaps = maps.Clone(p.TagMaps)
		if p.TagMaps == nil {
			p.TagMaps = map[string]TagMap{}
		}
		if p.TagMaps[key] = m; !m.UseDefaults && len(m.Tags) == 0 {
			delete(p.TagMaps, key)
		}
		return nil
	})
	if err != nil {
		return TagMap{}, err
	}
	return s.tagMap(p, provider), nil
}

// TagMap returns what SetTagMap said, with the default tags where they are used.
func (s *Service) TagMap(ctx context.Context, id PoolID, provider string) (TagMap, error) {
	p, err := s.Pool(ctx, id)
	if err != nil {
		return TagMap{}, err
	}
	if _, ok := s.tagMapKey(p, provider); !ok {
		return TagMap{}, errNotProvider(provider)
	}
	return s.tagMap(p, provider), nil
}

func (s *Service) tagMap(p *Pool, provider string) TagMap {
	key, _ := s.tagMapKey(p, provider)
	m := p.TagMaps[key]
	if m.UseDefaults {
		m.Tags = maps.Clone(defaultsOf(slices.Contains(p.Settings.SAMLProviders, key)))
	}
	return m
}

func defaultsOf(saml bool) map[string]string {
	if saml {
		return defaultSAMLTags
	}
	return defaultTags
}

func errNotProvider(name string) error {
	return fail(ErrInvalidParameter, "'"+name+"' is not a provider of this identity pool.")
}

// tagMapKey returns the one spelling under which a provider's tags are kept: its
// canonical name, with a colon and the client where a user pool's is named.
func (s *Service) tagMapKey(p *Pool, provider string) (key string, ok bool) {
	if m, err := s.method(p, provider); err == nil {
		return m.name, true
	}
	i := strings.LastIndexByte(provider, ':')
	if i < 0 {
		return "", false
	}
	m := s.userPoolMethod(p, provider[:i])
	if m == nil || !m.clients[provider[i+1:]] {
		return "", false
	}
	return m.name + provider[i:], true
}

func (m *TagMap) check() error {
	bytes := 0
	for _, claim := range m.Tags {
		bytes += len(claim)
	}
	if bytes > maxClaimNames {
		return fail(ErrInvalidParameter, "The attribute names of PrincipalTags can have "+strconv.Itoa(maxClaimNames)+" bytes together.")
	}
	return checkTagNames(m.Tags)
}

// checkTagNames refuses names of session tags that STS would refuse later.
func checkTagNames(tags map[string]string) error {
	if len(tags) > maxTags {
		return fail(ErrInvalidParameter, "PrincipalTags can have "+strconv.Itoa(maxTags)+" tags.")
	}
	seen := map[string]bool{}
	for tag := range tags {
		lower := strings.ToLower(tag)
		if seen[lower] || strings.HasPrefix(lower, "aws:") {
			return fail(ErrInvalidParameter, "The tag '"+tag+"' stands twice but for its case, or begins with aws:.")
		}
		seen[lower] = true
	}
	return nil
}

// sessionTags returns the tags of somebody's session: those that the app's backend
// chose, or those of the claims. A claim that is missing, or that has several
// values, makes no tag.
func (s *Service) sessionTags(who *presence) []sts.Tag {
	if who.token != nil {
		return who.token.sessionTags()
	}
	var tags []sts.Tag
	for _, one := range who.proofs {
		m, ok := who.pool.TagMaps[one.Provider+":"+one.client]
		if !ok {
			m = who.pool.TagMaps[one.Provider]
		}
		names := m.Tags
		if m.UseDefaults {
			names = defaultsOf(one.method.saml)
		}
		for _, tag := range sortedKeys(names) {
			value, ok := claimText(one.claims[names[tag]])
			taken := slices.ContainsFunc(tags, func(t sts.Tag) bool { return strings.EqualFold(t.Key, tag) }) // by another login
			if ok && !taken {
				tags = append(tags, sts.Tag{Key: tag, Value: value})
			}
		}
	}
	return tags
}

// claimText returns the one value of a claim as text.
func claimText(v any) (string, bool) {
	if n, ok := v.(float64); ok {
		return strconv.FormatFloat(n, 'f', -1, 64), true
	}
	values := claimTexts(v)
	if len(values) != 1 || values[0] == "" {
		return "", false
	}
	return values[0], true
}
