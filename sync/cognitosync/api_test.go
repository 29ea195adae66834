package cognitosync_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/poolhouse/poolhouse/internal/awsapi"
	"github.com/poolhouse/poolhouse/internal/awsapi/models"
	"github.com/poolhouse/poolhouse/store/sqlstore/sqlstoretest"
	"github.com/poolhouse/poolhouse/sync/cognitosync"
	"github.com/poolhouse/poolhouse/sync/dataset"
)

const (
	pool  = "us-east-1:11aa"
	alice = "us-east-1:22bb"
	bob   = "us-east-1:33cc"
)

type secret string

func (s secret) Secret(context.Context, string) ([]byte, error) { return []byte(s), nil }

// standings are those of identities, by "pool/identity".
type standings map[string]cognitosync.Standing

func (s standings) Standing(_ context.Context, pool, identity string) (cognitosync.Standing, error) {
	return s[pool+"/"+identity], nil
}

func newAPI(t *testing.T) *cognitosync.API {
	store := sqlstoretest.SQLite(t, time.Now).Datasets()
	return &cognitosync.API{
		Datasets:   &dataset.Service{Store: store, Secrets: secret("key"), Now: time.Now},
		Identities: standings{pool + "/" + alice: cognitosync.Active, pool + "/" + bob: cognitosync.Active},
		Region:     "us-east-1", Account: "000000000000",
	}
}

// as returns the context of a call by an identity.
func as(aud, sub string) context.Context {
	return callBy(map[string][]string{
		"cognito-identity.amazonaws.com:aud": {aud}, "cognito-identity.amazonaws.com:sub": {sub}})
}

// developer returns the context of a call by credentials of the account.
func developer() context.Context { return callBy(map[string][]string{"aws:username": {"root"}}) }

func callBy(keys map[string][]string) context.Context {
	return awsapi.WithCall(context.Background(), &awsapi.Call{Caller: &awsapi.Caller{Keys: keys}})
}

func p[T any](v T) *T { return &v }

// wire returns the code and status of err as clients see them.
func wire(err error) (string, int) {
	if err == nil {
		return "", 200
	}
	e, ok := cognitosync.Errors.Find(err)
	if !ok {
		return "InternalErrorException", 500
	}
	return e.Code, e.Status
}

// session lists a dataset and returns the token.
func session(t *testing.T, a *cognitosync.API, ctx context.Context, identity, name string) *string {
	t.Helper()
	out, err := a.ListRecords(ctx, &cognitosync.ListRecordsInput{IdentityPoolId: p(pool), IdentityId: &identity, DatasetName: &name})
	if err != nil {
		t.Fatal(err)
	}
	return out.SyncSessionToken
}

// update sends patches to alice's notes.
func update(t *testing.T, a *cognitosync.API, patches ...cognitosync.RecordPatch) (*cognitosync.UpdateRecordsOutput, error) {
	t.Helper()
	ctx := as(pool, alice)
	return a.UpdateRecords(ctx, &cognitosync.UpdateRecordsInput{IdentityPoolId: p(pool), IdentityId: p(alice), DatasetName: p("notes"),
		SyncSessionToken: session(t, a, ctx, alice, "notes"), DeviceId: p("phone"), RecordPatches: patches})
}

func put(key, value string, count int64) cognitosync.RecordPatch {
	return cognitosync.RecordPatch{Op: p("replace"), Key: &key, Value: &value, SyncCount: &count}
}

func TestUpdateAndList(t *testing.T) {
	a := newAPI(t)
	gone := put("b", "", 0)
	gone.Op = p("remove") // with an empty Value, as the JavaScript library sends it
	out, err := update(t, a, put("a", "1", 0), gone, put("empty", "", 0))
	if err != nil {
		t.Fatal(err)
	}
	listed, err := a.ListRecords(as(pool, alice), &cognitosync.ListRecordsInput{IdentityPoolId: p(pool), IdentityId: p(alice), DatasetName: p("notes")})
	if err != nil {
		t.Fatal(err)
	}
	for _, records := range [][]cognitosync.Record{out.Records, listed.Records} {
		if len(records) != 3 {
			t.Fatalf("%d records", len(records))
		}
		if records[0].Value == nil || *records[0].Value != "1" || *records[0].SyncCount != 1 || *records[0].LastModifiedBy != "phone" {
			t.Errorf("a is %+v", records[0])
		}
		if records[1].Value != nil {
			t.Error("a removed record has a Value")
		}
		if records[2].Value == nil || *records[2].Value != "" {
			t.Error("an empty record has no Value")
		}
	}
	if !*listed.DatasetExists || *listed.DatasetDeletedAfterRequestedSyncCount || *listed.DatasetSyncCount != 1 ||
		*listed.Count != 3 || listed.NextToken != nil || listed.MergedDatasetNames == nil {
		t.Errorf("listing %+v", listed)
	}
}

