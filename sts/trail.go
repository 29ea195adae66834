package sts

// A Beginning is what the audit log says of how a session began, beyond what its
// client is told.
type Beginning struct {
	AssertionID string // of the SAML assertion, or empty
	Tags        []Tag
	Transitive  []string // keys of the tags that chained sessions carry on
}

// TransitiveTags returns the tags that a session which p begins carries on from p's.
func (p *Principal) TransitiveTags() []Tag { return inherited(p) }
