// Package samlidp is the SAML 2.0 identity provider of a pool: the registry of
// the apps that employees sign in to, and the pages that sign them in.
//
// crewjam/saml provides the message types and the identity-provider machinery:
// it validates requests against our registry and carries a request through
// session, assertion and response. This package checks first what crewjam does
// not (signatures, times, the asked-for subject and context, malformed input),
// and writes and signs the response itself, once. The XML is internal/samlxml's.
package samlidp
