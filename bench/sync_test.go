package bench_test

import (
	"bytes"
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"io"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/poolhouse/poolhouse/internal/awsapi/sigv4"
	"github.com/poolhouse/poolhouse/internal/demodata"
	datasets "github.com/poolhouse/poolhouse/sync/dataset"
)

const (
	records = 10 // of an update and of a listing, of 100 bytes each
	many    = 100
)

func key(i int) string { return fmt.Sprint("key", i) }

var value = strings.Repeat("v", 100)

// dataset is the answer to ListRecords and UpdateRecords.
type dataset struct {
	Records          []struct{ SyncCount int64 }
	SyncSessionToken string
}

// sync calls an operation on alice's dataset, signed with her credentials.
func (w *world) sync(d device, method, path string, in any) (out dataset) {
	w.Helper()
	var body []byte
	if in != nil {
		var err error
		body, err = json.Marshal(in)
		w.check(err)
	}
	r := httptest.NewRequest(method, w.server.URL()+"/identitypools/"+url.PathEscape(demodata.IdentityPool)+"/identities/"+
		url.PathEscape(d.identity)+"/datasets/notes"+path, io.NopCloser(bytes.NewReader(body)))
	r.ContentLength = int64(len(body))
	if in != nil {
		r.Header.Set("Content-Type", "application/json")
	}
	w.sign(r, &d.key, "cognito-sync", body)
	w.check(json.Unmarshal(w.serve(r).Body.Bytes(), &out))
	return out
}

// write stores n records that have a count, and returns their new one.
func (w *world) write(d device, session string, count int64, n int) int64 {
	w.Helper()
	patches := make([]obj, n)
	for i := range patches {
		patches[i] = obj{"Op": "replace", "Key": key(i), "Value": value, "SyncCount": count}
	}
	return w.sync(d, "POST", "", obj{"SyncSessionToken": session, "DeviceId": "phone", "RecordPatches": patches}).Records[0].SyncCount
}

// The floor reads as many rows, or a hash of as many fields, and verifies the signature.
func BenchmarkListRecords(b *testing.B) {
	for _, n := range []int{records, many} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			onEach(b, func(w *world) {
				d := w.enrol()
				w.write(d, w.sync(d, "GET", "/records", nil).SyncSessionToken, 0, n)
				bare, verify := w.bare(n), w.verification()
				w.run(func() {
					if got := w.sync(d, "GET", "/records", nil); len(got.Records) != n {
						w.Fatalf("%d records", len(got.Records))
					}
				}, func() { verify(nil); bare.list() })
			})
		})
	}
}

// The floor writes ten rows in a transaction that saw their counts, or does
// that to a hash by a script, and verifies the signature.
func BenchmarkUpdateRecords(b *testing.B) {
	onEach(b, func(w *world) {
		d := w.enrol()
		count := int64(0)
		bare, verify, body := w.bare(records), w.verification(), []byte(strings.Repeat("b", 1900)) // such a request's
		w.run(func() {
			session := w.sync(d, "GET", "/records", nil).SyncSessionToken
			w.operation = 0 // reading is another benchmark
			count = w.write(d, session, count, records)
		}, func() { verify(body); bare.update() })
	})
}

// What a call costs when few identities have data, and when BENCH_IDENTITIES have, for
// instance 1000000. Metrics: the CPU time among many, and its ratio to that among few.
func BenchmarkSyncIdentities(b *testing.B) {
	onEach(b, func(w *world) {
		costs, from := map[string][]float64{}, 0
		for _, n := range sizes(b, "BENCH_IDENTITIES", 1, 2000) {
			w.identities(from, n)
			from = n
			d := w.enrol()
			session, count := w.sync(d, "GET", "/records", nil).SyncSessionToken, int64(0)
			costs["UpdateRecords"] = append(costs["UpdateRecords"], w.cost(func() { count = w.write(d, session, count, records) }))
			costs["ListRecords"] = append(costs["ListRecords"], w.cost(func() { w.sync(d, "GET", "/records", nil) }))
			w.sync(d, "DELETE", "", nil)
		}
		w.ratios(costs)
	})
}

