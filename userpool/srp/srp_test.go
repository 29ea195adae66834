package srp

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"math/big"
	"strings"
	"testing"
	"time"
)

// The exchange that all vectors share; two public client libraries agree on them.
var (
	vectorUser      = Identity{"ExaMpLe01", "0d9f3b6a-7c1e-4f52-9a80-1b2c3d4e5f60"}
	vectorPassword  = "Passw0rd!é"
	vectorSalt      = unhex("8f2d6a1b3c4e5f60718293a4b5c6d7e8")
	vectorBlock     = digest("poolhouse-secret-block")
	vectorTimestamp = "Tue Nov 3 04:05:06 UTC 2026"
)

func digest(s string) []byte {
	sum := sha256.Sum256([]byte(s))
	return sum[:]
}

func unhex(s string) []byte {
	raw, err := hex.DecodeString(s)
	if err != nil {
		panic(err)
	}
	return raw
}

func number(raw []byte) *big.Int { return new(big.Int).SetBytes(raw) }

// short is the first 8 bytes of the hash of a number's hexadecimal text.
func short(n *big.Int) string { return hex.EncodeToString(digest(n.Text(16))[:8]) }

func TestVectors(t *testing.T) {
	for _, tt := range []struct {
		n                int
		edge             string
		b, u, key, proof string
	}{
		{0, "A, S and u with the top bit set", "03e8624a7e252695",
			"fedc15580ad8412be434b1ad17c26770a7841b3ce493ffc4aeb7036e9b1ec346",
			"b6c45bd5a8551479a90f00de11546058", "u0NsuBIzSyhZBOhu4FYm+A2x8s6bKc506DNQ0/RY3Sg="},
		{350, "u of 31 bytes", "cd5e24f21bb577d5", "35525d0bbe9d2dae",
			"82ed0000a58e3b9abb50c501df65f5b3", "gzSXzvPLb5lwjakCgKE5J/KlYVXNoXeXhealk/oSJuI="},
		{87, "B of 383 bytes", "092156a84fcdba3a", "644b7cb4ca13c927",
			"1371f361eb6847620ca441d80c233646", "VHJUONA7koGHQjkKc0eoriIasrGB8+s3uQscFXaP4Wc="},
		{811, "S of 383 bytes", "b78316e414a91912", "f3055082ca045cd9",
			"a14927694488d5c965e164f04204654b", "1guQwWI9U6/xCq3Q0eJCYNpd6UnbiOIw5xmQD7ONUio="},
	} {
		t.Run(tt.edge, func(t *testing.T) {
			client := newClient(number(digest("poolhouse-a")))
			if got := short(client.Public); got != "35a16a5b1aa850cb" {
				t.Errorf("A = %s", got)
			}
			v := Verifier(vectorUser, vectorPassword, vectorSalt)
			if got := short(v); got != "d9acd5bafa67ddc3" {
				t.Errorf("v = %s", got)
			}
			b, key, err := accept(client.Public, v, number(digest(fmt.Sprint("poolhouse-b", tt.n))))
			if err != nil {
				t.Fatal(err)
			}
			if got := short(b); got != tt.b {
				t.Errorf("B = %s, want %s", got, tt.b)
			}
			if got := scrambler(client.Public, b).Text(16); !strings.HasPrefix(got, strings.TrimLeft(tt.u, "0")) {
				t.Errorf("u = %s, want %s", got, tt.u)
			}
			if got := hex.EncodeToString(key); got != tt.key {
				t.Errorf("server key = %s, want %s", got, tt.key)
			}
			if got := client.Key(vectorUser, vectorPassword, vectorSalt, b); !bytes.Equal(got, key) {
				t.Errorf("client key = %x, want %x", got, key)
			}
			proof := Sign(key, vectorUser, vectorBlock, vectorTimestamp)
			if got := base64.StdEncoding.EncodeToString(proof); got != tt.proof {
				t.Errorf("signature = %s, want %s", got, tt.proof)
			}
		})
	}
}

