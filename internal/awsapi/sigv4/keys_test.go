package sigv4

import (
	"bytes"
	"encoding/hex"
	"strconv"
	"testing"
)

func TestKeyCacheIsBoundedAndRight(t *testing.T) {
	var c KeyCache
	for i := range 3*keysPerGeneration + 1 {
		id := keyID{secret: strconv.Itoa(i), date: "20261123", region: "us-east-1", service: "sts"}
		for range 2 { // made, then remembered
			if !bytes.Equal(c.get(id), derive(id)) {
				t.Fatal("the cache returned another key")
			}
		}
	}
	if n := len(c.young) + len(c.old); n > 2*keysPerGeneration {
		t.Errorf("%d keys are kept", n)
	}
}

// The key of the test suite of AWS's common runtime.
func TestDeriveWide(t *testing.T) {
	const want = "0415d242ceebf8d8169fd6a8b5a746c41140414c3b07579038da06af89190fffcb" +
		"0515242cedd82e94799482e4c0514b505afccf2c0c98d6a553bf539f424c5ec0"
	got := deriveWide("AKISORANDOMAASORANDOM", "q+jcrXGc+0zWN6uzclKVhvMmUsIfRPa4rlRandom")
	if hex.EncodeToString(got) != want {
		t.Errorf("got %x", got)
	}
}
