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
