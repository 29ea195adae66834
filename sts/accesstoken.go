package sts

import (
	"context"
	"errors"
)

// AccessTokens asks public providers about OAuth access tokens, which only they
// understand.
type AccessTokens interface {
	// Bearer returns who a token of a provider is of, and the app that it was given
	// out for, by each of its names. It returns ErrIDPRejected or ErrIDPCommunication.
	Bearer(ctx context.Context, provider, token string) (apps []string, subject string, err error)
}

// tokenServices are the providers that ProviderId can name, with the condition key
// of their subject. Trust policies name them without a provider of IAM.
var tokenServices = map[string]string{"graph.facebook.com": "id", "www.amazon.com": "user_id"}

// accessTokenIdentity asks a provider whom an access token is of.
func (s *Service) accessTokenIdentity(ctx context.Context, provider, token string) (*WebIdentity, error) {
	subjectKey, known := tokenServices[provider]
	if !known || s.Access == nil {
		return nil, fail(ErrValidation, "ProviderId must be www.amazon.com or graph.facebook.com; leave it out for an ID token.")
	}
	apps, subject, err := s.Access.Bearer(ctx, provider, token)
	switch {
	case errors.Is(err, ErrIDPRejected):
		return nil, &Fault{Kind: ErrIDPRejected, Text: idpRejected, Cause: err}
	case errors.Is(err, ErrIDPCommunication):
		return nil, &Fault{Kind: ErrIDPCommunication, Text: "The identity provider cannot be asked about the token.", Cause: err}
	case err != nil:
		return nil, err
	}
	if len(apps) == 0 || apps[0] == "" || subject == "" {
		return nil, fail(ErrIDPRejected, "The identity provider does not say whose the token is.")
	}
	return &WebIdentity{Principal: provider, Prefix: provider, Audience: apps[0], Subject: subject,
		Keys: map[string][]string{provider + ":app_id": apps, provider + ":" + subjectKey: {subject}}}, nil
}
