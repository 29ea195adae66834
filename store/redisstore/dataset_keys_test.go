package redisstore

import (
	"strings"
	"testing"

	"github.com/poolhouse/poolhouse/sync/dataset"
)

// TestDatasetKeysShareASlot checks the hash tags of hostile names: on a Cluster a
// script fails unless all of its keys are of one slot.
func TestDatasetKeysShareASlot(t *testing.T) {
	s := (&DB{prefix: "p:"}).Datasets(nil)
	for _, owner := range []dataset.Owner{
		{Pool: "us-east-1:1", Identity: "us-east-1:2"}, {Pool: "{", Identity: "}"}, {Pool: "}", Identity: "{a}"}, {},
	} {
		tag := "p:cs:{" + escapeKey(string(owner.Pool)) + "/" + escapeKey(string(owner.Identity)) + "}:"
		for _, name := range []string{"notes", "a:r", "{x}", "}"} {
			for _, key := range s.keys(owner, name) {
				rest, ok := strings.CutPrefix(key, tag)
				if !ok || strings.ContainsAny(rest, "{}") || strings.Count(tag, "{")+strings.Count(tag, "}") != 2 {
					t.Errorf("key %q of %+v %q is not under %q alone", key, owner, name, tag)
				}
			}
		}
	}
}
