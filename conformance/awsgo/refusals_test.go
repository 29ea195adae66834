package awsgo_test

import (
	"testing"

	"github.com/poolhouse/poolhouse/conformance/harness"
)

// A refusal is a call that failed, and how it should have.
type refusal struct {
	code, text string
	err        error
}

// failed is the error of a call.
func failed[T any](_ T, err error) error { return err }

// refusals checks calls that must have failed, each with its code and text.
func refusals(t *testing.T, list []refusal) {
	t.Helper()
	for i, r := range list {
		t.Run(r.code, func(t *testing.T) {
			t.Helper()
			t.Logf("refusal %d", i)
			harness.WantCode(t, r.err, r.code, r.text)
		})
	}
}
