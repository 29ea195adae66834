package authz_test

import (
	"context"
	"fmt"
	"net/http"
	"testing"
	"time"

	"github.com/poolhouse/poolhouse/sts/authz"
)

// written runs decisions through a journal, ten seconds apart, and returns what it wrote.
func written(mode string, decisions ...authz.Decision) (out []string, unrecorded int64) {
	now := time.Unix(1800000000, 0) // a whole minute
	j := &authz.Journal{Mode: mode, Now: func() time.Time { return now }, Write: func(_ context.Context, d *authz.Decision) {
		out = append(out, fmt.Sprintf("%d %s +%d", d.Status, d.ClientIP, d.Repeated))
	}}
	for _, d := range decisions {
		j.Decided(context.Background(), &d)
		now = now.Add(10 * time.Second)
	}
	return out, j.Unrecorded()
}

func TestJournal(t *testing.T) {
	allowed := authz.Decision{ClientIP: "a", Status: http.StatusOK, Presented: true}
	stranger := authz.Decision{ClientIP: "a", Status: http.StatusUnauthorized}
	forged := authz.Decision{ClientIP: "a", Status: http.StatusUnauthorized, Presented: true}
	elsewhere := authz.Decision{ClientIP: "b", Status: http.StatusUnauthorized, Presented: true}
	forbidden := authz.Decision{ClientIP: "a", Status: http.StatusForbidden}
	for name, tt := range map[string]struct {
		mode string
		in   []authz.Decision
		want []string
	}{
		"refusals":            {"denied", []authz.Decision{allowed, stranger, forged, forbidden, elsewhere}, []string{"401 a +0", "403 a +0", "401 b +0"}},
		"none":                {"none", []authz.Decision{allowed, forged, forbidden}, nil},
		"all":                 {"all", []authz.Decision{allowed, stranger, allowed}, []string{"200 a +0", "401 a +0", "200 a +0"}},
		"again in the minute": {"denied", []authz.Decision{forged, forged, forged, allowed, allowed, allowed, allowed}, []string{"401 a +0", "401 a +2"}},
		"in the next minute":  {"denied", []authz.Decision{forged, allowed, allowed, allowed, allowed, allowed, forged}, []string{"401 a +0", "401 a +0"}},
	} {
		if got, _ := written(tt.mode, tt.in...); fmt.Sprint(got) != fmt.Sprint(tt.want) {
			t.Errorf("%s: wrote %q, want %q", name, got, tt.want)
		}
	}
}

// A flood of refusals costs the log a bounded number of events.
func TestJournalIsBounded(t *testing.T) {
	now, events := time.Unix(1800000000, 0), 0
	j := &authz.Journal{Mode: "denied", Now: func() time.Time { return now }, Write: func(context.Context, *authz.Decision) { events++ }}
	for i := range 5000 {
		j.Decided(t.Context(), &authz.Decision{ClientIP: fmt.Sprint(i), Status: http.StatusForbidden})
	}
	if events != 200 || j.Unrecorded() != 4800 {
		t.Errorf("%d events, %d unrecorded", events, j.Unrecorded())
	}
	now = now.Add(time.Minute)
	if j.Decided(t.Context(), &authz.Decision{ClientIP: "after", Status: http.StatusForbidden}); events != 201 {
		t.Errorf("%d events after the minute", events)
	}
}