func TestConflictText(t *testing.T) {
	a := newAPI(t)
	if _, err := update(t, a, put("a", "1", 0)); err != nil {
		t.Fatal(err)
	}
	_, err := update(t, a, put("a", "2", 0))
	e, ok := cognitosync.Errors.Find(err)
	want := awsapi.Error{Status: 409, Code: "ResourceConflictException", Message: "Current SyncCount for: a is: 1 not: 0"}
	if !ok || *e != want {
		t.Errorf("got %+v, want %+v", e, want)
	}
}

func TestDatasetOperations(t *testing.T) {
	a := newAPI(t)
	ctx := as(pool, alice)
	if _, err := update(t, a, put("key", "value", 0)); err != nil {
		t.Fatal(err)
	}
	described, err := a.DescribeDataset(ctx, &cognitosync.DescribeDatasetInput{IdentityPoolId: p(pool), IdentityId: p(alice), DatasetName: p("notes")})
	if err != nil {
		t.Fatal(err)
	}
	listed, err := a.ListDatasets(ctx, &cognitosync.ListDatasetsInput{IdentityPoolId: p(pool), IdentityId: p(alice)})
	if err != nil || *listed.Count != 1 {
		t.Fatalf("%+v, %v", listed, err)
	}
	usage, err := a.DescribeIdentityUsage(ctx, &cognitosync.DescribeIdentityUsageInput{IdentityPoolId: p(pool), IdentityId: p(alice)})
	if err != nil || *usage.IdentityUsage.DatasetCount != 1 || *usage.IdentityUsage.DataStorage != 8 || usage.IdentityUsage.LastModifiedDate == nil {
		t.Fatalf("%+v, %v", usage, err)
	}
	deleted, err := a.DeleteDataset(ctx, &cognitosync.DeleteDatasetInput{IdentityPoolId: p(pool), IdentityId: p(alice), DatasetName: p("notes")})
	if err != nil {
		t.Fatal(err)
	}
	for _, d := range []*cognitosync.Dataset{described.Dataset, &listed.Datasets[0], deleted.Dataset} {
		if *d.IdentityId != alice || *d.DatasetName != "notes" || *d.DataStorage != 8 || *d.NumRecords != 1 ||
			*d.LastModifiedBy != "phone" || d.CreationDate == nil || !d.CreationDate.Equal(*d.LastModifiedDate) {
			t.Errorf("dataset %+v", d)
		}
	}
	_, err = a.DescribeDataset(ctx, &cognitosync.DescribeDatasetInput{IdentityPoolId: p(pool), IdentityId: p(alice), DatasetName: p("notes")})
	if code, status := wire(err); code != "ResourceNotFoundException" || status != 404 {
		t.Errorf("a deleted dataset: %s %d", code, status)
	}
}

