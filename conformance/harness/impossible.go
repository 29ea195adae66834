package harness

import (
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"testing"
)

// A serviceModel is what counts here of a service's model.
type serviceModel struct {
	ServiceID  string `json:"serviceId"`
	Operations map[string]struct {
		Errors []struct{ Code string }
	}
}

// impossible are the errors that a service's operations declare and that cannot occur
// here, each with the reason: conformance/impossible. The suites of boto3 read the same
// files.
type impossible struct {
	Cannot []struct {
		Operations pattern // whole names; all where empty
		Code, Why  string
	}
	AlwaysRefused map[string]string            // operations that never answer
	Undeclared    map[string]map[string]string // what AWS answers although its model does not say so
	Common        []string                     // what any operation can answer
}

// A pattern is a regular expression that matches from end to end.
type pattern struct{ *regexp.Regexp }

// UnmarshalText implements encoding.TextUnmarshaler.
func (p *pattern) UnmarshalText(text []byte) (err error) {
	p.Regexp, err = regexp.Compile("^(?:" + string(text) + ")$")
	return err
}

// why says why an operation cannot answer with an error; "" if it can.
func (i *impossible) why(operation, code string) string {
	for _, c := range i.Cannot {
		if c.Code == code && (c.Operations.Regexp == nil || c.Operations.MatchString(operation)) {
			return c.Why
		}
	}
	return ""
}

func readJSON(t testing.TB, file string, into any) {
	t.Helper()
	raw, err := os.ReadFile(filepath.Join(Root(t), filepath.FromSlash(file)))
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(raw, into); err != nil {
		t.Fatalf("%s: %v", file, err)
	}
}
