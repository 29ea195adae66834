package stsapi

import (
	"context"
	"encoding/xml"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"github.com/poolhouse/poolhouse/internal/outbound"
	"github.com/poolhouse/poolhouse/sts"
)

// maxUpstreamAnswer bounds the answer of another system's STS, in bytes.
const maxUpstreamAnswer = 256 << 10

// Upstream takes roles of other systems for package sts, by their query API.
type Upstream struct {
	Client *outbound.Client
	Log    *slog.Logger
}

var _ sts.UpstreamSTS = Upstream{}

// AssumeRoleWithWebIdentity implements sts.UpstreamSTS. Why the other system refused is
// for the log: its texts name its roles and keys.
func (u Upstream) AssumeRoleWithWebIdentity(ctx context.Context, in sts.UpstreamRequest) (sts.Credentials, error) {
	header := http.Header{"Content-Type": {"application/x-www-form-urlencoded"}}
	got, err := u.Client.Call(ctx, in.Endpoint, header, []byte(upstreamForm(in).Encode()), maxUpstreamAnswer)
	if err != nil {
		return sts.Credentials{}, &sts.Fault{Kind: sts.ErrIDPCommunication, Text: "The STS of the upstream role cannot be reached.", Cause: err}
	}
	if got.Status != http.StatusOK {
		return sts.Credentials{}, u.refused(ctx, in, got)
	}
	var answer struct {
		Credentials struct {
			AccessKeyId, SecretAccessKey, SessionToken string
			Expiration                                 time.Time
		} `xml:"AssumeRoleWithWebIdentityResult>Credentials"`
	}
	if err := xml.Unmarshal(got.Body, &answer); err != nil || answer.Credentials.SecretAccessKey == "" {
		return sts.Credentials{}, &sts.Fault{Kind: sts.ErrIDPCommunication, Text: "The STS of the upstream role gave no credentials.", Cause: err}
	}
	c := answer.Credentials
	return sts.Credentials{AccessKeyID: c.AccessKeyId, SecretAccessKey: c.SecretAccessKey, SessionToken: c.SessionToken, Expiration: c.Expiration}, nil
}

func upstreamForm(in sts.UpstreamRequest) url.Values {
	form := url.Values{"Action": {"AssumeRoleWithWebIdentity"}, "Version": {"2011-06-15"}, "RoleArn": {in.RoleARN},
		"RoleSessionName": {in.SessionName}, "WebIdentityToken": {in.Token}, "DurationSeconds": {strconv.FormatInt(int64(in.Duration/time.Second), 10)}}
	if in.Policy != "" {
		form.Set("Policy", in.Policy)
	}
	for i, arn := range in.PolicyARNs {
		form.Set(fmt.Sprintf("PolicyArns.member.%d.arn", i+1), arn)
	}
	return form
}

// refused logs what the other system said, and tells the client its code alone.
func (u Upstream) refused(ctx context.Context, in sts.UpstreamRequest, got *outbound.Answer) error {
	var said struct {
		Code    string `xml:"Error>Code"`
		Message string `xml:"Error>Message"`
	}
	_ = xml.Unmarshal(got.Body, &said) // whatever it is, it is a refusal
	u.Log.WarnContext(ctx, "upstream role refused", "role", in.RoleARN, "endpoint", in.Endpoint, "status", got.Status, "code", said.Code, "message", said.Message)
	if got.Status >= http.StatusInternalServerError {
		return &sts.Fault{Kind: sts.ErrIDPCommunication, Text: "The STS of the upstream role failed."}
	}
	return &sts.Fault{Kind: sts.ErrUpstreamRefused, Text: "The STS of the upstream role refused the token of this server."}
}