// calls are all operations, each on one identity's data.
func calls(a *cognitosync.API, ctx context.Context, pool, identity, token *string) map[string]error {
	d := p("notes")
	errs := map[string]error{}
	_, errs["ListDatasets"] = a.ListDatasets(ctx, &cognitosync.ListDatasetsInput{IdentityPoolId: pool, IdentityId: identity})
	_, errs["DescribeDataset"] = a.DescribeDataset(ctx, &cognitosync.DescribeDatasetInput{IdentityPoolId: pool, IdentityId: identity, DatasetName: d})
	_, errs["ListRecords"] = a.ListRecords(ctx, &cognitosync.ListRecordsInput{IdentityPoolId: pool, IdentityId: identity, DatasetName: d})
	_, errs["UpdateRecords"] = a.UpdateRecords(ctx, &cognitosync.UpdateRecordsInput{IdentityPoolId: pool, IdentityId: identity, DatasetName: d,
		SyncSessionToken: token, RecordPatches: []cognitosync.RecordPatch{put("new", "1", 0)}})
	_, errs["DescribeIdentityUsage"] = a.DescribeIdentityUsage(ctx, &cognitosync.DescribeIdentityUsageInput{IdentityPoolId: pool, IdentityId: identity})
	_, errs["DeleteDataset"] = a.DeleteDataset(ctx, &cognitosync.DeleteDatasetInput{IdentityPoolId: pool, IdentityId: identity, DatasetName: d})
	return errs
}

// TestAccess calls every operation with every kind of credential.
func TestAccess(t *testing.T) {
	for _, tt := range []struct {
		name string
		ctx  context.Context
		ok   bool
	}{
		{"the identity itself", as(pool, alice), true},
		{"developer credentials", developer(), true},
		{"another identity", as(pool, bob), false},
		{"the identity of another pool", as("us-east-1:99ff", alice), false},
		{"pool and identity swapped", as(alice, pool), false},
		{"no caller", context.Background(), false},
		{"only an audience", callBy(map[string][]string{"cognito-identity.amazonaws.com:aud": {pool}}), false},
		{"only a subject", callBy(map[string][]string{"cognito-identity.amazonaws.com:sub": {alice}}), false},
		{"two subjects", callBy(map[string][]string{"cognito-identity.amazonaws.com:aud": {pool},
			"cognito-identity.amazonaws.com:sub": {alice, bob}}), false},
	} {
		a := newAPI(t)
		if _, err := update(t, a, put("a", "1", 0)); err != nil {
			t.Fatal(err)
		}
		token := session(t, a, as(pool, alice), alice, "notes")
		got := calls(a, tt.ctx, p(pool), p(alice), token)
		if len(got) != a.ForAll() {
			t.Fatalf("%d of %d operations are tried", len(got), a.ForAll())
		}
		for op, err := range got {
			code, status := wire(err)
			if tt.ok && err != nil || !tt.ok && (code != "NotAuthorizedException" || status != 403) {
				t.Errorf("%s as %s: %v", op, tt.name, err)
			}
		}
	}
}

func TestUnknownIdentity(t *testing.T) {
	a := newAPI(t)
	stranger := "us-east-1:dead"
	token := session(t, a, developer(), stranger, "notes")
	for op, err := range calls(a, developer(), p(pool), &stranger, token) {
		want := "ResourceNotFoundException"
		if op == "ListDatasets" || op == "ListRecords" { // their models have no such error
			want = ""
		}
		if code, _ := wire(err); code != want {
			t.Errorf("%s: %v", op, err)
		}
	}
}

// TestIdentitiesThatEnded calls every operation for an identity that was active when
// its credentials were given out.
func TestIdentitiesThatEnded(t *testing.T) {
	for _, tt := range []struct {
		standing  cognitosync.Standing
		developer string // code for developer credentials, where the operation has it
	}{
		{cognitosync.Active, ""}, {cognitosync.Disabled, ""},
		{cognitosync.Merged, "ResourceNotFoundException"}, {cognitosync.Unknown, "ResourceNotFoundException"},
	} {
		a := newAPI(t)
		if _, err := update(t, a, put("a", "1", 0)); err != nil {
			t.Fatal(err)
		}
		token := session(t, a, as(pool, alice), alice, "notes")
		a.Identities = standings{pool + "/" + alice: tt.standing}
		for op, err := range calls(a, as(pool, alice), p(pool), p(alice), token) {
			code, status := wire(err)
			if refused := status == 403 && code == "NotAuthorizedException"; refused != (tt.standing != cognitosync.Active) {
				t.Errorf("%s by an identity of standing %d: %v", op, tt.standing, err)
			}
		}
		if tt.standing == cognitosync.Active {
			continue
		}
		for op, err := range calls(a, developer(), p(pool), p(alice), token) {
			want := tt.developer
			if op == "ListDatasets" || op == "ListRecords" {
				want = ""
			}
			if code, _ := wire(err); code != want {
				t.Errorf("%s by a developer, identity of standing %d: %v", op, tt.standing, err)
			}
		}
	}
}

