package sts

import (
	"context"
	"strconv"
	"strings"

	"github.com/poolhouse/poolhouse/sts/policy"
)

// A Simulation asks what policies would say of requests that nobody makes.
type Simulation struct {
	Source   string   // ARN of the user or role whose policies count; empty for none
	Policies []string // identity policies beside those
	Boundary []string // in place of the source's; at most one
	// Organization are service control policies, by the levels of an organization.
	Organization [][]string
	// Excluded are those of the source's policies that don't count, by ARN or by the
	// ID in PolicySource.
	Excluded []string

	Actions   []string
	Resources []string // none: "*"
	// ResourcePolicy stands at every resource. Owner names the account of those whose
	// ARN does not; empty for the caller's.
	ResourcePolicy, Owner string
	Caller                string              // ARN of the user who asks; empty for the source
	Keys                  map[string][]string // condition keys of the request
}

// A Simulated is the answer for one action and one resource.
type Simulated struct {
	policy.Explanation
	Action, Resource string
	Foreign          bool // the resource belongs to another account
	Sources          map[policy.Part][]PolicySource
}

// A PolicySource says where a policy of a simulation comes from.
type PolicySource struct {
	ID   string
	Type string // as in the model's PolicySourceType
}

// maxSimulatedText bounds the text of policies that one page of a simulation goes
// through, in bytes. Each of its results can name every statement.
const maxSimulatedText = 8 << 20

// Simulate answers for limit combinations of action and resource from the after'th,
// actions outermost, and tells if there are more. Of long policies it answers for
// fewer, but for one at least.
func (s *Service) Simulate(ctx context.Context, in Simulation, after, limit int) (out []Simulated, more bool, err error) {
	if len(in.Resources) == 0 {
		in.Resources = []string{"*"}
	}
	if err := in.check(); err != nil {
		return nil, false, err
	}
	sim, err := s.newSimulator(ctx, &in)
	if err != nil {
		return nil, false, err
	}
	total := len(in.Actions) * len(in.Resources)
	after = min(after, total)
	limit = min(limit, max(1, maxSimulatedText/max(1, sim.stack.Size()+sim.organizationSize())))
	end := min(after+limit, total)
	for i := after; i < end; i++ {
		if err := ctx.Err(); err != nil {
			return nil, false, err // nobody waits for the rest
		}
		out = append(out, sim.run(in.Actions[i/len(in.Resources)], in.Resources[i%len(in.Resources)]))
	}
	return out, end < total, nil
}

// check judges the form of the input.
func (in *Simulation) check() error {
	if len(in.Actions) == 0 {
		return fail(ErrInvalidInput, "ActionNames must not be empty.")
	}
	for _, a := range in.Actions {
		service, name, ok := strings.Cut(a, ":")
		if !ok || service == "" || name == "" || strings.ContainsAny(a, "*?") {
			return fail(ErrInvalidInput, "Invalid action name "+a+": it must be a service and the name of an action, without wildcards.")
		}
	}
	for _, r := range in.Resources {
		if r != "*" && (!strings.HasPrefix(r, "arn:") || strings.Count(r, ":") < 5) {
			return fail(ErrInvalidInput, "Invalid resource "+r+`: it must be an ARN or "*".`)
		}
	}
	if len(in.Boundary) > 1 {
		return fail(ErrInvalidInput, "PermissionsBoundaryPolicyInputList must hold one policy at most.")
	}
	if in.Owner != "" && ownerAccount(in.Owner) == "" {
		return fail(ErrInvalidInput, "ResourceOwner "+in.Owner+" names no account.")
	}
	return nil
}

// ownerAccount returns the account of "arn:aws:iam::ACCOUNT:root", or of its number.
func ownerAccount(owner string) string {
	if account, resource, ok := cutARN(owner, "iam"); ok && resource == "root" {
		return account
	}
	if policy.IsAccount(owner) && !strings.Contains(owner, ":") {
		return owner
	}
	return ""
}

// A simulator is a simulation with its policies compiled.
type simulator struct {
	in      *Simulation
	stack   policy.Stack
	levels  [][]*policy.Policy // of an organization
	sources map[policy.Part][]PolicySource
	request policy.Request
	account string // of the caller
}

