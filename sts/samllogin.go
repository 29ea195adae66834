package sts

import "context"

// A SAMLLogin is what an assertion of one of the account's providers says to an
// identity pool.
type SAMLLogin struct {
	Subject    string              // NameID
	Roles      []string            // ARNs that it pairs with the provider
	Attributes map[string][]string // by name, AWS's among them
}

// SAMLLogin verifies a SAML Response, in base64, for a provider by its ARN. Unlike
// AssumeRoleWithSAML it does not use the assertion up: identity pools are shown it
// with each call of a sign-in.
func (s *Service) SAMLLogin(ctx context.Context, providerARN, response string) (*SAMLLogin, error) {
	provider, err := s.samlProvider(ctx, providerARN)
	if err != nil {
		return nil, err
	}
	assertion, err := s.readAssertion(ctx, provider, response)
	if err != nil {
		return nil, err
	}
	claims, err := s.samlClaims(assertion, provider)
	if err != nil {
		return nil, err
	}
	if assertion.Subject == "" {
		return nil, fail(ErrInvalidToken, "The assertion names nobody")
	}
	out := &SAMLLogin{Subject: assertion.Subject, Attributes: map[string][]string{}}
	for _, pair := range claims.roles {
		if pair[1] == provider.ARN() {
			out.Roles = append(out.Roles, pair[0])
		}
	}
	for _, a := range assertion.Attributes {
		out.Attributes[a.Name] = append(out.Attributes[a.Name], a.Values...)
	}
	return out, nil
}
