// Package redact knows what must never be written down: the names of members that
// hold secrets, whatever a service model says of their shapes. The wire layer and
// the audit log ask it.
package redact

import "strings"

// Hidden stands in records where a secret was, as in CloudTrail's. It also stands
// for a typed user name that matched nobody, which is often a password.
const Hidden = "HIDDEN_DUE_TO_SECURITY_REASONS"

// words fill, and ends end, the names of members with secrets.
var (
	words = []string{"password", "secret", "assertion", "privatekey", "private_key", "presignedurl", "authparameters",
		"challengeresponses", "clientmetadata", "clientcontext", "validationdata"}
	ends = []string{"token", "tokens", "code", "codes", "session", "policy", "policydocument", "salt", "verifier", "credential",
		"metadataxml", "metadatafile", "metadatadocument"}
	whole = map[string]bool{"logins": true, "cookie": true, "authorization": true}

	// known look like secrets by their names and are none.
	known = map[string]bool{"nexttoken": true, "paginationtoken": true, "clientrequesttoken": true, "errorcode": true,
		"statuscode": true, "countrycode": true, "clientsecretid": true, "subjectfromwebidentitytoken": true, "preventuserexistenceerrors": true}
)

// Secret reports whether a member of that name holds texts that must not be
// written down. What is no text, a number, a yes or no, or a structure whose own
// members are judged, never is.
func Secret(name string) bool {
	name = strings.ToLower(name)
	if known[name] {
		return false
	}
	if whole[name] {
		return true
	}
	for _, word := range words {
		if strings.Contains(name, word) {
			return true
		}
	}
	for _, end := range ends {
		if strings.HasSuffix(name, end) {
			return true
		}
	}
	return false
}
