package gatewayapi

import "context"

// maxNames bounds the access keys or principals of one call: far more than an
// ACL or a bucket policy can name.
const maxNames = 5000

type identitiesCall struct {
	AccessKeyIDs []string `json:"accessKeyIds"`
}

type identitiesAnswer struct {
	Identities []identity `json:"identities"`
}

// An identity says whose an access key is.
type identity struct {
	Found        bool   `json:"found"`
	Kind         string `json:"kind,omitempty"`
	PrincipalARN string `json:"principalArn,omitempty"`
}

// identities says whose access keys are, in the order they were asked for. A
// session's key is found by nobody without its token: nothing is kept of sessions,
// and the gateway stores no reference to one anyway.
func (h *Handler) identities(ctx context.Context, in *identitiesCall) (*identitiesAnswer, error) {
	if len(in.AccessKeyIDs) > maxNames {
		return nil, badRequest("There are too many access keys.")
	}
	out := &identitiesAnswer{Identities: make([]identity, 0, len(in.AccessKeyIDs))}
	for _, id := range in.AccessKeyIDs {
		found, err := h.identity(ctx, id)
		if err != nil {
			return nil, err
		}
		out.Identities = append(out.Identities, found)
	}
	return out, nil
}

func (h *Handler) identity(ctx context.Context, accessKeyID string) (identity, error) {
	if temporary(accessKeyID) {
		return identity{}, nil
	}
	_, p, err := h.credential(ctx, accessKeyID, "")
	if err == error(errNoSuchIdentity) {
		return identity{}, nil
	}
	if err != nil {
		return identity{}, err
	}
	return identity{Found: true, Kind: "user", PrincipalARN: p.ARN}, nil
}

type principalsCall struct {
	Principals []string `json:"principals"`
}

type principalsAnswer struct {
	Invalid []string `json:"invalid"`
}

// principals returns those that a bucket policy must not name, because there is
// nobody of that name.
func (h *Handler) principals(ctx context.Context, in *principalsCall) (*principalsAnswer, error) {
	if len(in.Principals) > maxNames {
		return nil, badRequest("There are too many principals.")
	}
	out := &principalsAnswer{Invalid: []string{}}
	for _, name := range in.Principals {
		is, err := h.STS.IsPrincipal(ctx, name)
		if err != nil {
			return nil, err
		}
		if !is {
			out.Invalid = append(out.Invalid, name)
		}
	}
	return out, nil
}
