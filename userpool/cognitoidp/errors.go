package cognitoidp

import (
	"github.com/poolhouse/poolhouse/internal/awsapi"
	"github.com/poolhouse/poolhouse/userpool"
)

// Errors is how this service reports domain errors. The first match wins; an
// error that matches nothing is an internal error and its text stays in the log.
var Errors = awsapi.ErrorTable{
	{Is: userpool.ErrPoolNotFound, Status: 400, Code: "ResourceNotFoundException", Message: "User pool does not exist."},
	{Is: userpool.ErrClientNotFound, Status: 400, Code: "ResourceNotFoundException", Message: "User pool client does not exist."},
	{Is: userpool.ErrGroupNotFound, Status: 400, Code: "ResourceNotFoundException", Message: "Group not found."},
	{Is: userpool.ErrDomainNotFound, Status: 400, Code: "ResourceNotFoundException", Message: "Domain does not exist."},
	{Is: userpool.ErrNotFound, Status: 400, Code: "ResourceNotFoundException", Message: "Resource does not exist."},
	{Is: userpool.ErrUserNotFound, Status: 400, Code: "UserNotFoundException", Message: "User does not exist."},
	{Is: userpool.ErrUserExists, Status: 400, Code: "UsernameExistsException", Message: "User already exists"},
	{Is: userpool.ErrGroupExists, Status: 400, Code: "GroupExistsException", Message: "A group with the name already exists."},
	{Is: userpool.ErrDomainExists, Status: 400, Code: "InvalidParameterException", Message: "Domain already associated with another user pool."},
	{Is: userpool.ErrAliasExists, Status: 400, Code: "AliasExistsException", Message: "An account with the email already exists."},
	{Is: userpool.ErrNotAuthorized, Status: 400, Code: "NotAuthorizedException", Message: "Incorrect username or password."},
	{Is: userpool.ErrUserNotConfirmed, Status: 400, Code: "UserNotConfirmedException", Message: "User is not confirmed."},
	{Is: userpool.ErrPasswordResetRequired, Status: 400, Code: "PasswordResetRequiredException", Message: "Password reset required for the user"},
	{Is: userpool.ErrInvalidParameter, Status: 400, Code: "InvalidParameterException", Message: "Invalid parameter."},
	{Is: userpool.ErrInvalidPassword, Status: 400, Code: "InvalidPasswordException", Message: "Password does not conform to policy"},
	{Is: userpool.ErrPasswordHistory, Status: 400, Code: "PasswordHistoryPolicyViolationException", Message: "Password has been used before."},
	{Is: userpool.ErrCodeMismatch, Status: 400, Code: "CodeMismatchException", Message: "Invalid verification code provided, please try again."},
	{Is: userpool.ErrExpiredCode, Status: 400, Code: "ExpiredCodeException", Message: "Invalid code provided, please request a code again."},
	{Is: userpool.ErrLimitExceeded, Status: 400, Code: "LimitExceededException", Message: "Attempt limit exceeded, please try after some time."},
	{Is: userpool.ErrTooManyRequests, Status: 400, Code: "TooManyRequestsException", Message: "Too many requests"},
	{Is: userpool.ErrBusy, Status: 400, Code: "TooManyRequestsException", Message: "Too many requests"},
	{Is: userpool.ErrCodeDelivery, Status: 400, Code: "CodeDeliveryFailureException", Message: "Failed to deliver the message."},
	{Is: userpool.ErrUnsupportedTokenType, Status: 400, Code: "UnsupportedTokenTypeException", Message: "Unsupported token type"},
	{Is: userpool.ErrTokenReuse, Status: 400, Code: "RefreshTokenReuseException", Message: "Refresh token was used before"},
	{Is: userpool.ErrConflict, Status: 400, Code: "ConcurrentModificationException", Message: "The resource was changed by another request."},
	{Is: userpool.ErrUnsupportedState, Status: 400, Code: "UnsupportedUserStateException", Message: "The request failed because the user is in an unsupported state."},
	{Is: userpool.ErrInvalidOAuthFlow, Status: 400, Code: "InvalidOAuthFlowException", Message: "Invalid combination of OAuth flows."},
	{Is: userpool.ErrSoftwareTokenNotFound, Status: 400, Code: "SoftwareTokenMFANotFoundException", Message: "Software Token MFA has not been enabled by the userPool"},
	{Is: userpool.ErrEnableSoftwareToken, Status: 400, Code: "EnableSoftwareTokenMFAException", Message: "Code mismatch and fail enable Software Token MFA"},
	{Is: userpool.ErrScopeDoesNotExist, Status: 400, Code: "ScopeDoesNotExistException", Message: "Scope does not exist."},
}
