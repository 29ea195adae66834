package redisstore_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/poolhouse/poolhouse/store/redisstore"
	"github.com/poolhouse/poolhouse/store/redisstore/redisrig"
	"github.com/poolhouse/poolhouse/sync/dataset"
	"github.com/poolhouse/poolhouse/sync/dataset/datasettest"
)

// A user who may not use channels writes all the same, with its log; the operator
// is told.
func TestNoPermissionForChannels(t *testing.T) {
	server, err := redisrig.Alone(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(server.Kill)
	for name, channels := range map[string]string{"deaf": "resetchannels", "whole": "&poolhouse:*"} {
		if err := server.Do(t.Context(), "ACL", "SETUSER", name, "on", ">pw", "~poolhouse:*", "+@all", "resetchannels", channels).Err(); err != nil {
			t.Fatal(err)
		}
		db, err := redisstore.Open(t.Context(), strings.Replace(server.URL(), "://", "://"+name+":pw@", 1), time.Now)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { db.Close() })
		warned := slices.ContainsFunc(db.Warnings(), func(w string) bool { return strings.Contains(w, "channels") })
		if warned != (name == "deaf") {
			t.Errorf("%s: warnings %q", name, db.Warnings())
		}
		s, owner := db.Datasets(new(datasettest.Memory)), dataset.Owner{Pool: "p", Identity: dataset.IdentityID(name)}
		written := write(t.Context(), t, s, owner)
		if entries, err := s.LogSince(t.Context(), owner, dataset.LogStart); err != nil || len(entries) != 1 || entries[0].ID != written {
			t.Errorf("%s: %v, %v", name, entries, err)
		}
	}
}
