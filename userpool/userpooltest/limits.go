package userpooltest

import (
	"maps"
	"testing"

	"github.com/poolhouse/poolhouse/userpool"
)

var limitChecks = []storeCheck{{"provisioned limits", testLimits}}

func testLimits(t *testing.T, f *fixture) {
	want := func(want map[userpool.Category]int32) {
		t.Helper()
		got, err := f.Limits(ctx)
		if err != nil || !maps.Equal(got, want) {
			t.Fatalf("limits: %v, %v; want %v", got, err, want)
		}
	}
	set := func(c userpool.Category, n int32) {
		t.Helper()
		if err := f.SetLimit(ctx, c, n); err != nil {
			t.Fatal(err)
		}
	}
	want(map[userpool.Category]int32{})
	set(userpool.CategoryToken, 7)
	set(userpool.CategoryUserRead, 8)
	set(userpool.CategoryToken, 9)
	want(map[userpool.Category]int32{userpool.CategoryToken: 9, userpool.CategoryUserRead: 8})
}
