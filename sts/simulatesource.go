package sts

import (
	"context"
	"errors"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/poolhouse/poolhouse/sts/policy"
)

// A source is the user or role of a simulation.
type source struct {
	kind, name string // kind is "user" or "role"
	grants     *Permissions
	keys       map[string][]string
}

// source finds a user or a role by its ARN.
func (s *Service) source(ctx context.Context, arn string) (*source, error) {
	account, resource, ok := cutARN(arn, "iam")
	kind, path, cut := strings.Cut(resource, "/")
	name := path[strings.LastIndexByte(path, '/')+1:]
	if !ok || !cut || name == "" || kind != "user" && kind != "role" && kind != "group" {
		return nil, fail(ErrInvalidInput, "Invalid Entity Arn: "+arn+" does not clearly define entity type and name.")
	}
	gone := fail(ErrNotFound, "The "+kind+" with name "+name+" cannot be found.")
	switch {
	case account != s.Account || kind == "group":
		return nil, gone
	case kind == "user":
		u, err := s.User(ctx, name)
		if err != nil || u.ARN() != arn {
			return nil, orGone(err, gone)
		}
		p := &Principal{Kind: IAMUser, Account: account, user: u}
		p.identify()
		return &source{kind, u.Name, &u.Permissions, p.Keys}, nil
	}
	r, err := s.Role(ctx, name)
	if err != nil || r.ARN() != arn {
		return nil, orGone(err, gone)
	}
	keys := map[string][]string{"aws:PrincipalArn": {arn}, "aws:PrincipalAccount": {account}, "aws:PrincipalType": {"AssumedRole"}}
	for _, t := range r.Tags {
		keys["aws:PrincipalTag/"+t.Key] = []string{t.Value}
	}
	return &source{kind, r.Name, &r.Permissions, keys}, nil
}

func orGone(err, gone error) error {
	if err != nil {
		return err
	}
	return gone
}

// A sourcePolicy is one policy of a source.
type sourcePolicy struct {
	PolicySource
	arn      string // of a managed policy
	compiled *policy.Policy
}

// sourcePolicies returns the source's identity policies and its boundary, nil for none.
func (s *Service) sourcePolicies(ctx context.Context, src *source) (identity []sourcePolicy, boundary *sourcePolicy, err error) {
	for _, name := range slices.Sorted(maps.Keys(src.grants.Inline)) {
		p, err := s.compile(ctx, policy.Identity, []string{src.grants.Inline[name]}, nil)
		if err != nil {
			return nil, nil, notEvaluated(err)
		}
		identity = append(identity, sourcePolicy{PolicySource{src.kind + "_" + src.name + "_" + name, src.kind}, "", p[0]})
	}
	for _, arn := range src.grants.Attached {
		p, err := s.managedSource(ctx, arn)
		if err != nil {
			return nil, nil, err
		}
		identity = append(identity, *p)
	}
	if src.grants.Boundary != "" {
		boundary, err = s.managedSource(ctx, src.grants.Boundary)
	}
	return identity, boundary, err
}

func (s *Service) managedSource(ctx context.Context, arn string) (*sourcePolicy, error) {
	p, err := s.compile(ctx, policy.Identity, nil, []string{arn})
	if err != nil {
		return nil, notEvaluated(err)
	}
	kind := "user-managed"
	if strings.HasPrefix(arn, "arn:aws:iam::aws:") {
		kind = "aws-managed"
	}
	return &sourcePolicy{PolicySource{arn[strings.LastIndexByte(arn, '/')+1:], kind}, arn, p[0]}, nil
}

// notEvaluated is the error for a stored policy that does not parse.
func notEvaluated(err error) error {
	if errors.Is(err, policy.ErrMalformed) {
		return &Fault{Kind: ErrPolicyEvaluation, Text: "A policy of the entity cannot be evaluated.", Cause: err}
	}
	return err
}

// addSource lays the source's policies and keys down.
func (s *Service) addSource(ctx context.Context, sim *simulator) error {
	src, err := s.source(ctx, sim.in.Source)
	if err != nil {
		return err
	}
	identity, boundary, err := s.sourcePolicies(ctx, src)
	if err != nil {
		return err
	}
	maps.Copy(sim.request.Keys, src.keys)
	for _, p := range identity {
		if slices.Contains(sim.in.Excluded, p.arn) || slices.Contains(sim.in.Excluded, p.ID) {
			continue
		}
		sim.stack.Identity = append(sim.stack.Identity, p.compiled)
		sim.sources[policy.IdentityPart] = append(sim.sources[policy.IdentityPart], p.PolicySource)
	}
	if boundary != nil && !slices.Contains(sim.in.Excluded, boundary.arn) {
		sim.stack.Limits = []policy.Limit{{Part: policy.BoundaryPart, Policies: []*policy.Policy{boundary.compiled}}}
		sim.sources[policy.BoundaryPart] = []PolicySource{boundary.PolicySource}
	}
	return nil
}

// ContextKeys returns the condition keys and variables that policies name: of the
// user or role called source, unless that is empty, and of the documents.
func (s *Service) ContextKeys(ctx context.Context, source string, docs []string) ([]string, error) {
	var all []*policy.Policy
	if source != "" {
		src, err := s.source(ctx, source)
		if err != nil {
			return nil, err
		}
		identity, _, err := s.sourcePolicies(ctx, src)
		if err != nil {
			return nil, err
		}
		for _, p := range identity {
			all = append(all, p.compiled)
		}
	}
	for i, doc := range docs {
		p, err := policy.Parse(policy.Identity, doc)
		if err != nil {
			return nil, malformedInput("PolicyInputList."+strconv.Itoa(i+1), err)
		}
		all = append(all, p)
	}
	return policy.Keys(all...), nil
}

// malformedInput names the policy of the input that does not parse.
func malformedInput(member string, err error) error {
	var m *policy.MalformedError
	if errors.As(err, &m) {
		return fail(ErrInvalidInput, member+" is malformed: "+m.Text)
	}
	return err
}
