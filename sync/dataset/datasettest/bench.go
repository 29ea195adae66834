package datasettest

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/poolhouse/poolhouse/sync/dataset"
)

// BenchmarkUpdate measures Service.UpdateRecords with ten records of 100 bytes,
// taking turns with floor, the least that the backend must do; floor gets the
// count that its records have. It reports the ratio of the two.
func BenchmarkUpdate(b *testing.B, s dataset.Store, floor func(count int64) error) {
	sv, owner := service(s), newOwner()
	session := sessionOf(b, sv, owner)
	in := dataset.UpdateInput{Owner: owner, Dataset: "notes", Device: "phone", SessionToken: session}
	count := int64(0)
	takeTurns(b, func() error {
		in.Patches = in.Patches[:0]
		for i := range 10 {
			in.Patches = append(in.Patches, put(fmt.Sprint("key", i), strings.Repeat("v", 100), count))
		}
		_, err := sv.UpdateRecords(context.Background(), in)
		return err
	}, func() error {
		err := floor(count)
		count++
		return err
	})
}

// BenchmarkList measures Service.ListRecords of ten records, taking turns with
// floor.
func BenchmarkList(b *testing.B, s dataset.Store, floor func() error) {
	sv, owner := service(s), newOwner()
	in := dataset.UpdateInput{Owner: owner, Dataset: "notes", Device: "phone", SessionToken: sessionOf(b, sv, owner)}
	for i := range 10 {
		in.Patches = append(in.Patches, put(fmt.Sprint("key", i), strings.Repeat("v", 100), 0))
	}
	if _, err := sv.UpdateRecords(context.Background(), in); err != nil {
		b.Fatal(err)
	}
	takeTurns(b, func() error {
		l, err := sv.ListRecords(context.Background(), dataset.ListInput{Owner: owner, Dataset: "notes"})
		if err == nil && len(l.Records) != 10 {
			return fmt.Errorf("%d records", len(l.Records))
		}
		return err
	}, floor)
}

func service(s dataset.Store) *dataset.Service {
	return &dataset.Service{Store: s, Secrets: fixedSecret{}, Now: time.Now}
}

func sessionOf(b *testing.B, sv *dataset.Service, owner dataset.Owner) string {
	b.Helper()
	l, err := sv.ListRecords(context.Background(), dataset.ListInput{Owner: owner, Dataset: "notes"})
	if err != nil {
		b.Fatal(err)
	}
	return l.SessionToken
}

// takeTurns runs both b.N times and reports their times and the ratio.
func takeTurns(b *testing.B, op, floor func() error) {
	var spent [2]time.Duration
	b.ReportAllocs()
	for b.Loop() {
		for i, fn := range []func() error{op, floor} {
			from := time.Now()
			if err := fn(); err != nil {
				b.Fatal(err)
			}
			spent[i] += time.Since(from)
		}
	}
	b.ReportMetric(float64(spent[0].Nanoseconds())/float64(b.N), "op-ns")
	b.ReportMetric(float64(spent[1].Nanoseconds())/float64(b.N), "floor-ns")
	b.ReportMetric(float64(spent[0])/float64(spent[1]), "x-floor")
}
