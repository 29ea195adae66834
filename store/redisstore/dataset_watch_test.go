package redisstore_test

import (
	"context"
	"testing"
	"time"

	"github.com/poolhouse/poolhouse/store/redisstore/redisrig"
	"github.com/poolhouse/poolhouse/store/redisstore/redisstoretest"
	"github.com/poolhouse/poolhouse/sync/dataset"
	"github.com/poolhouse/poolhouse/sync/dataset/datasettest"
)

// A watch goes on when its Redis comes back.
func TestWatchOutlivesRedis(t *testing.T) {
	server, err := redisrig.Alone(t.TempDir(), "--appendonly", "yes", "--appendfsync", "always")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(server.Kill)
	outlives(t, server.URL(), func() error {
		server.Kill()
		return server.Start()
	})
}

// A watch follows its data to another server.
func TestWatchOutlivesFailover(t *testing.T) {
	rig, err := redisrig.StartSentinel(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = rig.Stop() })
	outlives(t, rig.URL(), func() error {
		rig.Master.Kill()
		return nil
	})
}

// outlives breaks the connections of a watch. What another node then writes, as soon
// as it can and so perhaps before the watch is back, is rung for.
func outlives(t *testing.T, url string, breaks func() error) {
	t.Helper()
	known, owner := new(datasettest.Memory), dataset.Owner{Pool: "p", Identity: "i"}
	watching := redisstoretest.OpenURL(t, url, time.Now).Datasets(known)
	writing := redisstoretest.OpenURL(t, url, time.Now).Datasets(known)
	rang := make(chan bool, 1000)
	w := watching.Watch(func(dataset.Owner) { rang <- true })
	t.Cleanup(func() {
		if err := w.Close(); err != nil {
			t.Error(err)
		}
	})
	w.Add(owner)
	<-rang // it is subscribed
	if err := breaks(); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	written := write(ctx, t, writing, owner)
	for {
		select {
		case <-rang:
			if at, err := watching.LogTail(ctx, owner); err == nil && at == written {
				return
			}
		case <-ctx.Done():
			t.Fatal("it does not ring any more")
		}
	}
}

// write changes a dataset, trying until it can, and returns the ID of the change.
func write(ctx context.Context, t *testing.T, s datasettest.LoggedStore, owner dataset.Owner) dataset.LogID {
	t.Helper()
	b := &dataset.Batch{Owner: owner, Dataset: "notes", Device: "phone", Patches: []dataset.Patch{{Key: "k", Value: "v"}},
		At: time.Now(), NewEpoch: "00000000000000aa", Limits: dataset.DefaultLimits(), Fingerprint: dataset.Fingerprint{1}}
	for {
		if _, err := s.Update(ctx, b); err == nil {
			at, err := s.LogTail(ctx, owner)
			if err != nil {
				t.Fatal(err)
			}
			return at
		} else if ctx.Err() != nil {
			t.Fatal(err)
		}
		time.Sleep(10 * time.Millisecond)
	}
}
