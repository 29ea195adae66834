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

// A Mail is a message that was sent.
type Mail struct{ To, Subject, Body string }

// Code returns the six digits of the newest message to an address.
func (s *Server) Code(t testing.TB, to string) string {
	t.Helper()
	return sixDigits.FindString(s.Message(t, to).Body)
}

// Message returns the newest message with a code to an address.
func (s *Server) Message(t testing.TB, to string) Mail {
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
		var m Mail
		if err := json.Unmarshal(b, &m); err != nil {
			t.Fatal(err)
		}
		if m.To == to && sixDigits.MatchString(m.Body) {
			return m
		}
	}
	t.Fatalf("no message with a code to %s", to)
	return Mail{}
}
