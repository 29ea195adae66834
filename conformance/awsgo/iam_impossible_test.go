package awsgo_test

import "strings"

// The errors that IAM's operations declare and that cannot occur here, and why.

// everywhere holds for every operation.
var everywhere = map[string]string{
	"ServiceFailure":                "a fault of the server; tests in Go provoke one",
	"ConcurrentModification":        "changes to one entity take turns; nobody is turned away for another's change",
	"EntityTemporarilyUnmodifiable": "what a call made is there when it is answered",
	"NotSupportedService":           "there are no credentials of single services, so none is asked for in vain",
}

const (
	noQuota     = "an account may have any number of these"
	notLimited  = "to take away is not limited"
	patternKeep = "what would be invalid breaks the model's pattern, which is ValidationError"
)

// at holds for single operations.
var at = map[string]map[string]string{
	"CreateSAMLProvider":          {"LimitExceeded": noQuota},
	"CreateServiceLinkedRole":     {"LimitExceeded": noQuota, "NoSuchEntity": "a service without such a role is InvalidInput"},
	"CreateUser":                  {"LimitExceeded": noQuota},
	"DeleteOpenIDConnectProvider": {"NoSuchEntity": "to delete one that is gone is no error, as at AWS"},
	"ListAttachedRolePolicies":    {"InvalidInput": patternKeep},
	"ListAttachedUserPolicies":    {"InvalidInput": patternKeep},
	"SetDefaultPolicyVersion":     {"LimitExceeded": "it makes no version"},
	"UpdateAccessKey":             {"LimitExceeded": "it makes no key"},
	"UpdateRoleDescription":       {"UnmodifiableEntity": "the description of a service's role may be changed, as at AWS"},
	"UpdateUser":                  {"LimitExceeded": noQuota},
}

// cannotOccur says why an operation cannot answer with an error; "" if it can.
func cannotOccur(operation, code string) string {
	if why := everywhere[code]; why != "" {
		return why
	}
	if code == "LimitExceeded" && (strings.HasPrefix(operation, "De") || strings.HasPrefix(operation, "Remove")) {
		return notLimited
	}
	return at[operation][code]
}

// alwaysRefused are operations that never answer, and why.
var alwaysRefused = map[string]string{"DeleteLoginProfile": "no user has a password"}

// undeclared are errors that AWS gives although the model does not declare them.
var undeclared = map[string]string{"CreateRole": "NoSuchEntity"} // of a boundary

// commonErrors are those that any operation can have.
var commonErrors = []string{"AccessDenied", "ValidationError", "InvalidClientTokenId"}
