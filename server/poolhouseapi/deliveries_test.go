package poolhouseapi_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/poolhouse/poolhouse/server/poolhouseapi"
	"github.com/poolhouse/poolhouse/store/sqlstore/sqlstoretest"
	"github.com/poolhouse/poolhouse/userpool/message"
)

// The log shows what became of a pool's messages, page by page.
func TestListMessageDeliveries(t *testing.T) {
	at := time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC)
	outbox := sqlstoretest.SQLite(t, func() time.Time { return at }).Outbox()
	for i := range 3 {
		it := &message.Item{ID: fmt.Sprint(i), Pool: pool, Medium: "EMAIL", Kind: "forgot", Destination: "b***@e***", Sealed: []byte{1},
			Created: at.Add(time.Duration(i) * time.Second), Due: at, Tries: int64(i)}
		if i == 2 {
			it.Closed, it.Reason = at.Add(time.Minute), "smtp: status 550"
		}
		if err := outbox.Put(t.Context(), it); err != nil {
			t.Fatal(err)
		}
	}
	a := newAPI(t)
	a.Deliveries = outbox
	first, err := a.ListMessageDeliveries(t.Context(), &poolhouseapi.ListMessageDeliveriesInput{UserPoolId: ptr(pool), MaxResults: ptr(int32(2))})
	if err != nil || len(first.Deliveries) != 2 || first.NextToken == nil {
		t.Fatalf("%+v, %v", first, err)
	}
	d := first.Deliveries[0]
	if *d.MessageId != "2" || *d.State != "FAILED" || *d.Reason != "smtp: status 550" || *d.Destination != "b***@e***" || *d.Tries != 2 ||
		!d.SettledDate.Equal(at.Add(time.Minute)) || first.Deliveries[1].SettledDate != nil {
		t.Errorf("%+v", first.Deliveries)
	}
	rest, err := a.ListMessageDeliveries(t.Context(), &poolhouseapi.ListMessageDeliveriesInput{UserPoolId: ptr(pool), NextToken: first.NextToken})
	if err != nil || len(rest.Deliveries) != 1 || rest.NextToken != nil || *rest.Deliveries[0].State != "WAITING" {
		t.Errorf("%+v, %v", rest, err)
	}
	for name, in := range map[string]*poolhouseapi.ListMessageDeliveriesInput{
		"token of another pool": {UserPoolId: ptr("us-east-1_Other"), NextToken: first.NextToken},
		"made-up token":         {UserPoolId: ptr(pool), NextToken: ptr("x")},
	} {
		if _, err := a.ListMessageDeliveries(t.Context(), in); code(err) != "InvalidParameterException" {
			t.Errorf("%s: %v", name, err)
		}
	}
	a.Deliveries = nil
	if _, err := a.ListMessageDeliveries(t.Context(), &poolhouseapi.ListMessageDeliveriesInput{UserPoolId: ptr(pool)}); code(err) != "InvalidParameterException" {
		t.Errorf("without an outbox: %v", err)
	}
}