// identities gives those with the numbers from n to m a dataset each.
func (w *world) identities(n, m int) {
	w.Helper()
	for i := n; i < m; i++ {
		owner := datasets.Owner{Pool: demodata.IdentityPool, Identity: datasets.IdentityID(fmt.Sprintf("us-east-1:%012x", i*7919))}
		_, err := w.server.Datasets.Store.Update(w.Context(), &datasets.Batch{Owner: owner, Dataset: "notes", At: time.Now(), NewEpoch: "00000000000000aa",
			Patches: []datasets.Patch{{Key: "key", Value: value}}, Limits: datasets.DefaultLimits()})
		w.check(err)
	}
}

// verification checks the signature of a request with a body, as the server does.
func (w *world) verification() func(body []byte) {
	keys := new(sigv4.KeyCache)
	return func(body []byte) {
		r := httptest.NewRequest("POST", w.server.URL()+"/identitypools/p/identities/i/datasets/notes", bytes.NewReader(body))
		before := cpuTime(w.B)
		w.sign(r, &w.root, "cognito-sync", body)
		w.asideFloor += cpuTime(w.B) - before
		s, err := sigv4.Parse(r)
		w.check(err)
		w.check(s.Verify(r, body, w.root.SecretAccessKey, keys))
	}
}

// A bare store is what Sync stands on, with nothing of ours.
type bare struct{ list, update func() }

func (w *world) bare(n int) bare {
	w.Helper()
	if strings.HasSuffix(w.Name(), "shared") {
		return w.bareRedis(n)
	}
	return w.bareSQLite(n)
}

var bareUpdate = redis.NewScript(`
local keys = {}
for i = 1, #ARGV, 2 do keys[#keys + 1] = ARGV[i] end
redis.call('HMGET', KEYS[1], unpack(keys))
redis.call('HSET', KEYS[1], unpack(ARGV))
return redis.call('INCR', KEYS[2])`)

func (w *world) bareRedis(n int) bare {
	w.Helper()
	opt, err := redis.ParseURL(os.Getenv("TEST_REDIS_URL"))
	w.check(err)
	c := redis.NewClient(opt)
	name := fmt.Sprintf("{bench-%p}", w)
	keys := []string{name + "r", name + "c"}
	w.Cleanup(func() {
		c.Del(context.Background(), keys...)
		c.Close()
	})
	update := func() {
		var args []any
		for i := range n {
			args = append(args, key(i), value)
		}
		w.check(bareUpdate.Run(w.Context(), c, keys, args...).Err())
	}
	update()
	return bare{update: update, list: func() { w.check(c.HGetAll(w.Context(), keys[0]).Err()) }}
}

func (w *world) bareSQLite(n int) bare {
	w.Helper()
	pragmas := url.Values{"_pragma": {"journal_mode(WAL)", "synchronous(FULL)"}, "_txlock": {"immediate"}}
	db, err := sql.Open("sqlite", "file:"+filepath.Join(w.TempDir(), "bare.db")+"?"+pragmas.Encode())
	w.check(err)
	w.Cleanup(func() { db.Close() })
	db.SetMaxOpenConns(1)
	_, err = db.Exec(`CREATE TABLE records (key TEXT PRIMARY KEY, value TEXT, count INTEGER)`)
	w.check(err)
	var names, rows []any
	for i := range n {
		names, rows = append(names, key(i)), append(rows, key(i), value)
	}
	in := strings.TrimSuffix(strings.Repeat("?, ", n), ", ")
	values := strings.TrimSuffix(strings.Repeat("(?, ?, 1), ", n), ", ")
	update := func() {
		tx, err := db.Begin()
		w.check(err)
		var sum sql.NullInt64
		w.check(tx.QueryRow(`SELECT sum(count) FROM records WHERE key IN (`+in+`)`, names...).Scan(&sum))
		_, err = tx.Exec(`INSERT INTO records (key, value, count) VALUES `+values+
			` ON CONFLICT (key) DO UPDATE SET value = excluded.value, count = records.count + 1`, rows...)
		w.check(err)
		w.check(tx.Commit())
	}
	update()
	return bare{update: update, list: func() {
		rows, err := db.Query(`SELECT key, value, count FROM records WHERE count > ?`, 0)
		w.check(err)
		defer rows.Close()
		for rows.Next() {
			var key, value string
			var count int64
			w.check(rows.Scan(&key, &value, &count))
		}
		w.check(rows.Err())
	}}
}
