package cognitoidp

import (
	"context"

	"github.com/poolhouse/poolhouse/internal/awsapi"
	"github.com/poolhouse/poolhouse/userpool"
)

// termsOps are the operations on terms.
func (a *API) termsOps() []awsapi.Op {
	return []awsapi.Op{
		awsapi.Func("CreateTerms", awsapi.SigV4, a.CreateTerms),
		awsapi.Func("DeleteTerms", awsapi.SigV4, a.DeleteTerms),
		awsapi.Func("DescribeTerms", awsapi.SigV4, a.DescribeTerms),
		awsapi.Func("ListTerms", awsapi.SigV4, a.ListTerms),
		awsapi.Func("UpdateTerms", awsapi.SigV4, a.UpdateTerms),
	}
}

// CreateTerms adds terms of use, or a privacy policy, to an app client.
func (a *API) CreateTerms(ctx context.Context, in *CreateTermsInput) (*CreateTermsOutput, error) {
	t, err := a.Pools.CreateTerms(ctx, &userpool.Terms{Pool: pool(in.UserPoolId), Client: userpool.ClientID(*in.ClientId), Name: *in.TermsName,
		Source: *in.TermsSource, Enforcement: *in.Enforcement, Links: in.Links})
	if err != nil {
		return nil, err
	}
	return &CreateTermsOutput{Terms: termsOut(t)}, nil
}

// DescribeTerms reports terms.
func (a *API) DescribeTerms(ctx context.Context, in *DescribeTermsInput) (*DescribeTermsOutput, error) {
	t, err := a.Pools.Terms(ctx, pool(in.UserPoolId), *in.TermsId)
	if err != nil {
		return nil, err
	}
	return &DescribeTermsOutput{Terms: termsOut(t)}, nil
}

// UpdateTerms changes the members of terms that are given.
func (a *API) UpdateTerms(ctx context.Context, in *UpdateTermsInput) (*UpdateTermsOutput, error) {
	t, err := a.Pools.UpdateTerms(ctx, pool(in.UserPoolId), *in.TermsId, func(t *userpool.Terms) {
		t.Name, t.Source, t.Enforcement = or(in.TermsName, t.Name), or(in.TermsSource, t.Source), or(in.Enforcement, t.Enforcement)
		if in.Links != nil {
			t.Links = in.Links
		}
	})
	if err != nil {
		return nil, err
	}
	return &UpdateTermsOutput{Terms: termsOut(t)}, nil
}

// DeleteTerms takes terms away.
func (a *API) DeleteTerms(ctx context.Context, in *DeleteTermsInput) (*DeleteTermsOutput, error) {
	return &DeleteTermsOutput{}, a.Pools.DeleteTerms(ctx, pool(in.UserPoolId), *in.TermsId)
}

// ListTerms lists the terms of a pool, without their links.
func (a *API) ListTerms(ctx context.Context, in *ListTermsInput) (*ListTermsOutput, error) {
	list, next, err := a.Pools.ListTerms(ctx, pool(in.UserPoolId), awsapi.Value(in.NextToken), int(awsapi.Value(in.MaxResults)))
	if err != nil {
		return nil, err
	}
	out := &ListTermsOutput{Terms: []TermsDescriptionType{}, NextToken: optional(next)}
	for _, t := range list {
		out.Terms = append(out.Terms, TermsDescriptionType{TermsId: &t.ID, TermsName: &t.Name, Enforcement: &t.Enforcement,
			CreationDate: stamp(t.Created), LastModifiedDate: stamp(t.Modified)})
	}
	return out, nil
}

func termsOut(t *userpool.Terms) *TermsType {
	return &TermsType{TermsId: &t.ID, UserPoolId: awsapi.Ptr(string(t.Pool)), ClientId: awsapi.Ptr(string(t.Client)), TermsName: &t.Name,
		TermsSource: &t.Source, Enforcement: &t.Enforcement, Links: t.Links, CreationDate: stamp(t.Created), LastModifiedDate: stamp(t.Modified)}
}
