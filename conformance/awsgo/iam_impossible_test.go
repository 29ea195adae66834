package awsgo_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/poolhouse/poolhouse/conformance/harness"
)

// impossible are the errors that IAM's operations declare and that cannot occur here,
// each with the reason. The suite of boto3 reads the same file.
type impossible struct {
	Everywhere    map[string]string            // error to reason
	Taking        map[string]string            // of operations that take something away
	At            map[string]map[string]string // operation, error, reason
	AlwaysRefused map[string]string            // operations that never answer
	Undeclared    map[string]map[string]string // what AWS answers although its model does not say so
	Common        []string                     // what any operation can answer
}

func readImpossible(t *testing.T) (out impossible) {
	t.Helper()
	raw, err := os.ReadFile(filepath.Join(harness.Root(t), "conformance/iam/impossible.json"))
	must(t, err)
	must(t, json.Unmarshal(raw, &out))
	return out
}

// why says why an operation cannot answer with an error; "" if it can.
func (i *impossible) why(operation, code string) string {
	if why := i.Everywhere[code]; why != "" {
		return why
	}
	for _, verb := range []string{"Delete", "Detach", "Remove"} {
		if strings.HasPrefix(operation, verb) && i.Taking[code] != "" {
			return i.Taking[code]
		}
	}
	return i.At[operation][code]
}
