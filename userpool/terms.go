package userpool

import (
	"context"
	"errors"
	"net/url"
	"strings"
)

// defaultLanguage is the link for visitors whose language has none.
const defaultLanguage = "cognito:default"

// languages are the languages of links, by their tags.
var languages = map[string]string{
	"nl": "cognito:dutch", "en": "cognito:english", "fr": "cognito:french", "es": "cognito:spanish", "de": "cognito:german",
	"id": "cognito:bahasa-indonesia", "it": "cognito:italian", "ja": "cognito:japanese", "ko": "cognito:korean",
	"pt": "cognito:portuguese-brazil", "zh": "cognito:chinese-simplified", "zh-hant": "cognito:chinese-traditional",
	"zh-tw": "cognito:chinese-traditional", "zh-hk": "cognito:chinese-traditional", "zh-mo": "cognito:chinese-traditional",
}

// Link returns the address of the terms for a reader of the languages given by
// their tags, the best first.
func (t *Terms) Link(tags []string) string {
	for _, tag := range tags {
		tag = strings.ToLower(tag)
		for {
			if link := t.Links[languages[tag]]; link != "" {
				return link
			}
			end := strings.LastIndexByte(tag, '-')
			if end < 0 {
				break
			}
			tag = tag[:end]
		}
	}
	return t.Links[defaultLanguage]
}

// check refuses terms that would be shown to nobody or lead nowhere.
func (t *Terms) check() error {
	if t.Links[defaultLanguage] == "" {
		return invalid("Links must have %s.", defaultLanguage)
	}
	for language, link := range t.Links {
		u, err := url.Parse(link)
		if err != nil || u.Scheme != "https" && (u.Scheme != "http" || !loopback(u.Hostname())) || u.Host == "" || u.User != nil {
			return invalid("The link for %s is not a valid HTTPS address.", language)
		}
	}
	return nil
}

// CreateTerms adds terms to a client.
func (s *Service) CreateTerms(ctx context.Context, t *Terms) (*Terms, error) {
	if _, err := s.Client(ctx, t.Pool, t.Client); err != nil {
		return nil, err
	}
	if err := t.check(); err != nil {
		return nil, err
	}
	t.ID, t.Created = newTokenID(), s.now()
	t.Modified = t.Created
	return t, namedTerms(namedClient(s.Store.CreateTerms(ctx, t), t.Client), t.Name)
}

func namedTerms(err error, name string) error {
	switch {
	case errors.Is(err, ErrTermsExist):
		return Fail(ErrTermsExist, "The app client has terms of the name "+name+" already.")
	case errors.Is(err, ErrNotFound):
		return Fail(ErrNotFound, "Terms do not exist.")
	}
	return err
}

// Terms returns terms of the pool.
func (s *Service) Terms(ctx context.Context, pool PoolID, id string) (*Terms, error) {
	if _, err := s.Pool(ctx, pool); err != nil {
		return nil, err
	}
	t, err := s.Store.Terms(ctx, pool, id)
	return t, namedTerms(err, "")
}

// UpdateTerms changes terms by fn, which may run more than once.
func (s *Service) UpdateTerms(ctx context.Context, pool PoolID, id string, fn func(*Terms)) (*Terms, error) {
	if _, err := s.Pool(ctx, pool); err != nil {
		return nil, err
	}
	name := ""
	t, err := s.Store.UpdateTerms(ctx, pool, id, func(t *Terms) error {
		fn(t)
		name, t.Modified = t.Name, s.now()
		return t.check()
	})
	return t, namedTerms(err, name)
}

// DeleteTerms takes terms away.
func (s *Service) DeleteTerms(ctx context.Context, pool PoolID, id string) error {
	if _, err := s.Pool(ctx, pool); err != nil {
		return err
	}
	return namedTerms(s.Store.DeleteTerms(ctx, pool, id), "")
}

// ListTerms lists the terms of a pool.
func (s *Service) ListTerms(ctx context.Context, pool PoolID, token string, limit int) ([]*Terms, string, error) {
	if _, err := s.Pool(ctx, pool); err != nil {
		return nil, "", err
	}
	return listPage(s, "ListTerms/"+string(pool), token, limit, func(after string, limit int) ([]*Terms, string, error) {
		return s.Store.TermsPage(ctx, pool, after, limit)
	})
}

// TermsOf returns what a client shows to people who sign up: terms of use first.
func (s *Service) TermsOf(ctx context.Context, c *Client) ([]*Terms, error) {
	all, err := s.Store.TermsOf(ctx, c.Pool, c.ID)
	for i, t := range all {
		if t.Name == "terms-of-use" {
			all[0], all[i] = all[i], all[0]
		}
	}
	return all, err
}
