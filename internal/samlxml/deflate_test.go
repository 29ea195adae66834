package samlxml_test

import (
	"bytes"
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/poolhouse/poolhouse/internal/samlxml"
)

// Nothing of a message is left for the next, whatever became of it.
func TestDeflateKeepsMessagesApart(t *testing.T) {
	var wg sync.WaitGroup
	for i := range 8 {
		wg.Go(func() {
			for j := range 50 {
				message := fmt.Appendf(nil, "%s %d %d", strings.Repeat("<a/>", j), i, j)
				deflated, err := samlxml.Deflate(message)
				if err != nil {
					t.Error(err)
				}
				if _, err := samlxml.Inflate(deflated[:len(deflated)/2], 1000); err == nil {
					t.Error("half a message was read")
				}
				if got, err := samlxml.Inflate(deflated, 1000); err != nil || !bytes.Equal(got, message) {
					t.Errorf("%q, %v; want %q", got, err, message)
				}
			}
		})
	}
	wg.Wait()
}

func BenchmarkDeflate(b *testing.B) {
	message := []byte(strings.Repeat(`<samlp:AuthnRequest ID="a">`, 40))
	b.ReportAllocs()
	for b.Loop() {
		deflated, err := samlxml.Deflate(message)
		if err != nil {
			b.Fatal(err)
		}
		if _, err := samlxml.Inflate(deflated, 10_000); err != nil {
			b.Fatal(err)
		}
	}
}
