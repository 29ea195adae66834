package sts

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"strings"

	"github.com/poolhouse/poolhouse/sts/policy"
)

// setTrust checks a trust policy and binds the users and roles of this account
// that it names to their stable IDs. One that names nobody is refused, as in AWS.
func (s *Service) setTrust(ctx context.Context, r *Role, doc string) error {
	if policy.Size(doc) > maxTrustSize {
		return fail(ErrLimitExceeded, "Cannot exceed quota for ACLSizePerRole: 2048")
	}
	if err := s.checkDocument(policy.Trust, doc); err != nil {
		return err
	}
	ids := map[string]string{}
	for _, span := range awsPrincipals(doc) {
		id, err := s.principalID(ctx, span.text)
		if err != nil {
			return err
		}
		if id != "" {
			ids[span.text] = id
		}
	}
	r.Trust, r.TrustIDs = doc, ids
	return nil
}

// principalID returns the stable ID of the entity that a principal names; "" where
// it names none of this account.
func (s *Service) principalID(ctx context.Context, entry string) (string, error) {
	account, resource, ok := cutARN(entry, "iam")
	kind, path, _ := strings.Cut(resource, "/")
	if !ok || account != s.Account || kind != "user" && kind != "role" {
		return "", nil
	}
	arn, id := "", ""
	name := path[strings.LastIndexByte(path, '/')+1:]
	var err error
	if kind == "user" {
		var u *User
		if u, err = s.Store.Users().Get(ctx, account, name); err == nil {
			arn, id = u.ARN(), u.ID
		}
	} else {
		var r *Role
		if r, err = s.Store.Roles().Get(ctx, account, name); err == nil {
			arn, id = r.ARN(), r.ID
		}
	}
	if errors.Is(err, ErrNotFound) || err == nil && arn != entry {
		return "", fail(ErrMalformedPolicy, `Invalid principal in policy: "AWS":"`+entry+`"`)
	}
	return id, err
}

// sees returns how the role's trust policy sees p: by the ARNs that were p's when
// they were written, and not by those that were another's.
func (r *Role) sees(p *Principal) policy.Principal {
	out := p.trusted()
	id := p.stableID()
	if id == "" || len(r.TrustIDs) == 0 {
		return out
	}
	out.Names = slices.DeleteFunc(out.Names, func(name string) bool {
		bound, ok := r.TrustIDs[name]
		return ok && bound != id
	})
	for arn, bound := range r.TrustIDs {
		if bound == id && !slices.Contains(out.Names, arn) {
			out.Names = append(out.Names, arn)
		}
	}
	return out
}

// stableID is the ID of the user or role behind p.
func (p *Principal) stableID() string {
	switch {
	case p.role != nil:
		return p.role.ID
	case p.user != nil:
		return p.user.ID
	}
	return ""
}

// ShownTrust returns the trust policy with the names that those it trusts have
// now; one who is gone is shown by its ID, as in AWS.
func (s *Service) ShownTrust(ctx context.Context, r *Role) (string, error) {
	if len(r.TrustIDs) == 0 {
		return r.Trust, nil
	}
	names := make(map[string]string, len(r.TrustIDs))
	for arn, id := range r.TrustIDs {
		now, err := s.arnOf(ctx, id)
		if err != nil {
			return "", err
		}
		names[arn] = now
	}
	doc, spans := r.Trust, awsPrincipals(r.Trust)
	for _, span := range slices.Backward(spans) {
		if now, ok := names[span.text]; ok && now != span.text {
			doc = doc[:span.start] + `"` + now + `"` + doc[span.end:]
		}
	}
	return doc, nil
}

// arnOf returns the ARN of the user or role with a stable ID, or the ID itself.
func (s *Service) arnOf(ctx context.Context, id string) (string, error) {
	arn, err := id, error(nil)
	if strings.HasPrefix(id, "AIDA") {
		var u *User
		if u, err = s.Store.UserByID(ctx, s.Account, id); err == nil {
			arn = u.ARN()
		}
	} else {
		var r *Role
		if r, err = s.Store.RoleByID(ctx, s.Account, id); err == nil {
			arn = r.ARN()
		}
	}
	if errors.Is(err, ErrNotFound) {
		return id, nil
	}
	return arn, err
}

// A span is a JSON string in a document, from its first quote to its last.
type span struct {
	text       string
	start, end int
}

// awsPrincipals returns the entries under "AWS" of all Principal elements of a trust
// policy that parses, in order.
func awsPrincipals(doc string) []span {
	w := &principalWalk{doc: doc, json: json.NewDecoder(strings.NewReader(doc))}
	w.value("", "")
	return w.found
}

// A principalWalk goes once through a document.
type principalWalk struct {
	doc   string
	json  *json.Decoder
	found []span
}

// value reads one value that stands under name in the element outer, and reports
// whether it is whole. Lists are transparent: what they hold stands where they do.
func (w *principalWalk) value(outer, name string) bool {
	before := int(w.json.InputOffset())
	t, err := w.json.Token()
	if err != nil {
		return false
	}
	switch t := t.(type) {
	case json.Delim:
		return w.inside(t, outer, name)
	case string:
		if name == "AWS" && outer == "Principal" {
			end := int(w.json.InputOffset())
			start := before + strings.IndexByte(w.doc[before:end], '"')
			w.found = append(w.found, span{t, start, end})
		}
	}
	return true
}

func (w *principalWalk) inside(open json.Delim, outer, name string) bool {
	for w.json.More() {
		within, member := outer, name
		if open == '{' {
			key, err := w.json.Token()
			if err != nil {
				return false
			}
			within = name
			member, _ = key.(string)
		}
		if !w.value(within, member) {
			return false
		}
	}
	_, err := w.json.Token() // the closing delimiter
	return err == nil
}
