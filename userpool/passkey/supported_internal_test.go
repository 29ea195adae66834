package passkey

import (
	"bytes"
	"slices"
	"testing"
)

// rsaKey is a COSE key (RFC 8230 section 4) of RS256 with a modulus and an exponent of
// some length, in bytes.
func rsaKey(modulus, exponent int) []byte {
	return slices.Concat([]byte{0xa4, 0x01, 0x03, 0x03, 0x39, 0x01, 0x00, 0x20, 0x59, byte(modulus >> 8), byte(modulus)},
		bytes.Repeat([]byte{0xff}, modulus), []byte{0x21, 0x40 + byte(exponent)}, bytes.Repeat([]byte{0x01}, exponent))
}

func TestSizesOfKeys(t *testing.T) {
	for _, tt := range []struct {
		modulus, exponent int
		want              bool
	}{{256, 3, true}, {512, 3, true}, {128, 3, false}, {513, 3, false}, {40_000, 3, false}, {256, 8, false}} {
		if got := supported(rsaKey(tt.modulus, tt.exponent)); got != tt.want {
			t.Errorf("modulus of %d bytes, exponent of %d: %t", tt.modulus, tt.exponent, got)
		}
	}
}
