// Package samlattack makes hostile SAML messages out of genuine ones, for the
// tests of whoever reads such messages. An attack is a genuine message that was
// changed, and signed again by its issuer where the attacker would need that.
// No attack may be accepted.
//
// Rows lists the classes of attacks and where each consumer is tested against
// them; the table of docs/saml.md is written from it.
package samlattack
