package cognitoidp

import (
	"context"

	"github.com/poolhouse/poolhouse/internal/awsapi"
	"github.com/poolhouse/poolhouse/userpool"
)

// passkeyOps are the operations on passkeys.
func (a *API) passkeyOps() []awsapi.Op {
	return []awsapi.Op{
		awsapi.Func("CompleteWebAuthnRegistration", awsapi.AccessToken, a.CompleteWebAuthnRegistration),
		awsapi.Func("DeleteWebAuthnCredential", awsapi.AccessToken, a.DeleteWebAuthnCredential),
		awsapi.Func("ListWebAuthnCredentials", awsapi.AccessToken, a.ListWebAuthnCredentials),
		awsapi.Func("StartWebAuthnRegistration", awsapi.AccessToken, a.StartWebAuthnRegistration),
	}
}

// StartWebAuthnRegistration returns what a browser needs to make a passkey.
func (a *API) StartWebAuthnRegistration(ctx context.Context, in *StartWebAuthnRegistrationInput) (*StartWebAuthnRegistrationOutput, error) {
	u, c, err := a.signedIn(ctx, in.AccessToken)
	if err != nil {
		return nil, err
	}
	options, err := a.Pools.StartPasskey(ctx, c, u)
	return &StartWebAuthnRegistrationOutput{CredentialCreationOptions: options}, err
}

// CompleteWebAuthnRegistration adds the passkey that a browser made.
func (a *API) CompleteWebAuthnRegistration(ctx context.Context, in *CompleteWebAuthnRegistrationInput) (*CompleteWebAuthnRegistrationOutput, error) {
	u, c, err := a.signedIn(ctx, in.AccessToken)
	if err != nil {
		return nil, err
	}
	return &CompleteWebAuthnRegistrationOutput{}, a.Pools.CompletePasskey(ctx, c, u, in.Credential)
}

// ListWebAuthnCredentials reports the passkeys of the user of an access token.
func (a *API) ListWebAuthnCredentials(ctx context.Context, in *ListWebAuthnCredentialsInput) (*ListWebAuthnCredentialsOutput, error) {
	u, _, err := a.signedIn(ctx, in.AccessToken)
	if err != nil {
		return nil, err
	}
	keys, next, err := a.Pools.ListPasskeys(ctx, u, awsapi.Value(in.NextToken), int(awsapi.Value(in.MaxResults)))
	if err != nil {
		return nil, err
	}
	out := &ListWebAuthnCredentialsOutput{Credentials: []WebAuthnCredentialDescription{}, NextToken: optional(next)}
	for _, k := range keys {
		out.Credentials = append(out.Credentials, WebAuthnCredentialDescription{CredentialId: &k.ID, FriendlyCredentialName: &k.Name,
			RelyingPartyId: &k.RelyingParty, AuthenticatorAttachment: optional(k.Attachment),
			AuthenticatorTransports: append([]string{}, k.Transports...), CreatedAt: stamp(k.Created)})
	}
	return out, nil
}

// DeleteWebAuthnCredential deletes a passkey of the user of an access token.
func (a *API) DeleteWebAuthnCredential(ctx context.Context, in *DeleteWebAuthnCredentialInput) (*DeleteWebAuthnCredentialOutput, error) {
	u, _, err := a.signedIn(ctx, in.AccessToken)
	if err != nil {
		return nil, err
	}
	return &DeleteWebAuthnCredentialOutput{}, a.Pools.DeletePasskey(ctx, u, *in.CredentialId)
}

// The values of WebAuthnConfiguration.
const (
	verificationRequired = "required"
	passkeyBothFactors   = "MULTI_FACTOR_WITH_USER_VERIFICATION"
)

// passkeyConfigIn reads WebAuthnConfiguration. Whether passkeys are a factor at all
// is the sign-in policy's to say.
func passkeyConfigIn(in *WebAuthnConfigurationType) userpool.PasskeyRules {
	return userpool.PasskeyRules{Configured: true, RelyingParty: awsapi.Value(in.RelyingPartyId),
		VerifyUser:  awsapi.Value(in.UserVerification) == verificationRequired,
		MultiFactor: awsapi.Value(in.FactorConfiguration) == passkeyBothFactors}
}

func passkeyConfigOut(r userpool.PasskeyRules) *WebAuthnConfigurationType {
	if !r.Configured {
		return nil
	}
	verification, factor := "preferred", "SINGLE_FACTOR"
	if r.VerifyUser {
		verification = verificationRequired
	}
	if r.MultiFactor {
		factor = passkeyBothFactors
	}
	return &WebAuthnConfigurationType{RelyingPartyId: optional(r.RelyingParty), UserVerification: &verification, FactorConfiguration: &factor}
}
