package redisstore_test

import (
	"testing"
	"time"

	"github.com/poolhouse/poolhouse/store/redisstore"
	"github.com/poolhouse/poolhouse/store/redisstore/redisstoretest"
	"github.com/poolhouse/poolhouse/sync/dataset"
	"github.com/poolhouse/poolhouse/sync/dataset/datasettest"
)

func TestDatasets(t *testing.T) {
	onEachForm(t, func(t *testing.T, open func(testing.TB, func() time.Time) *redisstore.DB) {
		known := new(datasettest.Memory)
		datasettest.TestStore(t, func(t *testing.T) dataset.Store { return open(t, time.Now).Datasets(known) })
	})
}

func TestDatasetLog(t *testing.T) {
	onEachURL(t, func(t *testing.T, apart func(testing.TB) string) {
		known := new(datasettest.Memory)
		datasettest.TestLog(t, func(t *testing.T) (a, b datasettest.LoggedStore) {
			url := apart(t)
			open := func() datasettest.LoggedStore { return redisstoretest.OpenURL(t, url, time.Now).Datasets(known) }
			return open(), open()
		})
	})
}

// TestDeletionSentAgain: what the client sends again because an answer was lost deletes
// nothing that was made since.
func TestDeletionSentAgain(t *testing.T) {
	s, ctx := redisstoretest.Datasets(t), t.Context()
	owner := dataset.Owner{Pool: "us-east-1:1", Identity: "us-east-1:again"}
	put := func(epoch dataset.Epoch) {
		t.Helper()
		_, err := s.Update(ctx, &dataset.Batch{Owner: owner, Dataset: "notes", Patches: []dataset.Patch{{Key: "a", Value: "1"}},
			At: time.Now(), NewEpoch: "00000000000000aa", Epoch: epoch, Limits: dataset.DefaultLimits()})
		if err != nil {
			t.Fatal(err)
		}
	}
	remove := func(records int64) {
		t.Helper()
		d, err := s.Delete(ctx, owner, "notes", time.Now(), "00000000000000bb")
		if err != nil || d.Records != records {
			t.Fatalf("%+v, %v", d, err)
		}
	}
	put("")
	remove(1)
	remove(0)
	put("00000000000000bb")
	remove(1)
	if d, err := s.Dataset(ctx, owner, "notes"); err != nil || d.Records != 1 || d.SyncCount != 3 {
		t.Errorf("made since: %+v, %v", d, err)
	}
}
