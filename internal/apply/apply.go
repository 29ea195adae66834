package apply

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"reflect"
	"slices"

	"github.com/poolhouse/poolhouse/internal/awsclient"
)

// An Applier carries out one file.
type Applier struct {
	Client *awsclient.Client
	Key    awsclient.Key
	Out    io.Writer
	Diff   bool // print what would change, and change nothing

	file    *File
	changes int
	account string
	pools   map[string]string            // name → ID; empty for one that is yet to be made
	clients map[string]map[string]string // pool → client name → ID
	idPools map[string]string            // name → ID; as pools
	roles   map[string]string            // name → ARN
}

// obj writes JSON bodies shortly.
type obj = map[string]any

// Run makes the server match f and returns how many changes that took, or
// would take. It stops at the first refusal; what was done until then stays.
func (a *Applier) Run(ctx context.Context, f *File) (changes int, err error) {
	a.file, a.pools, a.clients = f, map[string]string{}, map[string]map[string]string{}
	a.idPools, a.roles = map[string]string{}, map[string]string{}
	if err := a.findAccount(ctx); err != nil {
		return 0, err
	}
	for _, part := range []func(context.Context) error{a.applyPools, a.applyProviders, a.applyIdentityPools, a.applyRoles, a.applyIdentityRoles} {
		if err := part(ctx); err != nil {
			return a.changes, err
		}
	}
	return a.changes, nil
}

func (a *Applier) findAccount(ctx context.Context) error {
	var out struct {
		Account string `xml:"GetCallerIdentityResult>Account"`
	}
	err := a.Client.Query(ctx, "sts", "GetCallerIdentity", nil, &out, &a.Key)
	a.account = out.Account
	return err
}

// change prints one change and, unless only the difference is wanted, makes it.
func (a *Applier) change(do func() error, format string, args ...any) error {
	what := fmt.Sprintf(format, args...)
	a.changes++
	fmt.Fprintln(a.Out, what)
	if a.Diff {
		return nil
	}
	if err := do(); err != nil {
		return fmt.Errorf("%s: %w", what, err)
	}
	return nil
}

// call calls a JSON operation as the administrator.
func (a *Applier) call(ctx context.Context, target string, in, out any) error {
	return a.Client.JSON(ctx, target, in, out, &a.Key)
}

// pages calls a list operation until its last page and hands each page to
// read. The operation names the size of a page MaxResults and the next page
// NextToken.
func pages[Page any](ctx context.Context, a *Applier, target string, in obj, read func(Page)) error {
	in = with(in, obj{"MaxResults": pageSize})
	for {
		var raw json.RawMessage
		if err := a.call(ctx, target, in, &raw); err != nil {
			return err
		}
		var page Page
		var next struct{ NextToken string }
		if err := errors.Join(json.Unmarshal(raw, &page), json.Unmarshal(raw, &next)); err != nil {
			return err
		}
		read(page)
		if next.NextToken == "" {
			return nil
		}
		in["NextToken"] = next.NextToken
	}
}

// index puts one more thing into a map of names to IDs. Two things of one name
// matter only where the file means one of them.
func index(ids map[string]string, name, id string) {
	if _, ok := ids[name]; ok {
		id = ambiguous
	}
	ids[name] = id
}

// ambiguous stands in for the ID of things that share a name.
const ambiguous = "\x00"

// known looks a name up. ok is false for what is yet to be made.
func known(ids map[string]string, kind, name string) (id string, ok bool, err error) {
	if id, ok = ids[name]; id == ambiguous {
		return "", false, fmt.Errorf("the server has more than one %s called %q; apply finds them by name", kind, name)
	}
	return id, ok, nil
}

// idp and own name the targets of two services.
func idp(operation string) string      { return "AWSCognitoIdentityProviderService." + operation }
func identity(operation string) string { return "AWSCognitoIdentityService." + operation }
func own(operation string) string      { return "Poolhouse." + operation }

// isMissing reports whether a call found nothing.
func isMissing(err error) bool {
	var api *awsclient.APIError
	return errors.As(err, &api) && slices.Contains([]string{"ResourceNotFoundException", "UserNotFoundException", "NoSuchEntity"}, api.Code)
}

// with returns in with more members.
func with(in map[string]any, more obj) obj {
	out := maps.Clone(in)
	if out == nil {
		out = obj{}
	}
	maps.Copy(out, more)
	return out
}

// differing names the members of want that have does not hold as wanted.
// Members that only have holds do not count: the server adds defaults.
func differing(want, have map[string]any) (names []string) {
	for name, w := range want {
		if !covers(normal(have[name]), normal(w)) {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}

// covers reports whether have holds everything that want does.
func covers(have, want any) bool {
	switch w := want.(type) {
	case map[string]any:
		h, ok := have.(map[string]any)
		if !ok {
			return len(w) == 0 && have == nil
		}
		return len(differing(w, h)) == 0
	case []any:
		h, ok := have.([]any)
		if !ok || len(h) != len(w) {
			return len(w) == 0 && have == nil
		}
		for _, x := range w { // AWS lists have no fixed order
			if !slices.ContainsFunc(h, func(y any) bool { return covers(y, x) }) {
				return false
			}
		}
		return true
	case bool:
		return have == want || have == nil && !w
	}
	return reflect.DeepEqual(have, want)
}

// normal brings a value of YAML into the form that JSON decodes to.
func normal(v any) any {
	b, err := json.Marshal(v)
	if err != nil {
		return v
	}
	var out any
	if err := json.Unmarshal(b, &out); err != nil {
		return v
	}
	return out
}
