package cognitosync

import (
	"context"
	"errors"
	"maps"
	"slices"
	"testing"

	"github.com/poolhouse/poolhouse/internal/awsapi"
	"github.com/poolhouse/poolhouse/internal/awsapi/models"
	"github.com/poolhouse/poolhouse/sync/dataset"
)

// TestCallersOfEachOperation checks that the table knows each operation of the
// service, and that credentials of the wrong kind are refused.
func TestCallersOfEachOperation(t *testing.T) {
	var names []string
	for _, op := range models.Find("cognito-sync").Operations {
		names = append(names, op.Name)
	}
	slices.Sort(names)
	if known := slices.Sorted(maps.Keys(callers)); !slices.Equal(known, names) {
		t.Errorf("the table has %v, the service %v", known, names)
	}
	by := func(keys map[string][]string) context.Context {
		return awsapi.WithCall(context.Background(), &awsapi.Call{Caller: &awsapi.Caller{Keys: keys}})
	}
	for _, tt := range []struct {
		name    string
		ctx     context.Context
		refused kind // besides those that nobody may call
		nobody  bool
	}{
		{"an identity", by(map[string][]string{subjectKey: {"i"}, audienceKey: {"p"}}), developerOnly, false},
		{"half an identity", by(map[string][]string{subjectKey: {"i"}}), developerOnly, false},
		{"the other half", by(map[string][]string{audienceKey: {"p"}}), developerOnly, false},
		{"a developer", by(map[string][]string{"aws:username": {"root"}}), identityOnly, false},
		{"nobody", context.Background(), anyCaller, true},
	} {
		for op, want := range callers {
			_, err := admit(tt.ctx, op, nil)
			refused := tt.nobody || want != anyCaller && want == tt.refused
			if refused != errors.Is(err, dataset.ErrNotAuthorized) || !refused && err != nil {
				t.Errorf("%s by %s: %v", op, tt.name, err)
			}
		}
	}
	if _, err := admit(by(nil), "Unheard", nil); !errors.Is(err, dataset.ErrNotAuthorized) {
		t.Errorf("an operation that is not in the table: %v", err)
	}
}
