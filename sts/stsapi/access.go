package stsapi

import (
	"context"
	"errors"
	"maps"

	"github.com/poolhouse/poolhouse/internal/awsapi"
	"github.com/poolhouse/poolhouse/sts"
)

// Access answers the wire layer's two questions for every service: whose
// credential is this, and may it do that.
type Access struct {
	Service *sts.Service
}

var (
	_ awsapi.CredentialSource = (*Access)(nil)
	_ awsapi.Authorizer       = (*Access)(nil)
	_ awsapi.UseRecorder      = (*Access)(nil)
)

// Credential implements awsapi.CredentialSource.
func (a *Access) Credential(ctx context.Context, accessKeyID, sessionToken string) (string, *awsapi.Caller, error) {
	secret, p, err := a.Service.Credential(ctx, accessKeyID, sessionToken)
	switch {
	case errors.Is(err, sts.ErrUnknownCredential):
		return "", nil, &awsapi.Error{Status: 403, Code: "InvalidClientTokenId", Message: "The security token included in the request is invalid."}
	case errors.Is(err, sts.ErrExpiredCredential):
		return "", nil, &awsapi.Error{Status: 403, Code: "ExpiredToken", Message: "The security token included in the request is expired"}
	case err != nil:
		return "", nil, err
	}
	return secret, CallerOf(p), nil
}

// CallerOf describes a principal to the wire layer.
func CallerOf(p *sts.Principal) *awsapi.Caller {
	return &awsapi.Caller{AccountID: p.Account, ARN: p.ARN, UserID: p.UserID, AccessKeyID: p.AccessKeyID,
		Expires: p.Expires(), Keys: p.Keys, Principal: p}
}

// Authorize implements awsapi.Authorizer. The refusal carries the query
// protocol's code; the wire layer has the name of other protocols.
func (a *Access) Authorize(ctx context.Context, c *awsapi.Caller, action, resource string, keys map[string][]string) error {
	p, ok := c.Principal.(*sts.Principal)
	if !ok {
		return errNoPrincipal
	}
	all := make(map[string][]string, len(keys)+4)
	maps.Copy(all, requestKeys(ctx))
	maps.Copy(all, keys)
	err := a.Service.Authorize(ctx, p, action, own(p, action, resource), all)
	if errors.Is(err, sts.ErrAccessDenied) {
		e, _ := Errors.Find(err)
		return e
	}
	return err
}

// RecordUse implements awsapi.UseRecorder.
func (a *Access) RecordUse(ctx context.Context, c *awsapi.Call) {
	if p, ok := c.Caller.Principal.(*sts.Principal); ok {
		a.Service.RecordUse(ctx, p, c.Service, c.Region)
	}
}

// own replaces the missing resource of IAM operations that mean the calling user
// where they name none, so that policies about that user apply.
func own(p *sts.Principal, action, resource string) string {
	if p.Kind != sts.IAMUser || resource != "*" {
		return resource
	}
	switch action {
	case "iam:GetUser", "iam:CreateAccessKey", "iam:ListAccessKeys", "iam:UpdateAccessKey", "iam:DeleteAccessKey",
		"iam:ListMFADevices", "iam:ListSSHPublicKeys", "iam:ListSigningCertificates", "iam:ListServiceSpecificCredentials", "iam:DeleteLoginProfile":
		return p.ARN
	}
	return resource
}
