package idp_test

import (
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/poolhouse/poolhouse/idp"
)

// TestUserAgentIsText: PostgreSQL refuses anything else, and with it the sign-in.
func TestUserAgentIsText(t *testing.T) {
	s, _, _ := begin(t, 0, 0)
	for _, agent := range []string{"\xff\xfe", strings.Repeat("x", 255) + "é"} {
		_, sess, err := s.Start(t.Context(), "", idp.SignIn{Pool: pool, Sub: "s", UserAgent: agent})
		if err != nil {
			t.Fatal(err)
		}
		if !utf8.ValidString(sess.UserAgent) || len(sess.UserAgent) > 256 {
			t.Errorf("kept %q", sess.UserAgent)
		}
	}
}
