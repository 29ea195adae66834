package poolhouseapi

import (
	"context"
	"strings"
	"time"

	"github.com/poolhouse/poolhouse/internal/awsapi"
	"github.com/poolhouse/poolhouse/userpool"
)

// ListSigningKeys lists the keys of a pool's tokens that are published.
func (a *API) ListSigningKeys(ctx context.Context, in *ListSigningKeysInput) (*ListSigningKeysOutput, error) {
	keys, err := a.Tokens.SigningKeys(ctx, userpool.PoolID(*in.UserPoolId))
	if err != nil {
		return nil, err
	}
	out := &ListSigningKeysOutput{Keys: []SigningKeyType{}}
	for _, k := range keys {
		out.Keys = append(out.Keys, *signingKey(k))
	}
	return out, nil
}

// RotateSigningKey publishes the next key, which begins to sign ten minutes later.
func (a *API) RotateSigningKey(ctx context.Context, in *RotateSigningKeyInput) (*RotateSigningKeyOutput, error) {
	k, err := a.Tokens.RotateKey(ctx, userpool.PoolID(*in.UserPoolId), *in.TokenUse == "ACCESS", awsapi.Value(in.Algorithm))
	if err != nil {
		return nil, err
	}
	return &RotateSigningKeyOutput{Key: signingKey(k)}, nil
}

// RevokeSigningKey takes a key that somebody else may have out of use at once.
func (a *API) RevokeSigningKey(ctx context.Context, in *RevokeSigningKeyInput) (*RevokeSigningKeyOutput, error) {
	k, err := a.Tokens.RevokeKey(ctx, userpool.PoolID(*in.UserPoolId), *in.KeyId)
	if err != nil {
		return nil, err
	}
	return &RevokeSigningKeyOutput{Key: signingKey(k)}, nil
}

func signingKey(k userpool.SigningKey) *SigningKeyType {
	use := "ID"
	if k.Access {
		use = "ACCESS"
	}
	out := &SigningKeyType{KeyId: &k.ID, TokenUse: &use, Algorithm: &k.Algorithm, State: awsapi.Ptr(strings.ToUpper(string(k.State))), CreationDate: &k.Created}
	for _, t := range []struct {
		at time.Time
		to **time.Time
	}{{k.SignFrom, &out.SignsFrom}, {k.NotAfter, &out.PublishedUntil}} {
		if !t.at.IsZero() {
			*t.to = &t.at
		}
	}
	return out
}
