package stsapi

import "context"

// DecodeAuthorizationMessage serves the operation of that name.
func (a *API) DecodeAuthorizationMessage(ctx context.Context, in *DecodeAuthorizationMessageInput) (*DecodeAuthorizationMessageOutput, error) {
	told, err := a.STS.DecodeRefusal(ctx, *in.EncodedMessage)
	if err != nil {
		return nil, err
	}
	return &DecodeAuthorizationMessageOutput{DecodedMessage: &told}, nil
}
