package redisstore_test

import (
	"testing"
	"time"

	"github.com/poolhouse/poolhouse/store/redisstore/redisstoretest"
	"github.com/poolhouse/poolhouse/sync/dataset"
	"github.com/poolhouse/poolhouse/sync/dataset/datasettest"
)

func TestDatasets(t *testing.T) {
	datasettest.TestStore(t, func(t *testing.T) dataset.Store { return redisstoretest.Open(t, time.Now).Datasets() })
}
