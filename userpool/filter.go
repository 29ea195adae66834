package userpool

import (
	"context"
	"slices"
	"strings"
)

var errFilter = invalid("Error while parsing filter.")

// parseFilter reads the Filter of ListUsers: one condition, attribute = "value"
// or attribute ^= "value" for a prefix. The attribute may be quoted too; in
// quotes a backslash escapes. An empty filter selects all.
func parseFilter(text string) (UserFilter, error) {
	var f UserFilter
	text = strings.TrimSpace(text)
	if text == "" {
		return f, nil
	}
	var ok bool
	if f.Attribute, text, ok = filterAttribute(text); !ok {
		return f, errFilter
	}
	text = strings.TrimSpace(text)
	switch {
	case strings.HasPrefix(text, "^="):
		f.Prefix, text = true, text[2:]
	case strings.HasPrefix(text, "="):
		text = text[1:]
	default:
		return f, errFilter
	}
	if f.Value, text, ok = quoted(strings.TrimSpace(text)); !ok || strings.TrimSpace(text) != "" {
		return f, errFilter
	}
	return f, f.normalize()
}

func filterAttribute(text string) (name, rest string, ok bool) {
	if strings.HasPrefix(text, `"`) {
		return quoted(text)
	}
	i := strings.IndexAny(text, " \t=^")
	if i <= 0 {
		return "", "", false
	}
	return text[:i], text[i:], true
}

// quoted reads a string in double quotes and returns what follows it.
func quoted(text string) (value, rest string, ok bool) {
	if !strings.HasPrefix(text, `"`) {
		return "", "", false
	}
	var b strings.Builder
	for i := 1; i < len(text); i++ {
		switch text[i] {
		case '"':
			return b.String(), text[i+1:], true
		case '\\':
			if i++; i == len(text) {
				return "", "", false
			}
		}
		b.WriteByte(text[i])
	}
	return "", "", false
}

// normalize checks that users can be filtered by the attribute.
func (f *UserFilter) normalize() error {
	switch {
	case f.Attribute == "cognito:user_status":
		f.Value = strings.ToUpper(f.Value)
	case slices.Contains([]string{"username", "sub", "status"}, f.Attribute), slices.Contains(IndexedAttributes, f.Attribute):
	default:
		return errFilter
	}
	return nil
}

// Users lists the users of a pool that match a filter.
func (s *Service) Users(ctx context.Context, pool PoolID, filter, token string, limit int) ([]*User, string, error) {
	if _, err := s.Pool(ctx, pool); err != nil {
		return nil, "", err
	}
	f, err := parseFilter(filter)
	if err != nil {
		return nil, "", err
	}
	query := "ListUsers/" + string(pool) + "/" + filter
	return listPage(s, query, token, limit, func(after string, limit int) ([]*User, string, error) {
		return s.Store.Users(ctx, pool, f, after, limit)
	})
}
