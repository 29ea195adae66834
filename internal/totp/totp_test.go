package totp_test

import (
	"testing"
	"time"

	"github.com/poolhouse/poolhouse/internal/totp"
)

var secret = []byte("12345678901234567890")

// TestVectors are those of RFC 6238 appendix B, in six digits.
func TestVectors(t *testing.T) {
	for at, want := range map[int64]string{59: "287082", 1111111109: "081804", 1234567890: "005924", 20000000000: "353130"} {
		if got, err := totp.Code(secret, at/30); got != want || err != nil {
			t.Errorf("at %d: %s %v, want %s", at, got, err, want)
		}
		for _, off := range []time.Duration{-30, 0, 30} {
			step, ok, err := totp.Match(secret, want, time.Unix(at, 0).Add(off*time.Second))
			if err != nil || !ok || step != at/30 {
				t.Errorf("at %d%+d: step %d %t %v", at, off, step, ok, err)
			}
		}
		if _, ok, _ := totp.Match(secret, want, time.Unix(at+60, 0)); ok {
			t.Errorf("at %d: good a minute later", at)
		}
	}
}
