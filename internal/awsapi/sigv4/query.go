package sigv4

import (
	"errors"
	"net/url"
	"strings"
)

// A Param is one parameter of a query or a form, decoded.
type Param struct{ Name, Value string }

// maxParams bounds the parameters of one query or form.
const maxParams = 20000

var errTooManyParams = errors.New("sigv4: too many parameters")

// SplitQuery decodes a query string or a form, in order and with repetitions.
// The wire layer reads parameters with the same function, so that what was
// signed is what is served.
func SplitQuery(raw string) ([]Param, error) {
	if raw == "" {
		return nil, nil
	}
	n := strings.Count(raw, "&") + 1
	if n > maxParams {
		return nil, errTooManyParams
	}
	out := make([]Param, 0, n)
	for pair := range strings.SplitSeq(raw, "&") {
		if pair == "" {
			continue
		}
		name, value, _ := strings.Cut(pair, "=")
		n, err := url.QueryUnescape(name)
		if err != nil {
			return nil, err
		}
		v, err := url.QueryUnescape(value)
		if err != nil {
			return nil, err
		}
		out = append(out, Param{n, v})
	}
	return out, nil
}

func has(params []Param, name string) bool {
	for _, p := range params {
		if p.Name == name {
			return true
		}
	}
	return false
}
