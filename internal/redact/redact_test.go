package redact

import "testing"

// Whatever a model adds, these names must never be recorded.
func TestSecret(t *testing.T) {
	for _, name := range []string{"Password", "ProposedPassword", "SecretHash", "ClientSecret", "AccessToken", "RefreshToken",
		"WebIdentityToken", "SAMLAssertion", "AuthParameters", "ChallengeResponses", "Session", "ConfirmationCode", "UserCode",
		"Code", "Policy", "PolicyDocument", "AssumeRolePolicyDocument", "SecretString", "private_key", "AddPrivateKey", "Logins",
		"TokenCode", "FirstCode", "TradeInToken", "PreSignedUrl", "SAMLMetadataDocument", "PasswordVerifier", "Salt", "ClientMetadata", "EncodedToken", "GrantTokens"} {
		if !Secret(name) {
			t.Errorf("%s would be recorded", name)
		}
	}
	for _, name := range []string{"NextToken", "PaginationToken", "RoleArn", "PolicyArn", "PolicyName", "SessionName", "ErrorCode",
		"CodeDeliveryMedium", "SubjectFromWebIdentityToken", "Username", "ClientSecretId"} {
		if Secret(name) {
			t.Errorf("%s would be hidden", name)
		}
	}
}
