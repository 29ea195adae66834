package sts

import (
	"context"
	"errors"
	"strconv"
	"unicode/utf8"

	"github.com/poolhouse/poolhouse/sts/policy"
)

// maxSessionPolicies is how many managed policies one call may pass.
const maxSessionPolicies = 10

// packedBudget is what 100 % of PackedPolicySize stands for, in characters of
// policies, ARNs and tags together. AWS does not publish its own formula.
const packedBudget = 4096

// checkSessionPolicies refuses policies that do not parse or do not exist.
func (s *Service) checkSessionPolicies(ctx context.Context, spec SessionSpec) error {
	if spec.Policy != "" {
		if err := s.checkDocument(policy.Session, spec.Policy); err != nil {
			return err
		}
	}
	if len(spec.PolicyARNs) > maxSessionPolicies {
		return fail(ErrValidation, "No more than 10 managed session policies can be passed.")
	}
	for _, arn := range spec.PolicyARNs {
		_, err := s.managedDocument(ctx, arn)
		if errors.Is(err, ErrNotFound) {
			return fail(ErrInvalidParameter, "The managed session policy "+arn+" does not exist.")
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// checkDocument reports a document that does not parse as ErrMalformedPolicy.
func (s *Service) checkDocument(kind policy.Kind, doc string) error {
	_, err := s.policies.Parse(kind, doc)
	var m *policy.MalformedError
	if errors.As(err, &m) {
		return fail(ErrMalformedPolicy, m.Text)
	}
	return err
}

// packedSize returns the share of the budget that policies and tags take, in
// percent rounded up, or nil where none were passed. It grows with every
// character.
func packedSize(spec SessionSpec, tags []Tag) (*int, error) {
	size := utf8.RuneCountInString(spec.Policy)
	for _, arn := range spec.PolicyARNs {
		size += len(arn)
	}
	for _, t := range tags {
		size += utf8.RuneCountInString(t.Key) + utf8.RuneCountInString(t.Value)
	}
	if size == 0 {
		return nil, nil
	}
	percent := (100*size + packedBudget - 1) / packedBudget
	if percent > 100 {
		what := "session policies and tags"
		switch {
		case spec.Policy == "" && len(spec.PolicyARNs) == 0:
			what = "session tags"
		case len(tags) == 0:
			what = "session policies"
		}
		return nil, fail(ErrPackedPolicy, "Packed size of "+what+" consumes "+strconv.Itoa(percent)+"% of allotted space.")
	}
	return &percent, nil
}
