package server

import (
	"net/http/httptest"
	"net/netip"
	"testing"
)

func TestOriginAddress(t *testing.T) {
	o := origin{[]netip.Prefix{netip.MustParsePrefix("10.0.0.0/8")}}
	tests := []struct{ name, peer, forwarded, want string }{
		{"direct", "192.0.2.1:99", "", "192.0.2.1"},
		{"header from a stranger is ignored", "192.0.2.1:99", "198.51.100.7", "192.0.2.1"},
		{"trusted proxy", "10.0.0.1:99", "198.51.100.7", "198.51.100.7"},
		{"client forges a first hop", "10.0.0.1:99", "203.0.113.9, 198.51.100.7", "198.51.100.7"},
		{"two proxies", "10.0.0.1:99", "198.51.100.7, 10.0.0.2", "198.51.100.7"},
		{"with a port", "10.0.0.1:99", "198.51.100.7:4711", "198.51.100.7"},
		{"with a port, IPv6", "10.0.0.1:99", "[2001:db8::7]:4711", "2001:db8::7"},
		{"garbage", "10.0.0.1:99", "unknown", "10.0.0.1"},
		{"mapped address", "[::ffff:192.0.2.1]:99", "", "192.0.2.1"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r := httptest.NewRequest("GET", "/", nil)
			r.RemoteAddr = tt.peer
			if tt.forwarded != "" {
				r.Header.Set("X-Forwarded-For", tt.forwarded)
			}
			if got := o.address(r); got != tt.want {
				t.Errorf("address %q, want %q", got, tt.want)
			}
		})
	}
}

func TestOriginSecureNeedsTrustedProxy(t *testing.T) {
	o := origin{[]netip.Prefix{netip.MustParsePrefix("10.0.0.0/8")}}
	r := httptest.NewRequest("GET", "/", nil)
	r.Header.Set("X-Forwarded-Proto", "https")
	r.RemoteAddr = "192.0.2.1:99"
	if o.secure(r) {
		t.Error("a stranger's X-Forwarded-Proto was believed")
	}
	r.RemoteAddr = "10.0.0.1:99"
	if !o.secure(r) {
		t.Error("the proxy's X-Forwarded-Proto was not believed")
	}
}
