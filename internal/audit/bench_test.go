package audit_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/poolhouse/poolhouse/internal/audit"
	"github.com/poolhouse/poolhouse/store/sqlstore/sqlstoretest"
)

// BenchmarkFind looks up pages by a rare and by a common key in logs of two sizes:
// an index in the order of time makes them alike.
func BenchmarkFind(b *testing.B) {
	for _, size := range []int{1_000, 100_000} {
		store := filled(b, size)
		no := false
		for name, q := range map[string]audit.Query{"all": {}, "rare name": {Name: "DeleteRole"}, "common name": {Name: "GetUser"},
			"writes": {ReadOnly: &no}, "source": {Source: "iam.amazonaws.com"}, "key": {AccessKey: "AKIARARE"},
			"resource": {Resource: "arn:aws:iam::1:role/rare"}, "type": {Kind: "AWS::IAM::Role"}, "nobody": {User: "nobody"}} {
			b.Run(fmt.Sprint(name, "/", size), func(b *testing.B) {
				q.Limit, q.To = 50, at.Add(time.Hour*1000)
				for b.Loop() {
					if _, _, err := store.Find(ctx, q); err != nil {
						b.Fatal(err)
					}
				}
			})
		}
	}
}

// filled is a store of size entries, one in a thousand of them out of the ordinary.
func filled(b *testing.B, size int) audit.Store {
	b.Helper()
	store := sqlstoretest.SQLite(b, time.Now).Audit()
	for from := 0; from < size; from += 1000 {
		var batch []*audit.Entry
		for i := from; i < from+1000; i++ {
			e := &audit.Entry{Segment: "s", Seq: int64(i + 1), Time: at.Add(time.Duration(i) * time.Second), ID: fmt.Sprint(i), ReadOnly: true,
				Source: "cognito-idp.amazonaws.com", Name: "GetUser", User: "alice", AccessKey: "AKIA", Record: []byte(`{"readOnly":true}`), Prev: []byte{1}, Hash: []byte{1}}
			if i%1000 == 0 {
				e.Source, e.Name, e.AccessKey, e.ReadOnly = "iam.amazonaws.com", "DeleteRole", "AKIARARE", false
				e.Terms = []string{(&audit.Query{Resource: "arn:aws:iam::1:role/rare"}).Term(), (&audit.Query{Kind: "AWS::IAM::Role"}).Term()}
			}
			batch = append(batch, e)
		}
		if err := store.Append(ctx, batch); err != nil {
			b.Fatal(err)
		}
	}
	return store
}