func TestPrivateExponent(t *testing.T) {
	const want = "1477d1d73f11ada4a5547e55dd2d8b74f372d451f45a2d87512a0d41c0b49629"
	if got := private(vectorUser, vectorPassword, vectorSalt).Text(16); got != want {
		t.Errorf("x = %s, want %s", got, want)
	}
}

func TestDeviceVector(t *testing.T) {
	device := Identity{"-AbCdEf12", "eu-west-1_3f6c1e2a-9b7d-4c55-8a10-0f1e2d3c4b5a"}
	const password = "cG9vbGhvdXNlLWRldmljZS1wYXNzd29yZA=="
	salt, err := base64.StdEncoding.DecodeString("ANGl4MSz8pGAcGBQQDAgEP8=")
	if err != nil {
		t.Fatal(err)
	}
	if got := private(device, password, salt).Text(16); !strings.HasPrefix(got, "44d40ff12fad7612") {
		t.Errorf("x = %s", got)
	}
	client := newClient(number(digest("poolhouse-a")))
	_, key, err := accept(client.Public, Verifier(device, password, salt), number(digest("poolhouse-b0")))
	if err != nil {
		t.Fatal(err)
	}
	if got := hex.EncodeToString(key); got != "491d787eb66e171f1115cec41c106d51" {
		t.Errorf("K = %s", got)
	}
	proof := base64.StdEncoding.EncodeToString(Sign(key, device, vectorBlock, vectorTimestamp))
	if proof != "HSlkAKDTn0xYnZiqTa1DZ+3yx5TTXO73wmLoTvpvKWE=" {
		t.Errorf("signature = %s", proof)
	}
}

func TestPad(t *testing.T) {
	for n, want := range map[int64]string{0: "00", 0x14: "14", 0x7f: "7f", 0xEC: "00ec", 0xABC: "0abc", 0x8000: "008000"} {
		if got := hex.EncodeToString(pad(big.NewInt(n))); got != want {
			t.Errorf("pad(%#x) = %s, want %s", n, got, want)
		}
	}
}

// Freshly drawn secrets reach the lengths that no vector has.
func TestExchange(t *testing.T) {
	for range 20 {
		salt := NewSalt()
		client := NewClient()
		b, key, err := Accept(client.Public, Verifier(vectorUser, vectorPassword, salt))
		if err != nil {
			t.Fatal(err)
		}
		proof := Sign(client.Key(vectorUser, vectorPassword, salt, b), vectorUser, vectorBlock, vectorTimestamp)
		if !Verify(key, vectorUser, vectorBlock, vectorTimestamp, proof) {
			t.Fatal("the right password was refused")
		}
		wrong := Sign(client.Key(vectorUser, "passw0rd!é", salt, b), vectorUser, vectorBlock, vectorTimestamp)
		if Verify(key, vectorUser, vectorBlock, vectorTimestamp, wrong) {
			t.Fatal("a wrong password was accepted")
		}
	}
}

func TestVerifyBindsAllParts(t *testing.T) {
	key := digest("key")[:keyBytes]
	proof := Sign(key, vectorUser, vectorBlock, vectorTimestamp)
	other := Identity{vectorUser.Group, "somebody-else"}
	for name, ok := range map[string]bool{
		"another user":      Verify(key, other, vectorBlock, vectorTimestamp, proof),
		"another block":     Verify(key, vectorUser, digest("other"), vectorTimestamp, proof),
		"another time":      Verify(key, vectorUser, vectorBlock, "Tue Nov 3 04:05:07 UTC 2026", proof),
		"another key":       Verify(digest("x")[:keyBytes], vectorUser, vectorBlock, vectorTimestamp, proof),
		"a short signature": Verify(key, vectorUser, vectorBlock, vectorTimestamp, proof[:31]),
		"no signature":      Verify(key, vectorUser, vectorBlock, vectorTimestamp, nil),
	} {
		if ok {
			t.Errorf("%s was accepted", name)
		}
	}
}

