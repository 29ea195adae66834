// Package samlattack makes hostile SAML messages out of genuine ones, for the
// tests of whoever reads such messages. An attack is a genuine message that was
// changed, and signed again by its issuer where the attacker would need that.
// No attack may be accepted.
package samlattack

// Classes are all classes of attacks, as docs/saml.md lists them with the tests of
// each reader. Those that are no change of a message are tested by their readers
// alone.
var Classes = []string{
	"wrapping", "stripping", "key-info", "algorithms", "signed-info", "canonicalisation", "comments", "parser", "bombs",
	"replay", "audience", "issuer", "in-response-to", "relay-state", "times", "confirmation", "oracle", "encryption",
	"logout", "query", "metadata", "scope", "attributes", "injection",
}
