package poolhouseapi

import (
	"context"

	"github.com/poolhouse/poolhouse/idp/samlidp"
	"github.com/poolhouse/poolhouse/internal/awsapi"
	"github.com/poolhouse/poolhouse/userpool"
)

// PreviewSamlApplication tells what an application would be told of a user.
func (a *API) PreviewSamlApplication(ctx context.Context, in *PreviewSamlApplicationInput) (*PreviewSamlApplicationOutput, error) {
	told, err := a.Apps.Preview(ctx, userpool.PoolID(*in.UserPoolId), samlidp.ApplicationID(*in.ApplicationId), *in.Username)
	if err != nil {
		return nil, err
	}
	out := &PreviewSamlApplicationOutput{Attributes: []ReleasedAttributeType{}, Problems: []ReleaseProblemType{}}
	if n := told.NameID; n != nil {
		out.NameId = &ReleasedNameType{Value: &n.Value, Format: &n.Format, NameQualifier: given(n.NameQualifier), SpNameQualifier: given(n.SPNameQualifier)}
	}
	for _, at := range told.Attributes {
		one := ReleasedAttributeType{Name: awsapi.Ptr(at.Name), NameFormat: given(at.NameFormat), FriendlyName: given(at.FriendlyName)}
		for _, v := range at.Values {
			one.Values = append(one.Values, v.Value)
		}
		out.Attributes = append(out.Attributes, one)
	}
	for _, p := range told.Problems {
		out.Problems = append(out.Problems, ReleaseProblemType{Attribute: awsapi.Ptr(p.Attribute), Message: awsapi.Ptr(p.Message)})
	}
	return out, nil
}
