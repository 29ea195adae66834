package redisstore

import (
	"encoding/base64"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/poolhouse/poolhouse/sync/dataset"
)

// Datasets and the states of records are stored as fields with a space between.
// The last is a device's own text and may hold anything. The scripts read and
// write the same forms; packed text is much cheaper for them than JSON.
//
//	dataset: count created modified bytes records keys deletedAt deleted epoch[|gaps] device
//	gaps:    floor-top,floor-top…
//	record:  position fingerprint modified bytes removed deviceModified device
const (
	datasetFields = 10
	recordFields  = 7
)

// fields takes packed text apart. Its first error stays.
type fields struct {
	rest []string
	err  error
}

func unpack(packed string, n int) *fields {
	f := &fields{rest: strings.SplitN(packed, " ", n)}
	if len(f.rest) != n {
		f.err = fmt.Errorf("redisstore: %d fields in %q, want %d", len(f.rest), packed, n)
		f.rest = make([]string, n)
	}
	return f
}

func (f *fields) text() string {
	s := f.rest[0]
	f.rest = f.rest[1:]
	return s
}

func (f *fields) int() int64 {
	s := f.text()
	n, err := strconv.ParseInt(s, 10, 64)
	if err != nil && f.err == nil {
		f.err = fmt.Errorf("redisstore: packed number: %w", err)
	}
	return n
}

func (f *fields) time() time.Time { return fromMicros(f.int()) }

func unpackDataset(name, packed string) (*dataset.Dataset, error) {
	f := unpack(packed, datasetFields)
	d := &dataset.Dataset{Name: name}
	d.SyncCount, d.Created, d.Modified = f.int(), f.time(), f.time()
	d.Bytes, d.Records, d.Keys = f.int(), f.int(), f.int()
	d.DeletedAt, d.Deleted = f.int(), f.int() == 1
	epoch, gaps, _ := strings.Cut(f.text(), "|")
	d.Epoch, d.ModifiedBy = dataset.Epoch(epoch), f.text()
	if f.err == nil {
		d.Gaps, f.err = dataset.ParseGaps(gaps)
	}
	return d, f.err
}

func packDataset(d *dataset.Dataset) string {
	return fmt.Sprintf("%d %d %d %d %d %d %d %d %s%s %s", d.SyncCount, micros(d.Created), micros(d.Modified), d.Bytes, d.Records, d.Keys,
		d.DeletedAt, flag(d.Deleted), d.Epoch, packGaps(d.Gaps), d.ModifiedBy)
}

func packGaps(gaps []dataset.Gap) string {
	if len(gaps) == 0 {
		return ""
	}
	return "|" + dataset.PackGaps(gaps)
}

func packRecord(r *dataset.Record) string {
	return fmt.Sprintf("%d %s %d %d %d %d %s", int64(r.Position), packFingerprint(r.Fingerprint), micros(r.Modified), len(r.Value),
		flag(r.Removed), micros(r.DeviceModified), r.ModifiedBy)
}

func unpackRecord(key, packed string, fingerprint bool) (dataset.Record, error) {
	f := unpack(packed, recordFields)
	r := dataset.Record{Key: key, Position: dataset.Position(f.int())}
	packedPrint := f.text()
	if fingerprint && f.err == nil {
		r.Fingerprint, f.err = unpackFingerprint(packedPrint)
	}
	r.Modified = f.time()
	f.text() // bytes
	r.Removed, r.DeviceModified, r.ModifiedBy = f.int() == 1, f.time(), f.text()
	return r, f.err
}

func packFingerprint(f dataset.Fingerprint) string {
	return base64.RawStdEncoding.EncodeToString(f[:])
}

func unpackFingerprint(packed string) (f dataset.Fingerprint, err error) {
	raw, err := base64.RawStdEncoding.DecodeString(packed)
	if err != nil || len(raw) != len(f) {
		return f, fmt.Errorf("redisstore: packed fingerprint %q", packed)
	}
	return dataset.Fingerprint(raw), nil
}

// micros and fromMicros convert times. The zero time is 0.
func micros(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMicro()
}

func fromMicros(us int64) time.Time {
	if us == 0 {
		return time.Time{}
	}
	return time.UnixMicro(us).UTC()
}
