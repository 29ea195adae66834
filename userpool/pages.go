package userpool

import (
	"encoding/base64"
	"encoding/json"
	"time"
)

// pageLife is how long the token of a next page can be used.
const pageLife = time.Hour

// A pageToken is where the next page of a list begins. On the wire it is sealed,
// bound to its query: a reader can neither forge one nor use it elsewhere.
type pageToken struct {
	After   string
	Expires time.Time
}

var errPageToken = invalid("Invalid pagination token given.")

// sealPage makes the token for a store's next. query names the operation, the
// pool and whatever else selects the list.
func (s *Service) sealPage(query, next string) (string, error) {
	if next == "" {
		return "", nil
	}
	plain, err := json.Marshal(pageToken{next, s.now().Add(pageLife)})
	if err != nil {
		return "", err
	}
	sealed, err := s.Keys.Seal(plain, "userpool/page/"+query)
	return base64.RawURLEncoding.EncodeToString(sealed), err
}

// openPage returns what sealPage was given for the same query.
func (s *Service) openPage(query, token string) (next string, err error) {
	if token == "" {
		return "", nil
	}
	sealed, err := base64.RawURLEncoding.DecodeString(token)
	if err != nil {
		return "", errPageToken
	}
	plain, err := s.Keys.Open(sealed, "userpool/page/"+query)
	if err != nil {
		return "", errPageToken
	}
	var t pageToken
	if err := json.Unmarshal(plain, &t); err != nil || !s.now().Before(t.Expires) {
		return "", errPageToken
	}
	return t.After, nil
}

// listPage reads one page of a store's list.
func listPage[T any](s *Service, query, token string, limit int, read func(after string, limit int) ([]T, string, error)) ([]T, string, error) {
	after, err := s.openPage(query, token)
	if err != nil {
		return nil, "", err
	}
	if limit <= 0 {
		limit = 60
	}
	items, next, err := read(after, limit)
	if err != nil {
		return nil, "", err
	}
	next, err = s.sealPage(query, next)
	return items, next, err
}
