package gatewayapi

import (
	"context"
	"errors"
	"strings"
	"time"

	"github.com/poolhouse/poolhouse/internal/awsapi/sigv4"
	"github.com/poolhouse/poolhouse/sts"
)

// serviceS3 is the one service that keys are derived for.
const serviceS3 = "s3"

const (
	// presignedLife is how old the day of a request may be: that of the oldest
	// presigned URL that can still be good.
	presignedLife = 7 * 24 * time.Hour
	day           = 24 * time.Hour
)

// A deriveCall asks for the key that a request claims to be signed with. Nobody
// has proved anything yet: whatever is in it, anybody may have sent.
type deriveCall struct {
	AccessKeyID  string `json:"accessKeyId"`
	SessionToken string `json:"sessionToken"`
	Date         string `json:"date"` // YYYYMMDD
	Region       string `json:"region"`
	Service      string `json:"service"`
}

type deriveAnswer struct {
	DerivedKey   []byte `json:"derivedKey"` // base64 on the wire
	PrincipalARN string `json:"principalArn"`
	RoleARN      string `json:"roleArn,omitempty"`
}

// derive returns the signing key of one day, region and service. It records
// nothing, for the request may be a stranger's.
func (h *Handler) derive(ctx context.Context, in *deriveCall) (*deriveAnswer, error) {
	date, err := time.Parse("20060102", in.Date)
	if err != nil || in.Region == "" || in.Service != serviceS3 {
		return nil, badRequest("The scope must be a day, a region and s3.")
	}
	if h.Limit != nil {
		if err := h.Limit(ctx, in.AccessKeyID); err != nil {
			return nil, err
		}
	}
	secret, p, err := h.credential(ctx, in.AccessKeyID, in.SessionToken)
	if err != nil {
		return nil, err
	}
	if !h.within(p, date) {
		return nil, refusedCredential(in.AccessKeyID, in.SessionToken)
	}
	return &deriveAnswer{sigv4.SigningKey(secret, in.Date, in.Region, in.Service), p.ARN, p.RoleARN()}, nil
}

// credential is sts.Service's, with refusals as a gateway knows them. There is no
// word for an expired session.
func (h *Handler) credential(ctx context.Context, accessKeyID, sessionToken string) (string, *sts.Principal, error) {
	secret, p, err := h.STS.Credential(ctx, accessKeyID, sessionToken)
	if errors.Is(err, sts.ErrUnknownCredential) || errors.Is(err, sts.ErrExpiredCredential) {
		return "", nil, refusedCredential(accessKeyID, sessionToken)
	}
	return secret, p, err
}

// refusedCredential blames the token where there is one.
func refusedCredential(accessKeyID, sessionToken string) error {
	if sessionToken == "" || accessKeyID == "" {
		return errNoSuchIdentity
	}
	return errInvalidToken
}

// within reports whether a request that is good now can be of that day: with a
// session none from before it began. A key is worth a whole day, so none is given out
// for days far ahead.
func (h *Handler) within(p *sts.Principal, date time.Time) bool {
	now := h.Now().UTC()
	first := now.Add(-presignedLife).Truncate(day)
	if issued := p.Issued().Truncate(day); issued.After(first) {
		first = issued
	}
	return !date.Before(first) && !date.After(now.Truncate(day).Add(day))
}

// temporary reports whether an access key is one of a session's.
func temporary(accessKeyID string) bool { return strings.HasPrefix(accessKeyID, "ASIA") }
