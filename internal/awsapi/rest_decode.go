package awsapi

import (
	"net/http"
	"net/url"
	"reflect"
	"strings"

	"github.com/poolhouse/poolhouse/internal/awsapi/models"
	"github.com/poolhouse/poolhouse/internal/awsapi/sigv4"
)

// restRoot is where the paths of REST-JSON operations start.
const restRoot = "/identitypools"

// segments splits an escaped path. It neither decodes nor cleans it: "%2F" is
// no separator, and ".." is a label like any other, which no pattern allows.
func segments(path string) []string {
	return strings.Split(strings.TrimPrefix(path, "/"), "/")
}

// matches says whether the segments of a request fit the operation's path.
func (o *operation) matches(method string, path []string) bool {
	if method != o.model.Method || len(path) != len(o.path) {
		return false
	}
	for i, want := range o.path {
		if isLabel(want) {
			if path[i] == "" {
				return false
			}
		} else if path[i] != want {
			return false
		}
	}
	return true
}

func isLabel(segment string) bool { return strings.HasPrefix(segment, "{") }

// label returns the decoded segment of the path that the template calls {name}.
func (o *operation) label(name string, path []string) (string, error) {
	for i, want := range o.path {
		if i < len(path) && want == "{"+name+"}" {
			return url.PathUnescape(path[i])
		}
	}
	return "", nil
}

// decode reads labels, query, headers and body, each member from its one place.
func (restCodec) decode(x *exchange, in reflect.Value) error {
	if x.r.Method == http.MethodPost {
		if err := decodeJSON(x.op.in, x.body, in); err != nil {
			return err
		}
	}
	query, err := sigv4.SplitQuery(x.r.URL.RawQuery)
	if err != nil {
		return serialization("The query string is malformed.")
	}
	for i := range x.op.in.fields {
		f := &x.op.in.fields[i]
		text, ok, err := x.located(f, query)
		switch {
		case err != nil:
			return err
		case !ok:
			continue
		case !isText(text) || setText(f.node, f.slot(in), text) != nil:
			return serialization("The value of " + f.LocationName + " can not be converted to " + javaTypes[f.node.shape.Kind] + ".")
		}
	}
	return nil
}

// located returns the text of a member that travels outside the body.
func (x *exchange) located(f *field, query []sigv4.Param) (text string, ok bool, err error) {
	switch f.Location {
	case models.URI:
		text, err := x.op.label(f.LocationName, x.path)
		if err != nil {
			return "", false, serialization("The path is malformed.")
		}
		return text, true, nil
	case models.QueryString:
		for _, p := range query {
			if p.Name == f.LocationName {
				return p.Value, true, nil
			}
		}
	case models.Header:
		if v := x.r.Header.Values(f.LocationName); len(v) > 0 {
			return v[0], true, nil
		}
	}
	return "", false, nil
}
