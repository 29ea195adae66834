package gatewayapi

import (
	"context"
	"errors"
	"slices"
	"strings"

	"github.com/poolhouse/poolhouse/sts"
	"github.com/poolhouse/poolhouse/sts/policy"
)

// maxCells bounds the matrix of one call. A batch delete asks for a thousand.
const maxCells = 20_000

// An evaluateCall asks what somebody may do whose signature was verified.
type evaluateCall struct {
	AccessKeyID  string              `json:"accessKeyId"`
	SessionToken string              `json:"sessionToken"`
	Actions      []string            `json:"actions"`
	Resources    []string            `json:"resources"`
	Condition    map[string][]string `json:"condition"`
	Region       string              `json:"region"` // of the gateway; for the record alone
}

// Decisions stand by resource, then by action, in the order of the call.
type evaluateAnswer struct {
	Decisions        [][]string `json:"decisions"`
	HasSessionPolicy bool       `json:"hasSessionPolicy,omitempty"`
	SessionDecisions [][]string `json:"sessionDecisions,omitempty"`
	PrincipalARN     string     `json:"principalArn"`
}

// evaluate decides each action on each resource, the session's own policies apart
// from those of its identity: the gateway lets them narrow what a bucket policy
// grants. A credential that has died since its signature was checked may do
// nothing; an error would reach the S3 client as a fault of the server.
func (h *Handler) evaluate(ctx context.Context, in *evaluateCall) (*evaluateAnswer, error) {
	if len(in.Actions) == 0 || len(in.Resources) == 0 || len(in.Actions)*len(in.Resources) > maxCells {
		return nil, badRequest("There must be actions and resources, and not too many.")
	}
	_, p, err := h.STS.Credential(ctx, in.AccessKeyID, in.SessionToken)
	if errors.Is(err, sts.ErrUnknownCredential) || errors.Is(err, sts.ErrExpiredCredential) {
		return &evaluateAnswer{Decisions: denied(in)}, nil
	}
	if err != nil {
		return nil, err
	}
	h.STS.RecordUse(ctx, p, serviceS3, in.Region)
	d, err := h.STS.Decisions(ctx, p, in.Actions, in.Resources, requestKeys(in.Condition))
	if err != nil {
		return nil, err
	}
	out := &evaluateAnswer{PrincipalARN: p.ARN, Decisions: words(d.Own)}
	if d.Limits != nil {
		out.HasSessionPolicy, out.SessionDecisions = true, words(d.Limits)
	}
	return out, nil
}

// denied is a table that allows nothing, whatever a bucket policy grants.
func denied(in *evaluateCall) [][]string {
	row := slices.Repeat([]string{policy.Deny.String()}, len(in.Actions))
	return slices.Repeat([][]string{row}, len(in.Resources))
}

func words(table [][]policy.Outcome) [][]string {
	out := make([][]string, len(table))
	for i, row := range table {
		out[i] = make([]string, len(row))
		for j, o := range row {
			out[i][j] = o.String()
		}
	}
	return out
}

// ofTheRequest are the global condition keys that a gateway knows about. All
// others, the time and those of the caller above all, come from here or are not there.
var ofTheRequest = map[string]bool{"aws:securetransport": true, "aws:sourceip": true, "aws:useragent": true, "aws:referer": true}

// requestKeys keeps what a gateway may say of a request: these, and the keys of
// its own service.
func requestKeys(sent map[string][]string) map[string][]string {
	out := make(map[string][]string, len(sent))
	for name, values := range sent {
		folded := strings.ToLower(name)
		if ofTheRequest[folded] || strings.HasPrefix(folded, "s3:") {
			out[name] = values
		}
	}
	return out
}