func TestParseHexRefuses(t *testing.T) {
	double := new(big.Int).Lsh(prime, 1)
	for _, tt := range []struct {
		name, in string
		want     error
	}{
		{"nothing", "", ErrHex},
		{"zero", "0", ErrPublicKey},
		{"long zero", strings.Repeat("0", 768), ErrPublicKey},
		{"the prime", modulus, ErrPublicKey},
		{"twice the prime", double.Text(16), ErrHex},
		{"a sign", "-5", ErrHex},
		{"not hexadecimal", "xyz1", ErrHex},
		{"a megabyte", strings.Repeat("f", 1<<20), ErrHex},
	} {
		if _, err := ParseHex(tt.in); err != tt.want {
			t.Errorf("%s: %v, want %v", tt.name, err, tt.want)
		}
	}
}

func TestParseHexAccepts(t *testing.T) {
	for in, want := range map[string]int64{"abc": 0xabc, "ABC": 0xabc, "00ec": 0xec, "1": 1} {
		if n, err := ParseHex(in); err != nil || n.Int64() != want {
			t.Errorf("ParseHex(%q) = %v, %v", in, n, err)
		}
	}
}

func TestParseSigned(t *testing.T) {
	largest := new(big.Int).Sub(prime, big.NewInt(1))
	for _, tt := range []struct {
		name string
		in   []byte
		want *big.Int
	}{
		{"nothing", nil, nil},
		{"zero", []byte{0, 0}, nil},
		{"negative", []byte{0x80}, nil},
		{"top bit after a zero byte", []byte{0, 0x80}, big.NewInt(0x80)},
		{"the largest", pad(largest), largest},
		{"the prime", pad(prime), nil},
		{"too long", make([]byte, 1<<20), nil},
	} {
		got, err := ParseSigned(tt.in)
		if (tt.want == nil) != (err == ErrRange) || tt.want != nil && (err != nil || got.Cmp(tt.want) != 0) {
			t.Errorf("%s: %v, %v", tt.name, got, err)
		}
	}
}

func TestAcceptRefusesZero(t *testing.T) {
	if _, _, err := Accept(new(big.Int).Set(prime), big.NewInt(7)); err != ErrPublicKey {
		t.Errorf("A = N: %v", err)
	}
}

func TestTimestamp(t *testing.T) {
	at := time.Date(2026, 11, 3, 4, 5, 6, 0, time.UTC)
	if got := Timestamp(at); got != vectorTimestamp {
		t.Errorf("Timestamp = %q", got)
	}
	for _, s := range []string{vectorTimestamp, "Tue Nov 03 04:05:06 UTC 2026"} {
		if got, err := ParseTimestamp(s); err != nil || !got.Equal(at) {
			t.Errorf("ParseTimestamp(%q) = %v, %v", s, got, err)
		}
	}
	if _, err := ParseTimestamp("2026-11-03T04:05:06Z"); err == nil {
		t.Error("another layout was accepted")
	}
}

func FuzzParseHex(f *testing.F) {
	for _, s := range []string{"", "0", "abc", "-1", "+1", "0x10", modulus, "ß", strings.Repeat("F", 770)} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		n, err := ParseHex(s)
		if err != nil {
			return
		}
		if n.Sign() <= 0 || n.BitLen() > 3072 || n.Cmp(prime) == 0 {
			t.Fatalf("ParseHex(%q) = %v", s, n)
		}
		if again, err := ParseHex(n.Text(16)); err != nil || again.Cmp(n) != 0 {
			t.Fatalf("%q does not survive a round trip", s)
		}
	})
}

func BenchmarkAccept(b *testing.B) {
	v := Verifier(vectorUser, vectorPassword, vectorSalt)
	client := NewClient()
	b.ReportAllocs()
	for b.Loop() {
		if _, _, err := Accept(client.Public, v); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkVerifier(b *testing.B) {
	for b.Loop() {
		Verifier(vectorUser, vectorPassword, vectorSalt)
	}
}
