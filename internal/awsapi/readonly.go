package awsapi

import "strings"

// readVerbs begin the names of operations that change nothing.
var readVerbs = []string{"Get", "List", "Describe", "Lookup", "Search", "Simulate", "Decode", "Decrypt"}

// writers are the operations whose names do not tell that they change something.
var writers = map[string]bool{
	"cognito-identity GetId":                              true, // makes an identity
	"cognito-identity GetOpenIdTokenForDeveloperIdentity": true, // links a developer's identity
	"cognito-idp GetTokensFromRefreshToken":               true, // may replace the token
	"cognito-idp GetUserAttributeVerificationCode":        true, // sends a code
}

// readOnly reports whether an operation changes nothing: readOnly in CloudTrail's
// records. What STS issues is stored nowhere, so that all of it counts as reading.
func readOnly(service, op string) bool {
	if writers[service+" "+op] {
		return false
	}
	if service == "sts" {
		return true
	}
	for _, verb := range readVerbs {
		if strings.HasPrefix(strings.TrimPrefix(op, "Admin"), verb) {
			return true
		}
	}
	return false
}
