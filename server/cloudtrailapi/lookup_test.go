package cloudtrailapi_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"testing"
	"time"

	"github.com/poolhouse/poolhouse/internal/audit"
	"github.com/poolhouse/poolhouse/internal/awsapi"
	"github.com/poolhouse/poolhouse/internal/keyring"
	"github.com/poolhouse/poolhouse/server/cloudtrailapi"
	"github.com/poolhouse/poolhouse/store/sqlstore/sqlstoretest"
)

var start = time.Date(2026, 11, 2, 3, 0, 0, 0, time.UTC)

const role = "arn:aws:iam::000000000000:role/team/reader"

// open returns the operation over a log of 120 events, half a second apart. Every
// third is CreateRole by bob and about a role.
func open(t *testing.T) *cloudtrailapi.API {
	t.Helper()
	db := sqlstoretest.SQLite(t, time.Now)
	keys, err := keyring.Open(t.Context(), db.Keys(), bytes.Repeat([]byte{1}, keyring.MasterSize), time.Now)
	if err != nil {
		t.Fatal(err)
	}
	log := audit.Open(audit.Config{Store: db.Audit(), Key: []byte("key"), Account: "000000000000", Region: "us-east-1",
		Now: time.Now, Errors: slog.New(slog.DiscardHandler)})
	t.Cleanup(func() { log.Close(t.Context()) })
	for i := range 120 {
		e := audit.Event{Time: start.Add(time.Duration(i) * time.Second / 2), Source: "cognito-idp.amazonaws.com", Name: "ListUserPools", ReadOnly: true,
			Identity: audit.Identity{Type: "IAMUser", UserName: "alice", AccessKeyID: "AKIAALICE"}}
		if i%3 == 0 {
			e.Source, e.Name, e.ReadOnly, e.Resources = "iam.amazonaws.com", "CreateRole", false, []string{role}
			e.Identity = audit.Identity{Type: "IAMUser", UserName: "bob", AccessKeyID: "AKIABOB"}
		}
		log.Add(t.Context(), e)
	}
	return &cloudtrailapi.API{Log: log, Sealer: keys}
}

func by(key, value string) *cloudtrailapi.LookupEventsInput {
	return &cloudtrailapi.LookupEventsInput{LookupAttributes: []cloudtrailapi.LookupAttribute{{AttributeKey: &key, AttributeValue: &value}}}
}

// walk follows the pages to the end.
func walk(t *testing.T, a *cloudtrailapi.API, in cloudtrailapi.LookupEventsInput) (events []cloudtrailapi.Event, pages int) {
	t.Helper()
	for {
		out, err := a.LookupEvents(t.Context(), &in)
		if err != nil {
			t.Fatal(err)
		}
		events, pages = append(events, out.Events...), pages+1
		if in.NextToken = out.NextToken; in.NextToken == nil {
			return events, pages
		}
	}
}

func TestLookupByEachAttribute(t *testing.T) {
	a := open(t)
	all, pages := walk(t, a, cloudtrailapi.LookupEventsInput{})
	if len(all) != 120 || pages != 3 {
		t.Fatalf("%d events on %d pages", len(all), pages)
	}
	if !slices.IsSortedFunc(all, func(x, y cloudtrailapi.Event) int { return y.EventTime.Compare(*x.EventTime) }) {
		t.Error("not newest first")
	}
	for _, tt := range []struct {
		key, value string
		want       int
	}{
		{"EventId", *all[7].EventId, 1}, {"EventName", "CreateRole", 40}, {"EventSource", "iam.amazonaws.com", 40},
		{"Username", "alice", 80}, {"AccessKeyId", "AKIABOB", 40}, {"ReadOnly", "false", 40}, {"ReadOnly", "true", 80},
		{"ResourceName", role, 40}, {"ResourceName", "reader", 40}, {"ResourceType", "AWS::IAM::Role", 40},
		{"EventName", "createrole", 0}, {"Username", "mallory", 0}, {"ResourceName", "AWS::IAM::Role", 0},
	} {
		in := by(tt.key, tt.value)
		in.MaxResults = awsapi.Ptr(int32(30))
		if got, _ := walk(t, a, *in); len(got) != tt.want {
			t.Errorf("%s %s: %d events, want %d", tt.key, tt.value, len(got), tt.want)
		}
	}
}

