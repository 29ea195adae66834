package harness

import (
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"testing"
)

var sixDigits = regexp.MustCompile(`\b\d{6}\b`)

// MailDir is the directory that messages are written into, for clients of other
// languages.
func (s *Server) MailDir() string { return s.mail }

// Code returns the six digits of the newest message to an address.
func (s *Server) Code(t testing.TB, to string) string {
	t.Helper()
	names, err := filepath.Glob(filepath.Join(s.mail, "*.json"))
	if err != nil {
		t.Fatal(err)
	}
	slices.Sort(names) // they begin with the time
	for _, name := range slices.Backward(names) {
		b, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		var m struct{ To, Body string }
		if err := json.Unmarshal(b, &m); err != nil {
			t.Fatal(err)
		}
		if code := sixDigits.FindString(m.Body); m.To == to && code != "" {
			return code
		}
	}
	t.Fatalf("no message with a code to %s", to)
	return ""
}
