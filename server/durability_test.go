package server_test

import (
	"context"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/poolhouse/poolhouse/server"
	"github.com/poolhouse/poolhouse/server/servertest"
	"github.com/poolhouse/poolhouse/store/redisstore/redisrig"
	"github.com/poolhouse/poolhouse/sync/dataset"
)

// TestSyncDurabilityOfPostgres stops a server right after a write, takes Redis away with
// all that it has, and finds the write again.
func TestSyncDurabilityOfPostgres(t *testing.T) {
	redis, err := redisrig.Alone(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(redis.Kill)
	cfg := servertest.Config(t, servertest.Shared)
	cfg.RedisURL, cfg.SyncDurability = redis.URL(), "postgres"
	ctx, owner := context.Background(), dataset.Owner{Pool: "us-east-1:1", Identity: "us-east-1:2"}
	list := func(s *server.Server) *dataset.Listing {
		t.Helper()
		l, err := s.Datasets.ListRecords(ctx, dataset.ListInput{Owner: owner, Dataset: "notes"})
		if err != nil {
			t.Fatal(err)
		}
		return l
	}

	s, stop := servertest.Open(t, cfg, servertest.Options{})
	_, err = s.Datasets.UpdateRecords(ctx, dataset.UpdateInput{Owner: owner, Dataset: "notes", SessionToken: list(s).SessionToken,
		Patches: []dataset.Patch{{Key: "a", Value: "1"}}})
	if err != nil {
		t.Fatal(err)
	}
	if got := metricsOf(t, s); !strings.Contains(got, "poolhouse_sync_waiting_datasets") || !strings.Contains(got, "poolhouse_sync_waiting_seconds") {
		t.Error("nothing measures the copies")
	}
	stop()

	redis.Kill()
	if err := redis.Start(); err != nil {
		t.Fatal(err)
	}
	s, stop = servertest.Open(t, cfg, servertest.Options{})
	t.Cleanup(stop)
	if l := list(s); len(l.Records) != 1 || l.Records[0].Value != "1" {
		t.Errorf("after Redis lost all: %+v", l)
	}
}

func metricsOf(t *testing.T, s *server.Server) string {
	t.Helper()
	resp, err := http.Get(s.URL() + "/metrics")
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(body)
}
