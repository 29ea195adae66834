package stream

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/poolhouse/poolhouse/sync/dataset"
)

var noon = time.Date(2026, 3, 1, 12, 0, 0, 456789000, time.UTC)

func change(records ...dataset.Record) *dataset.Change {
	return &dataset.Change{Owner: dataset.Owner{Pool: "us-east-1:1", Identity: "us-east-1:2"}, Dataset: "notes", SyncCount: 3, At: noon, Records: records}
}

// TestRecord: the form of Cognito's records in Kinesis, to the letter.
func TestRecord(t *testing.T) {
	c := change(dataset.Record{Key: "a", Value: "<ü>", Position: dataset.At(3, 0), Modified: noon, DeviceModified: noon.Add(-time.Second)},
		dataset.Record{Key: "b", Removed: true, Position: dataset.At(3, 1), Modified: noon})
	const head = `{"identityPoolId":"us-east-1:1","identityId":"us-east-1:2","dataSetName":"notes",`
	for want, c := range map[string]*dataset.Change{
		head + `"operation":"replace","kinesisSyncRecords":[` +
			`{"key":"a","value":"<ü>","syncCount":3,"lastModifiedDate":1772366400456,"deviceLastModifiedDate":1772366399456,"op":"replace"},` +
			`{"key":"b","syncCount":3,"lastModifiedDate":1772366400456,"op":"remove"}],` +
			`"lastModifiedDate":1772366400456,"kinesisSyncRecordsURL":null,"payloadType":"Inline","syncCount":3}`: c,
		head + `"operation":"remove","kinesisSyncRecords":[],"lastModifiedDate":1772366400456,"kinesisSyncRecordsURL":null,"payloadType":"Inline","syncCount":3}`: {
			Owner: c.Owner, Dataset: "notes", SyncCount: 3, Deleted: true, At: noon},
		head + `"operation":"replace","kinesisSyncRecords":[],"lastModifiedDate":1772366400456,"kinesisSyncRecordsURL":null,"payloadType":"Omitted","syncCount":3}`: {
			Owner: c.Owner, Dataset: "notes", SyncCount: 3, At: noon}, // of a merge
	} {
		got, err := encode(c)
		if err != nil || len(got) != 1 || string(got[0]) != want {
			t.Errorf("%s\nwant %s\n%v", got, want, err)
		}
	}
}

// TestParts: a large change is several records that together hold each of its own
// once, in order.
func TestParts(t *testing.T) {
	var records []dataset.Record
	for i := range 40 {
		records = append(records, dataset.Record{Key: fmt.Sprint("k", i), Value: strings.Repeat("v", 100_000), Position: dataset.At(3, i), Modified: noon})
	}
	records = append(records, dataset.Record{Key: "large", Value: strings.Repeat("\x01", 400_000), Position: dataset.At(3, 40), Modified: noon})
	bodies, err := encode(change(records...))
	if err != nil || len(bodies) < 4 {
		t.Fatalf("%d parts, %v", len(bodies), err)
	}
	var keys []string
	for i, body := range bodies {
		var r record
		if err := json.Unmarshal(body, &r); err != nil {
			t.Fatal(err)
		}
		if r.Part != i+1 || r.Parts != len(bodies) || r.SyncCount != 3 || len(body) > maxRecord+1000 && len(r.Records) > 1 {
			t.Errorf("part %d: %d of %d, %d bytes", i, r.Part, r.Parts, len(body))
		}
		for _, raw := range r.Records {
			var s syncRecord
			if err := json.Unmarshal(raw, &s); err != nil {
				t.Fatal(err)
			}
			keys = append(keys, s.Key)
		}
	}
	for i := range records {
		if i >= len(keys) || keys[i] != records[i].Key {
			t.Fatalf("keys %q", keys)
		}
	}
}

// TestOmit: what is left of a record that is too large still says what to list.
func TestOmit(t *testing.T) {
	bodies, err := encode(change(dataset.Record{Key: "a", Value: "1", Position: dataset.At(3, 0)}))
	if err != nil {
		t.Fatal(err)
	}
	got, err := omit(bodies[0])
	want := `{"identityPoolId":"us-east-1:1","identityId":"us-east-1:2","dataSetName":"notes","operation":"replace","kinesisSyncRecords":[],` +
		`"lastModifiedDate":1772366400456,"kinesisSyncRecordsURL":null,"payloadType":"Omitted","syncCount":3}`
	if err != nil || string(got) != want {
		t.Errorf("%s, %v", got, err)
	}
}
