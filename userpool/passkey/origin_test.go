package passkey

import (
	"strings"
	"testing"
)

func TestAllowedOrigin(t *testing.T) {
	for _, tt := range []struct {
		origin, party string
		want          bool
	}{
		{"https://example.com", "example.com", true},
		{"https://login.example.com:8443", "example.com", true},
		{"https://EXAMPLE.com", "example.com", true},
		{"http://localhost:8080", "localhost", true},
		{"http://x.auth.localhost:8080", "x.auth.localhost", true},
		{"http://example.com", "example.com", false},
		{"https://example.com", "login.example.com", false},
		{"https://badexample.com", "example.com", false},
		{"https://example.com.evil.test", "example.com", false},
		{"https://example.com@evil.test", "example.com", false},
		{"https://evil.test/example.com", "example.com", false},
		{"https://evil.test#.example.com", "example.com", false},
		{"https://evil.test?.example.com", "example.com", false},
		{"https://example.com/", "example.com", false},
		{"ftp://example.com", "example.com", false},
		{"null", "example.com", false},
		{"", "example.com", false},
		{"android:apk-key-hash:" + strings.Repeat("A", 43), "example.com", true},
		{"android:apk-key-hash:", "example.com", false},
		{"android:apk-key-hash:https://evil.test", "example.com", false},
	} {
		if got := allowedOrigin(tt.origin, tt.party); got != tt.want {
			t.Errorf("%q for %q: %v", tt.origin, tt.party, got)
		}
	}
}
