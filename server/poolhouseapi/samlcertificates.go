package poolhouseapi

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/pem"
	"strings"

	"github.com/poolhouse/poolhouse/idp/samlidp"
	"github.com/poolhouse/poolhouse/internal/awsapi"
	"github.com/poolhouse/poolhouse/userpool"
)

// ListSamlCertificates lists the certificates that a pool's SAML metadata shows.
func (a *API) ListSamlCertificates(ctx context.Context, in *ListSamlCertificatesInput) (*ListSamlCertificatesOutput, error) {
	all, err := a.samlCertificates(ctx, in.UserPoolId)
	return &ListSamlCertificatesOutput{Certificates: all}, err
}

// StartSamlRollover publishes the next certificate beside the one that signs.
func (a *API) StartSamlRollover(ctx context.Context, in *StartSamlRolloverInput) (*StartSamlRolloverOutput, error) {
	_, err := a.Apps.StartRollover(ctx, userpool.PoolID(*in.UserPoolId), awsapi.Value(in.KeyType), awsapi.Value(in.SwitchDate))
	if err != nil {
		return nil, err
	}
	all, err := a.samlCertificates(ctx, in.UserPoolId)
	return &StartSamlRolloverOutput{Certificates: all}, err
}

// AdvanceSamlRollover lets the next certificate sign, or retires the old ones.
func (a *API) AdvanceSamlRollover(ctx context.Context, in *AdvanceSamlRolloverInput) (*AdvanceSamlRolloverOutput, error) {
	if err := a.Apps.AdvanceRollover(ctx, userpool.PoolID(*in.UserPoolId), awsapi.Value(in.KeyType)); err != nil {
		return nil, err
	}
	all, err := a.samlCertificates(ctx, in.UserPoolId)
	return &AdvanceSamlRolloverOutput{Certificates: all}, err
}

// AbortSamlRollover takes the next certificate back.
func (a *API) AbortSamlRollover(ctx context.Context, in *AbortSamlRolloverInput) (*AbortSamlRolloverOutput, error) {
	if err := a.Apps.AbortRollover(ctx, userpool.PoolID(*in.UserPoolId), awsapi.Value(in.KeyType)); err != nil {
		return nil, err
	}
	all, err := a.samlCertificates(ctx, in.UserPoolId)
	return &AbortSamlRolloverOutput{Certificates: all}, err
}

func (a *API) samlCertificates(ctx context.Context, pool *string) ([]SamlCertificateType, error) {
	certs, err := a.Apps.Certificates(ctx, userpool.PoolID(*pool))
	if err != nil {
		return nil, err
	}
	all := []SamlCertificateType{}
	for _, c := range certs {
		all = append(all, samlCertificate(c))
	}
	return all, nil
}

func samlCertificate(c samlidp.Certificate) SamlCertificateType {
	sum := sha256.Sum256(c.Certificate.Raw)
	text := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: c.Certificate.Raw})
	out := SamlCertificateType{KeyId: &c.KeyID, KeyType: &c.Kind, State: awsapi.Ptr(strings.ToUpper(string(c.State))),
		Certificate: awsapi.Ptr(string(text)), Fingerprint: awsapi.Ptr(hex.EncodeToString(sum[:])),
		NotBefore: &c.Certificate.NotBefore, NotAfter: &c.Certificate.NotAfter, Warning: given(c.Warning)}
	if !c.SignsFrom.IsZero() {
		out.SignsFrom = &c.SignsFrom
	}
	if !c.PublishedUntil.IsZero() {
		out.PublishedUntil = &c.PublishedUntil
	}
	return out
}
