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

	"github.com/redis/go-redis/v9"

	"github.com/poolhouse/poolhouse/internal/demodata"
)

const records = 10 // of an update and of a listing, of 100 bytes each

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

func (w *world) write(d device, session string, count int64) {
	w.Helper()
	patches := make([]obj, records)
	for i := range patches {
		patches[i] = obj{"Op": "replace", "Key": key(i), "Value": value, "SyncCount": count}
	}
	w.sync(d, "POST", "", obj{"SyncSessionToken": session, "DeviceId": "phone", "RecordPatches": patches})
}

// The floor reads ten rows, or a hash of ten fields.
func BenchmarkListRecords(b *testing.B) {
	onEach(b, func(w *world) {
		d := w.enrol()
		w.write(d, w.sync(d, "GET", "/records", nil).SyncSessionToken, 0)
		w.run(func() {
			if got := w.sync(d, "GET", "/records", nil); len(got.Records) != records {
				w.Fatalf("%d records", len(got.Records))
			}
		}, w.bare().list)
	})
}

// The floor writes ten rows in a transaction that saw their counts, or does
// that to a hash by a script.
func BenchmarkUpdateRecords(b *testing.B) {
	onEach(b, func(w *world) {
		d := w.enrol()
		count := int64(0)
		w.run(func() {
			session := w.sync(d, "GET", "/records", nil).SyncSessionToken
			w.operation = 0 // reading is another benchmark
			w.write(d, session, count)
			count++
		}, w.bare().update)
	})
}

// A bare store is what Sync stands on, with nothing of ours.
type bare struct{ list, update func() }

func (w *world) bare() bare {
	w.Helper()
	if strings.HasSuffix(w.Name(), "shared") {
		return w.bareRedis()
	}
	return w.bareSQLite()
}

var bareUpdate = redis.NewScript(`
local keys, values = {}, {}
for i = 1, #ARGV, 2 do keys[#keys + 1] = ARGV[i] end
redis.call('HMGET', KEYS[1], unpack(keys))
for i = 1, #ARGV do values[i] = ARGV[i] end
redis.call('HSET', KEYS[1], unpack(values))
return redis.call('INCR', KEYS[2])`)

func (w *world) bareRedis() bare {
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
		for i := range records {
			args = append(args, key(i), value)
		}
		w.check(bareUpdate.Run(w.Context(), c, keys, args...).Err())
	}
	update()
	return bare{update: update, list: func() { w.check(c.HGetAll(w.Context(), keys[0]).Err()) }}
}

func (w *world) bareSQLite() bare {
	w.Helper()
	pragmas := url.Values{"_pragma": {"journal_mode(WAL)", "synchronous(FULL)"}, "_txlock": {"immediate"}}
	db, err := sql.Open("sqlite", "file:"+filepath.Join(w.TempDir(), "bare.db")+"?"+pragmas.Encode())
	w.check(err)
	w.Cleanup(func() { db.Close() })
	db.SetMaxOpenConns(1)
	_, err = db.Exec(`CREATE TABLE records (key TEXT PRIMARY KEY, value TEXT, count INTEGER)`)
	w.check(err)
	var names, rows []any
	for i := range records {
		names, rows = append(names, key(i)), append(rows, key(i), value)
	}
	in := strings.TrimSuffix(strings.Repeat("?, ", records), ", ")
	values := strings.TrimSuffix(strings.Repeat("(?, ?, 1), ", records), ", ")
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
