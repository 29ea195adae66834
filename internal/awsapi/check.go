package awsapi

import (
	"errors"
	"fmt"
	"slices"

	"github.com/poolhouse/poolhouse/internal/awsapi/models"
)

// commonFaults are codes that any AWS service may answer without declaring
// them, with their status.
var commonFaults = []models.Fault{
	{Code: "AccessDenied", Status: 403}, {Code: "AccessDeniedException", Status: 400},
	{Code: "AccessDeniedException", Status: 403}, {Code: "ExpiredToken", Status: 403},
	{Code: "ExpiredTokenException", Status: 400}, {Code: "InternalFailure", Status: 500},
	{Code: "InvalidClientTokenId", Status: 403}, {Code: "InvalidParameterValue", Status: 400},
	{Code: "MalformedInput", Status: 400}, {Code: "NotImplementedException", Status: 501},
	{Code: "ServiceUnavailable", Status: 503}, {Code: "ServiceUnavailableException", Status: 503},
	{Code: "Throttling", Status: 400}, {Code: "ThrottlingException", Status: 400},
	{Code: "UnrecognizedClientException", Status: 400}, {Code: "ValidationError", Status: 400},
	{Code: "ValidationException", Status: 400},
}

// CheckErrors reports every rule whose code and status the service's model does
// not declare, and every rule that an earlier one hides.
func CheckErrors(s Service) error {
	m := models.Find(s.Name)
	if m == nil {
		return fmt.Errorf("awsapi: no model of service %q", s.Name)
	}
	var errs []error
	for i, r := range s.Errors {
		f := models.Fault{Code: r.Code, Status: r.Status}
		if !slices.Contains(m.Faults, f) && !slices.Contains(commonFaults, f) {
			errs = append(errs, fmt.Errorf("%s: rule %d: the model declares no %s with status %d", s.Name, i, r.Code, r.Status))
		}
		if r.Is == nil {
			errs = append(errs, fmt.Errorf("%s: rule %d (%s) matches no error", s.Name, i, r.Code))
			continue
		}
		for _, earlier := range s.Errors[:i] {
			if earlier.Is != nil && errors.Is(r.Is, earlier.Is) {
				errs = append(errs, fmt.Errorf("%s: rule %d (%s, %v) is hidden by an earlier rule", s.Name, i, r.Code, r.Is))
				break
			}
		}
	}
	return errors.Join(errs...)
}

// CheckOps reports every operation that the model lacks, that is listed twice,
// or that is open where the model asks for a signature or the reverse. What is
// open and takes an access token must be declared as AccessToken where the
// token is required.
func CheckOps(s Service) error {
	m := models.Find(s.Name)
	if m == nil {
		return fmt.Errorf("awsapi: no model of service %q", s.Name)
	}
	var errs []error
	seen := map[string]bool{}
	for _, op := range s.Ops {
		mo := m.Operation(op.Name)
		switch {
		case mo == nil:
			errs = append(errs, fmt.Errorf("%s: the model has no operation %s", s.Name, op.Name))
		case seen[op.Name]:
			errs = append(errs, fmt.Errorf("%s: %s is listed twice", s.Name, op.Name))
		case mo.Unsigned != (op.Auth != SigV4):
			errs = append(errs, fmt.Errorf("%s: %s: who may call differs from the model (unsigned %t)", s.Name, op.Name, mo.Unsigned))
		case mo.Unsigned && tokenUse(m, mo) == required && op.Auth != AccessToken:
			errs = append(errs, fmt.Errorf("%s: %s requires an access token", s.Name, op.Name))
		case mo.Unsigned && tokenUse(m, mo) == absent && op.Auth == AccessToken:
			errs = append(errs, fmt.Errorf("%s: %s has no access token", s.Name, op.Name))
		}
		seen[op.Name] = true
	}
	return errors.Join(errs...)
}

// A use says how an operation takes an access token.
type use int

const (
	absent use = iota
	optional
	required
)

func tokenUse(m *models.Model, op *models.Operation) use {
	if op.Input == models.None {
		return absent
	}
	for _, mem := range m.Shapes[op.Input].Members {
		switch {
		case mem.Name == "AccessToken" && mem.Required:
			return required
		case mem.Name == "AccessToken":
			return optional
		}
	}
	return absent
}
