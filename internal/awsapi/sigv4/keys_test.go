package sigv4

import (
	"bytes"
	"strconv"
	"testing"
)

func TestKeyCacheIsBoundedAndRight(t *testing.T) {
	var c KeyCache
	for i := range 3*keysPerGeneration + 1 {
		id := keyID{strconv.Itoa(i), "20261123", "us-east-1", "sts"}
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
