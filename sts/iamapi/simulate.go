package iamapi

import (
	"context"
	"strconv"
	"strings"

	"github.com/poolhouse/poolhouse/internal/awsapi"
	"github.com/poolhouse/poolhouse/sts"
	"github.com/poolhouse/poolhouse/sts/policy"
)

// GetContextKeysForCustomPolicy serves the operation of that name.
func (a *API) GetContextKeysForCustomPolicy(ctx context.Context, in *GetContextKeysForCustomPolicyInput) (*GetContextKeysForCustomPolicyOutput, error) {
	keys, err := a.STS.ContextKeys(ctx, "", in.PolicyInputList)
	return &GetContextKeysForCustomPolicyOutput{ContextKeyNames: keys}, err
}

// GetContextKeysForPrincipalPolicy serves the operation of that name.
func (a *API) GetContextKeysForPrincipalPolicy(ctx context.Context, in *GetContextKeysForPrincipalPolicyInput) (*GetContextKeysForPrincipalPolicyOutput, error) {
	keys, err := a.STS.ContextKeys(ctx, *in.PolicySourceArn, in.PolicyInputList)
	return &GetContextKeysForPrincipalPolicyOutput{ContextKeyNames: keys}, err
}

// SimulateCustomPolicy serves the operation of that name.
func (a *API) SimulateCustomPolicy(ctx context.Context, in *SimulateCustomPolicyInput) (*SimulateCustomPolicyOutput, error) {
	var levels [][]string
	for _, level := range in.OrderedOrganizationPolicyInputList {
		levels = append(levels, level.ServiceControlPolicyInputList)
	}
	out, err := a.simulate(ctx, sts.Simulation{Policies: in.PolicyInputList, Boundary: in.PermissionsBoundaryPolicyInputList, Organization: levels,
		Actions: in.ActionNames, Resources: in.ResourceArns, ResourcePolicy: awsapi.Value(in.ResourcePolicy),
		Owner: awsapi.Value(in.ResourceOwner), Caller: awsapi.Value(in.CallerArn)},
		in.ContextEntries, in.ResourceHandlingOption, in.Marker, in.MaxItems)
	if err != nil {
		return nil, err
	}
	return (*SimulateCustomPolicyOutput)(out), nil
}

// SimulatePrincipalPolicy serves the operation of that name.
func (a *API) SimulatePrincipalPolicy(ctx context.Context, in *SimulatePrincipalPolicyInput) (*SimulatePrincipalPolicyOutput, error) {
	excluded, err := exclusions(in.PolicyExclusionList)
	if err != nil {
		return nil, err
	}
	out, err := a.simulate(ctx, sts.Simulation{Source: *in.PolicySourceArn, Policies: in.PolicyInputList,
		Boundary: in.PermissionsBoundaryPolicyInputList, Excluded: excluded,
		Actions: in.ActionNames, Resources: in.ResourceArns, ResourcePolicy: awsapi.Value(in.ResourcePolicy),
		Owner: awsapi.Value(in.ResourceOwner), Caller: awsapi.Value(in.CallerArn)},
		in.ContextEntries, in.ResourceHandlingOption, in.Marker, in.MaxItems)
	if err != nil {
		return nil, err
	}
	return (*SimulatePrincipalPolicyOutput)(out), nil
}

func invalidInput(text string) error {
	return &awsapi.Error{Status: 400, Code: "InvalidInput", Message: text}
}

func unsupported(member string) error {
	return invalidInput(member + " is not supported by this server.")
}

// exclusions returns the ARNs and IDs of policies that a simulation leaves out.
func exclusions(list []PolicyIdentifier) (out []string, err error) {
	for _, p := range list {
		switch inline := p.InlinePolicyIdentifier; {
		case p.PolicyType != nil:
			return nil, unsupported("PolicyType in PolicyExclusionList")
		case inline != nil:
			out = append(out, strings.ToLower(*inline.AttachmentType)+"_"+*inline.AttachmentName+"_"+*inline.PolicyName)
		case awsapi.Value(p.PolicyArn) != "":
			out = append(out, *p.PolicyArn)
		default:
			return nil, invalidInput("An entry of PolicyExclusionList names no policy.")
		}
	}
	return out, nil
}

// defaultResults is how many results a page has where MaxItems does not say.
const defaultResults = 100

func (a *API) simulate(ctx context.Context, in sts.Simulation, entries []ContextEntry, option, marker *string, items *int32) (*SimulatePolicyResponse, error) {
	if option != nil {
		return nil, unsupported("ResourceHandlingOption")
	}
	var err error
	if in.Keys, err = contextKeys(entries); err != nil {
		return nil, err
	}
	at, err := page(nil, marker, items)
	if err != nil {
		return nil, err
	}
	after := 0
	if at.After != "" {
		if after, err = strconv.Atoi(at.After); err != nil || after < 0 {
			return nil, errMarker
		}
	}
	limit := at.Limit
	if limit == 0 {
		limit = defaultResults
	}
	list, truncated, err := a.STS.Simulate(ctx, in, after, limit)
	if err != nil {
		return nil, err
	}
	out, next := &SimulatePolicyResponse{}, ""
	for i := range list {
		out.EvaluationResults = append(out.EvaluationResults, result(&list[i], len(in.Resources) > 0))
	}
	if truncated {
		next = strconv.Itoa(after + len(list))
	}
	out.IsTruncated, out.Marker = more(next)
	return out, nil
}

// contextKeys reads the condition keys of a simulation and checks their types.
func contextKeys(entries []ContextEntry) (map[string][]string, error) {
	out := map[string][]string{}
	for _, e := range entries {
		name, kind := awsapi.Value(e.ContextKeyName), awsapi.Value(e.ContextKeyType)
		if name == "" || kind == "" || len(e.ContextKeyValues) == 0 {
			return nil, invalidInput("A context entry must have a name, a type and values.")
		}
		base, list := strings.CutSuffix(kind, "List")
		if !list && len(e.ContextKeyValues) > 1 {
			return nil, invalidInput("The context key " + name + " of the type " + kind + " has several values.")
		}
		for _, v := range e.ContextKeyValues {
			if !policy.IsValue(base, v) {
				return nil, invalidInput("The value " + v + " of the context key " + name + " is not of the type " + kind + ".")
			}
		}
		out[name] = append(out[name], e.ContextKeyValues...)
	}
	return out, nil
}
