package policy

// A stage is one of the passes in which IAM judges a document. It names the first
// fault of the first stage that has any, wherever in the document that is.
type stage int

// The stages in their order.
const (
	reading stage = iota
	version
	principal
	legacy
	sids
	actions
	resources
	resourceForm
	actionForm
)

// Texts of IAM that stand in several places.
const (
	noActions    = "Policy statement must contain actions."
	noResources  = "Policy statement must contain resources."
	noVendor     = "Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2, etc."
	failedLegacy = "The policy failed legacy parsing"
)

// refuse notes a fault. Trust policies have one stage only.
func (p *parser) refuse(at stage, text string) {
	if p.kind == Trust {
		at = reading
	}
	if p.fault == "" || at < p.at {
		p.at, p.fault = at, text
	}
}

// syntax notes that the document has not the form of a policy.
func (p *parser) syntax() {
	if p.kind == Trust {
		p.refuse(reading, "Syntax error in policy.")
	} else {
		p.refuse(reading, "Syntax errors in policy.")
	}
}

// trustOr chooses between the texts for trust policies and for all others.
func (p *parser) trustOr(trust, other string) string {
	if p.kind == Trust {
		return trust
	}
	return other
}

func (p *parser) badJSON() string {
	return p.trustOr("This policy contains invalid Json", "Syntax errors in policy.")
}