func (s *Service) newSimulator(ctx context.Context, in *Simulation) (*simulator, error) {
	sim := &simulator{in: in, sources: map[policy.Part][]PolicySource{}, account: s.Account}
	sim.request.Keys = map[string][]string{}
	if in.Source != "" {
		if err := s.addSource(ctx, sim); err != nil {
			return nil, err
		}
	}
	if err := s.addInput(sim); err != nil {
		return nil, err
	}
	if err := sim.addOrganization(); err != nil {
		return nil, err
	}
	if err := sim.addCaller(); err != nil {
		return nil, err
	}
	s.timeKeys(sim.request.Keys)
	for name, values := range in.Keys {
		sim.setKey(name, values)
	}
	return sim, nil
}

// setKey replaces a key whatever case it stands in.
func (sim *simulator) setKey(name string, values []string) {
	for known := range sim.request.Keys {
		if strings.EqualFold(known, name) {
			delete(sim.request.Keys, known)
		}
	}
	sim.request.Keys[name] = values
}

// addInput compiles the policies of the input.
func (s *Service) addInput(sim *simulator) error {
	add := func(kind policy.Kind, member string, n int, doc, sourceType string, part policy.Part) (*policy.Policy, error) {
		id := member
		if n > 0 {
			id += "." + strconv.Itoa(n)
		}
		p, err := policy.Parse(kind, doc)
		if err != nil {
			return nil, malformedInput(id, err)
		}
		sim.sources[part] = append(sim.sources[part], PolicySource{id, sourceType})
		return p, nil
	}
	for i, doc := range sim.in.Policies {
		p, err := add(policy.Identity, "PolicyInputList", i+1, doc, "none", policy.IdentityPart)
		if err != nil {
			return err
		}
		sim.stack.Identity = append(sim.stack.Identity, p)
	}
	for i, doc := range sim.in.Boundary {
		sim.sources[policy.BoundaryPart] = nil
		p, err := add(policy.Identity, "PermissionsBoundaryPolicyInputList", i+1, doc, "none", policy.BoundaryPart)
		if err != nil {
			return err
		}
		sim.stack.Limits = []policy.Limit{{Part: policy.BoundaryPart, Policies: []*policy.Policy{p}}}
	}
	if doc := sim.in.ResourcePolicy; doc != "" {
		p, err := add(policy.Resource, "ResourcePolicy", 0, doc, "resource", policy.ResourcePart)
		if err != nil {
			return err
		}
		sim.stack.Resource = []*policy.Policy{p}
	}
	return nil
}

// addCaller settles who asks, for principals in the resource's policy.
func (sim *simulator) addCaller() error {
	caller := sim.in.Caller
	if caller == "" && strings.Contains(sim.in.Source, ":user/") {
		caller = sim.in.Source
	}
	if caller == "" {
		if sim.in.ResourcePolicy != "" {
			return fail(ErrInvalidInput, "CallerArn is required where ResourcePolicy is given.")
		}
		return nil
	}
	account, resource, ok := cutARN(caller, "iam")
	path, isUser := strings.CutPrefix(resource, "user/")
	if !ok || !isUser || path == "" {
		return fail(ErrInvalidInput, "CallerArn "+caller+" is not the ARN of a user.")
	}
	sim.account = account
	sim.request.Principal = policy.Principal{Type: "AWS", Account: account, Names: []string{caller}}
	if caller != sim.in.Source {
		sim.request.Keys["aws:PrincipalArn"] = []string{caller}
		sim.request.Keys["aws:PrincipalAccount"] = []string{account}
		sim.request.Keys["aws:PrincipalType"] = []string{"User"}
		sim.request.Keys["aws:username"] = []string{path[strings.LastIndexByte(path, '/')+1:]}
	}
	return nil
}

func (sim *simulator) run(action, resource string) Simulated {
	r, stack := sim.request, sim.stack
	r.Action, r.Resource = action, resource
	stack.Foreign = sim.foreign(resource)
	x := policy.Explain(&r, &stack)
	sim.organize(&r, &x)
	return Simulated{Explanation: x, Action: action, Resource: resource, Foreign: stack.Foreign, Sources: sim.sources}
}

// foreign reports whether the resource belongs to another account. Without a policy
// of the resource or an owner the question is about the caller's policies only.
func (sim *simulator) foreign(resource string) bool {
	if sim.in.ResourcePolicy == "" && sim.in.Owner == "" {
		return false
	}
	owner := ownerAccount(sim.in.Owner)
	if parts := strings.SplitN(resource, ":", 6); len(parts) == 6 && parts[4] != "" {
		owner = parts[4]
	}
	return owner != "" && owner != sim.account
}