func TestLookupShowsTheRecord(t *testing.T) {
	a := open(t)
	in := by("EventName", "CreateRole")
	in.MaxResults = awsapi.Ptr(int32(1))
	out, err := a.LookupEvents(t.Context(), in)
	if err != nil || len(out.Events) != 1 {
		t.Fatalf("%+v, %v", out, err)
	}
	e := out.Events[0]
	if *e.Username != "bob" || *e.AccessKeyId != "AKIABOB" || *e.ReadOnly != "false" || *e.EventSource != "iam.amazonaws.com" ||
		!e.EventTime.Equal(start.Add(58*time.Second)) || len(e.Resources) != 1 || *e.Resources[0].ResourceName != role ||
		*e.Resources[0].ResourceType != "AWS::IAM::Role" || !bytes.Contains([]byte(*e.CloudTrailEvent), []byte(`"eventID":"`+*e.EventId)) {
		t.Errorf("got %+v", e)
	}
}

// Both ends belong to the range, in whole seconds as the answers show times.
func TestLookupByTime(t *testing.T) {
	a := open(t)
	at := func(n int) *time.Time { return awsapi.Ptr(start.Add(time.Duration(n) * time.Second)) }
	for _, tt := range []struct {
		from, to *time.Time
		want     int
	}{{nil, nil, 120}, {at(10), at(10), 2}, {at(10), at(11), 4}, {at(50), nil, 20}, {nil, at(0), 2}, {at(60), nil, 0}} {
		if got, _ := walk(t, a, cloudtrailapi.LookupEventsInput{StartTime: tt.from, EndTime: tt.to}); len(got) != tt.want {
			t.Errorf("%v to %v: %d events, want %d", tt.from, tt.to, len(got), tt.want)
		}
	}
}

func code(err error) string {
	if e, ok := cloudtrailapi.Errors.Find(err); ok {
		return e.Code
	}
	return fmt.Sprint(err)
}

// A token opens the next page of its own lookup alone.
func TestTokenIsBoundToItsLookup(t *testing.T) {
	a := open(t)
	first := by("Username", "alice")
	out, err := a.LookupEvents(t.Context(), first)
	if err != nil || out.NextToken == nil {
		t.Fatalf("%v, %v", out, err)
	}
	other, later, more := by("Username", "bob"), by("Username", "alice"), by("Username", "alice")
	later.StartTime = &start
	more.MaxResults = awsapi.Ptr(int32(1))
	for name, in := range map[string]*cloudtrailapi.LookupEventsInput{"other user": other, "other time": later} {
		in.NextToken = out.NextToken
		if _, err := a.LookupEvents(t.Context(), in); code(err) != "InvalidNextTokenException" {
			t.Errorf("%s: %v", name, err)
		}
	}
	more.NextToken = out.NextToken
	if page, err := a.LookupEvents(t.Context(), more); err != nil || len(page.Events) != 1 {
		t.Errorf("another page size: %v", err)
	}
	for _, token := range []string{"", "x", "****", *out.NextToken + "A", (*out.NextToken)[1:], string(bytes.Repeat([]byte("A"), 5000))} {
		first.NextToken = &token
		if _, err := a.LookupEvents(t.Context(), first); code(err) != "InvalidNextTokenException" {
			t.Errorf("%.20q: %v", token, err)
		}
	}
}

func TestLookupRefusals(t *testing.T) {
	a := open(t)
	two := by("Username", "alice")
	two.LookupAttributes = append(two.LookupAttributes, by("EventName", "x").LookupAttributes...)
	for name, tt := range map[string]struct {
		in   *cloudtrailapi.LookupEventsInput
		want string
	}{
		"two attributes": {two, "InvalidLookupAttributesException"},
		"odd ReadOnly":   {by("ReadOnly", "yes"), "InvalidLookupAttributesException"},
		"times":          {&cloudtrailapi.LookupEventsInput{StartTime: awsapi.Ptr(start.Add(time.Second)), EndTime: &start}, "InvalidTimeRangeException"},
	} {
		if _, err := a.LookupEvents(t.Context(), tt.in); code(err) != tt.want {
			t.Errorf("%s: %v, want %s", name, err, tt.want)
		}
	}
	insight := "insight"
	if out, err := a.LookupEvents(t.Context(), &cloudtrailapi.LookupEventsInput{EventCategory: &insight}); err != nil || len(out.Events) != 0 {
		t.Errorf("insights: %v, %v", out, err)
	}
}

// A log that cannot write still shows what it has.
func TestLookupWhileTheLogIsStuck(t *testing.T) {
	a := open(t)
	if err := a.Log.Flush(t.Context()); err != nil {
		t.Fatal(err)
	}
	a.Log = stuck{a.Log}
	if out, err := a.LookupEvents(t.Context(), &cloudtrailapi.LookupEventsInput{}); err != nil || len(out.Events) != 50 {
		t.Errorf("%v, %v", out, err)
	}
}

type stuck struct{ cloudtrailapi.Log }

func (stuck) Flush(context.Context) error { return errors.New("disk on fire") }