func TestPatchesThatSayTooLittle(t *testing.T) {
	a := newAPI(t)
	noValue, badOp := put("a", "1", 0), put("a", "1", 0)
	noValue.Value, badOp.Op = nil, p("rename")
	for _, patch := range []cognitosync.RecordPatch{noValue, badOp} {
		if _, err := update(t, a, patch); !errors.Is(err, dataset.ErrInvalidParameter) {
			t.Errorf("%+v: %v", patch, err)
		}
	}
	_, err := a.ListRecords(developer(), &cognitosync.ListRecordsInput{IdentityPoolId: p(pool), IdentityId: p(alice),
		DatasetName: p("notes"), MaxResults: p(int32(0))})
	if !errors.Is(err, dataset.ErrInvalidParameter) {
		t.Errorf("MaxResults 0: %v", err)
	}
}

// TestErrorsAreOfTheModel compares the table with what the service declares.
func TestErrorsAreOfTheModel(t *testing.T) {
	declared := map[models.Fault]bool{}
	for _, f := range models.Find("cognito-sync").Faults {
		declared[f] = true
	}
	for _, rule := range cognitosync.Errors {
		if !declared[models.Fault{Code: rule.Code, Status: rule.Status}] {
			t.Errorf("%s with status %d is not in the model", rule.Code, rule.Status)
		}
	}
}

func TestResources(t *testing.T) {
	s := newAPI(t).Service()
	base := "arn:aws:cognito-sync:us-east-1:000000000000:identitypool/p:1/identity/i:2"
	pl, id, name := p("p:1"), p("i:2"), p("notes")
	ofPool := strings.TrimSuffix(base, "/identity/i:2")
	for op, tt := range map[string]struct {
		in   any
		want string
	}{
		"DeleteDataset":         {&cognitosync.DeleteDatasetInput{IdentityPoolId: pl, IdentityId: id, DatasetName: name}, base + "/dataset/notes"},
		"DescribeDataset":       {&cognitosync.DescribeDatasetInput{IdentityPoolId: pl, IdentityId: id, DatasetName: name}, base + "/dataset/notes"},
		"DescribeIdentityUsage": {&cognitosync.DescribeIdentityUsageInput{IdentityPoolId: pl, IdentityId: id}, base},
		"ListDatasets":          {&cognitosync.ListDatasetsInput{IdentityPoolId: pl, IdentityId: id}, base + "/dataset/*"},
		"ListRecords":           {&cognitosync.ListRecordsInput{IdentityPoolId: pl, IdentityId: id, DatasetName: name}, base + "/dataset/notes"},
		"UpdateRecords":         {&cognitosync.UpdateRecordsInput{IdentityPoolId: pl, IdentityId: id, DatasetName: name}, base + "/dataset/notes"},

		"BulkPublish":                  {&cognitosync.BulkPublishInput{IdentityPoolId: pl}, ofPool},
		"GetBulkPublishDetails":        {&cognitosync.GetBulkPublishDetailsInput{IdentityPoolId: pl}, ofPool},
		"GetCognitoEvents":             {&cognitosync.GetCognitoEventsInput{IdentityPoolId: pl}, ofPool},
		"GetIdentityPoolConfiguration": {&cognitosync.GetIdentityPoolConfigurationInput{IdentityPoolId: pl}, ofPool},
		"SetCognitoEvents":             {&cognitosync.SetCognitoEventsInput{IdentityPoolId: pl}, ofPool},
		"SetIdentityPoolConfiguration": {&cognitosync.SetIdentityPoolConfigurationInput{IdentityPoolId: pl}, ofPool},
	} {
		if got := s.Resource(op, tt.in); got != tt.want {
			t.Errorf("%s: %s, want %s", op, got, tt.want)
		}
	}
	for _, op := range s.Ops {
		if op.Auth != awsapi.SigV4 {
			t.Errorf("%s is not signed", op.Name)
		}
	}
}
