package samlxml_test

import (
	"bytes"
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/crewjam/saml"

	"github.com/poolhouse/poolhouse/internal/samlxml"
)

// interleave times op and its floor in turns, so that both meet the same
// machine, and reports op's median as a multiple of the floor's.
func interleave(b *testing.B, unit string, floor, op func()) {
	b.Helper()
	var low, high []time.Duration
	for b.Loop() {
		start := time.Now()
		floor()
		mid := time.Now()
		op()
		low, high = append(low, mid.Sub(start)), append(high, time.Since(mid))
	}
	b.ReportMetric(float64(median(high))/float64(median(low)), unit)
}

func median(d []time.Duration) time.Duration {
	slices.Sort(d)
	return d[len(d)/2]
}

func rsaSign(b *testing.B) func() {
	sum := sha256.Sum256([]byte("floor"))
	return func() {
		if _, err := keys().idp.Key.Sign(rand.Reader, sum[:], crypto.SHA256); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkWriteResponse compares writing a Response with one raw signature:
// the unit x-sign is how many of them it costs.
func BenchmarkWriteResponse(b *testing.B) {
	for name, response := range map[string]bool{"one signature": false, "two signatures": true} {
		b.Run(name, func(b *testing.B) {
			o := outgoing()
			o.SignResponse = response
			b.ReportAllocs()
			interleave(b, "x-sign", rsaSign(b), func() { write(b, keys().idp, o) })
		})
	}
}

// large is a sign-in of alice whose response has about 10 KB.
func large() *samlxml.Outgoing {
	o := outgoing()
	groups := &o.Assertion.AttributeStatements[0].Attributes[0]
	for i := range 80 {
		groups.Values = append(groups.Values, saml.AttributeValue{Value: fmt.Sprintf("a group with a long enough name, number %d", i)})
	}
	return o
}

// consumeFloor is what nobody can avoid when a signed response arrives: one
// signature check, and one pass of the standard decoder over its text.
func consumeFloor(b *testing.B, raw []byte) func() {
	sum := sha256.Sum256([]byte("floor"))
	signature, err := keys().idp.Key.Sign(rand.Reader, sum[:], crypto.SHA256)
	if err != nil {
		b.Fatal(err)
	}
	public := keys().idp.Certificate.PublicKey.(*rsa.PublicKey)
	return func() {
		if err := rsa.VerifyPKCS1v15(public, crypto.SHA256, sum[:], signature); err != nil {
			b.Fatal(err)
		}
		d := xml.NewDecoder(bytes.NewReader(raw))
		for {
			if _, err := d.Token(); errors.Is(err, io.EOF) {
				return
			} else if err != nil {
				b.Fatal(err)
			}
		}
	}
}

// BenchmarkVerifyResponse compares consuming a signed response of 10 KB with
// consumeFloor. The budget is an x-floor of 3.
func BenchmarkVerifyResponse(b *testing.B) {
	raw := write(b, keys().idp, large())
	b.SetBytes(int64(len(raw)))
	b.ReportAllocs()
	interleave(b, "x-floor", consumeFloor(b, raw), func() {
		if _, err := samlxml.VerifyResponse(raw, idpCerts(), now); err != nil {
			b.Fatal(err)
		}
	})
}

// BenchmarkHostile parses the worst that fits into a message: each ends at a
// limit, or is as costly as a message that no limit stops.
func BenchmarkHostile(b *testing.B) {
	size := samlxml.Messages().Bytes
	fill := func(start string, part func(int) string, end string) []byte {
		var w strings.Builder
		w.WriteString(start)
		for i := 0; w.Len() < size-100; i++ {
			w.WriteString(part(i))
		}
		return []byte(w.String() + end)
	}
	constant := func(s string) func(int) string { return func(int) string { return s } }
	for name, raw := range map[string][]byte{
		"prefixes":   fill("<a>", func(i int) string { return fmt.Sprintf(`<b xmlns:p%d="u"/>`, i) }, "</a>"),
		"attributes": fill("<a ", func(i int) string { return fmt.Sprintf(`b%d="" `, i) }, "/>"),
		"elements":   fill("<a>", constant("<b/>"), "</a>"),
		"nesting":    fill("", constant("<a>"), ""),
		"entities":   fill("<a>", constant("&#x41;"), "</a>"),
		"text":       fill("<a>", constant("x"), "</a>"),
	} {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				_, _ = samlxml.Parse(raw, samlxml.Messages()) // text and entities are allowed
			}
		})
	}
}
