// Package stream publishes what happens to the datasets of identity pools (Amazon
// Cognito Streams): one record for each synchronisation, in the form that Cognito
// puts into a Kinesis stream, to a Redis stream, a NATS subject or a webhook.
package stream

import (
	"bytes"
	"encoding/json"
	"time"

	"github.com/poolhouse/poolhouse/sync/dataset"
)

// maxRecord is about how large a record may become before what is left goes into
// another one, in bytes: what Kinesis takes.
const maxRecord = 1 << 20

// The values of payloadType. Cognito also has S3Url, for which there is no place
// here; Omitted says that the records are to be listed.
const (
	payloadInline  = "Inline"
	payloadOmitted = "Omitted"
)

// The values of operation and op.
const (
	opReplace = "replace"
	opRemove  = "remove"
)

// A record is one synchronisation, or a part of it. Times are milliseconds since
// 1970.
type record struct {
	IdentityPoolID string            `json:"identityPoolId"`
	IdentityID     string            `json:"identityId"`
	DatasetName    string            `json:"dataSetName"`
	Operation      string            `json:"operation"` // remove where the dataset was deleted
	Records        []json.RawMessage `json:"kinesisSyncRecords"`
	LastModified   int64             `json:"lastModifiedDate"`
	URL            *string           `json:"kinesisSyncRecordsURL"` // always null
	PayloadType    string            `json:"payloadType"`
	SyncCount      int64             `json:"syncCount"`
	Part           int               `json:"part,omitempty"` // from 1, where there are several
	Parts          int               `json:"parts,omitempty"`
}

// A syncRecord is one record of a dataset.
type syncRecord struct {
	Key            string  `json:"key"`
	Value          *string `json:"value,omitempty"`
	SyncCount      int64   `json:"syncCount"`
	Modified       int64   `json:"lastModifiedDate"`
	DeviceModified int64   `json:"deviceLastModifiedDate,omitempty"`
	Op             string  `json:"op"`
}

// encode returns the records of a change: one, or several where it is large.
func encode(c *dataset.Change) ([][]byte, error) {
	groups, err := group(c.Records, maxRecord)
	if err != nil {
		return nil, err
	}
	r := record{IdentityPoolID: string(c.Owner.Pool), IdentityID: string(c.Owner.Identity), DatasetName: c.Dataset,
		Operation: opReplace, LastModified: millis(c.At), PayloadType: payloadInline, SyncCount: c.SyncCount}
	switch {
	case c.Deleted:
		r.Operation = opRemove
	case c.Records == nil: // a merge, which does not tell them
		r.PayloadType = payloadOmitted
	}
	var out [][]byte
	for i, g := range groups {
		r.Records = g
		if len(groups) > 1 {
			r.Part, r.Parts = i+1, len(groups)
		}
		body, err := marshal(r)
		if err != nil {
			return nil, err
		}
		out = append(out, body)
	}
	return out, nil
}

// group writes records as JSON and parts them into groups of limited size, in
// bytes. There is at least one group, and a record that is larger has its own.
func group(records []dataset.Record, limit int) ([][]json.RawMessage, error) {
	groups, size := [][]json.RawMessage{{}}, 0
	for i := range records {
		body, err := marshal(wireRecord(&records[i]))
		if err != nil {
			return nil, err
		}
		if size > 0 && size+len(body) > limit {
			groups, size = append(groups, nil), 0
		}
		last := len(groups) - 1
		groups[last], size = append(groups[last], body), size+len(body)
	}
	return groups, nil
}

func wireRecord(r *dataset.Record) syncRecord {
	out := syncRecord{Key: r.Key, SyncCount: r.SyncCount(), Modified: millis(r.Modified), DeviceModified: millis(r.DeviceModified), Op: opRemove}
	if !r.Removed {
		out.Value, out.Op = &r.Value, opReplace
	}
	return out
}

// omit returns a record without what it holds, for a target that takes no larger
// one.
func omit(body []byte) ([]byte, error) {
	var r record
	if err := json.Unmarshal(body, &r); err != nil {
		return nil, err
	}
	r.Records, r.PayloadType = []json.RawMessage{}, payloadOmitted
	return marshal(r)
}

// marshal is json.Marshal without the escapes for HTML, which can make a value six
// times as long.
func marshal(v any) ([]byte, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		return nil, err
	}
	return bytes.TrimSuffix(b.Bytes(), []byte("\n")), nil
}

func millis(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMilli()
}
