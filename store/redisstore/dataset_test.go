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
	datasettest.TestStore(t, func(t *testing.T) dataset.Store { return redisstoretest.Open(t, time.Now).Datasets() })
}

func TestDatasetLog(t *testing.T) {
	datasettest.TestLog(t, func(t *testing.T) (a, b datasettest.LoggedStore) {
		url := redisstoretest.URL(t)
		open := func() datasettest.LoggedStore {
			db, err := redisstore.Open(t.Context(), url, time.Now)
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { db.Close() })
			return db.Datasets()
		}
		return open(), open()
	})
}
