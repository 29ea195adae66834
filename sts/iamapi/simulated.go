package iamapi

import (
	"github.com/poolhouse/poolhouse/internal/awsapi"
	"github.com/poolhouse/poolhouse/sts"
	"github.com/poolhouse/poolhouse/sts/policy"
)

// word is a decision as the model's PolicyEvaluationDecisionType.
func word(o policy.Outcome) string {
	return [...]string{policy.NoMatch: "implicitDeny", policy.Allow: "allowed", policy.Deny: "explicitDeny"}[o]
}

func outcome(d policy.Decision) policy.Outcome {
	switch {
	case d.Allowed:
		return policy.Allow
	case d.Explicit:
		return policy.Deny
	}
	return policy.NoMatch
}

// result describes a decision. What is missing stands with the resource, where the
// caller named resources, as in AWS.
func result(s *sts.Simulated, named bool) EvaluationResult {
	decision := awsapi.Ptr(word(outcome(s.Decision)))
	out := EvaluationResult{EvalActionName: &s.Action, EvalResourceName: &s.Resource, EvalDecision: decision,
		MatchedStatements: matched(s), PermissionsBoundaryDecisionDetail: boundaryDetail(s), OrganizationsDecisionDetail: organizationDetail(s),
		EvalDecisionDetails: details(s)}
	if !named {
		out.MissingContextValues = s.Missing
		return out
	}
	out.ResourceSpecificResults = []ResourceSpecificResult{{EvalResourceName: &s.Resource, EvalResourceDecision: decision,
		MatchedStatements: out.MatchedStatements, MissingContextValues: s.Missing,
		PermissionsBoundaryDecisionDetail: out.PermissionsBoundaryDecisionDetail, EvalDecisionDetails: out.EvalDecisionDetails}}
	return out
}

// matched lists the statements that made the decision: those that deny, or if none
// does those that allow; none of a request that is not allowed.
func matched(s *sts.Simulated) (out []Statement) {
	if !s.Allowed && !s.Explicit {
		return nil
	}
	for _, m := range s.Matches {
		if m.Deny != s.Explicit {
			continue
		}
		from := s.Sources[m.Part][m.Policy]
		out = append(out, Statement{SourcePolicyId: &from.ID, SourcePolicyType: &from.Type,
			StartPosition: position(m.Start), EndPosition: position(m.End)})
	}
	return out
}

func position(p policy.Position) *Position {
	return &Position{Line: awsapi.Ptr(int32(p.Line)), Column: awsapi.Ptr(int32(p.Column))}
}

// boundaryDetail is nil where there is no boundary.
func boundaryDetail(s *sts.Simulated) *PermissionsBoundaryDecisionDetail {
	o, ok := s.Outcomes[policy.BoundaryPart]
	if !ok {
		return nil
	}
	return &PermissionsBoundaryDecisionDetail{AllowedByPermissionsBoundary: awsapi.Ptr(o == policy.Allow)}
}

// organizationDetail is nil where there is no organization.
func organizationDetail(s *sts.Simulated) *OrganizationsDecisionDetail {
	o, ok := s.Outcomes[policy.OrganizationPart]
	if !ok {
		return nil
	}
	return &OrganizationsDecisionDetail{AllowedByOrganizations: awsapi.Ptr(o == policy.Allow)}
}

// details tells what each side says of a request from another account.
func details(s *sts.Simulated) map[string]string {
	if !s.Foreign {
		return nil
	}
	return map[string]string{"IAM Policy": word(s.Outcomes[policy.IdentityPart]), "Resource Policy": word(s.Outcomes[policy.ResourcePart])}
}
