package cognitosync_test

import (
	"reflect"
	"testing"
	"time"

	"github.com/poolhouse/poolhouse/store/sqlstore/sqlstoretest"
	"github.com/poolhouse/poolhouse/sts/identity"
	"github.com/poolhouse/poolhouse/sync/cognitosync"
	"github.com/poolhouse/poolhouse/sync/dataset"
	"github.com/poolhouse/poolhouse/sync/settings"
)

const (
	function = "arn:aws:lambda:us-east-1:000000000000:function:check"
	role     = "arn:aws:iam::000000000000:role/stream"
	nowhere  = "us-east-1:00ff"
)

// newSettingsAPI returns an API for a pool that exists, and knows one stream.
func newSettingsAPI(t *testing.T) *cognitosync.API {
	db := sqlstoretest.SQLite(t, time.Now)
	if err := db.Identity().CreatePool(t.Context(), &identity.Pool{ID: pool}); err != nil {
		t.Fatal(err)
	}
	return &cognitosync.API{
		Datasets: &dataset.Service{Store: db.Datasets(), Secrets: secret("key"), Now: time.Now},
		Settings: &settings.Service{Store: db.SyncSettings(), Now: time.Now, Streams: func(name string) bool { return name == "stream" }},
		Region:   "us-east-1", Account: "000000000000",
	}
}

func wantWire(t *testing.T, what string, err error, code string, status int) {
	t.Helper()
	if c, s := wire(err); c != code || s != status {
		t.Errorf("%s: %s %d (%v), want %s %d", what, c, s, err, code, status)
	}
}

func TestEvents(t *testing.T) {
	a, ctx := newSettingsAPI(t), developer()
	get := func() map[string]string {
		t.Helper()
		out, err := a.GetCognitoEvents(ctx, &cognitosync.GetCognitoEventsInput{IdentityPoolId: p(pool)})
		if err != nil {
			t.Fatal(err)
		}
		return out.Events
	}
	set := func(id string, events map[string]string) error {
		_, err := a.SetCognitoEvents(ctx, &cognitosync.SetCognitoEventsInput{IdentityPoolId: &id, Events: events})
		return err
	}
	if got := get(); got == nil || len(got) != 0 {
		t.Errorf("before: %v", got)
	}
	wantWire(t, "set", set(pool, map[string]string{"SyncTrigger": function}), "", 200)
	if got := get(); !reflect.DeepEqual(got, map[string]string{"SyncTrigger": function}) {
		t.Errorf("set: %v", got)
	}
	wantWire(t, "another event", set(pool, map[string]string{"Other": function}), "InvalidParameterException", 400)
	wantWire(t, "no function", set(pool, map[string]string{"SyncTrigger": "x"}), "InvalidParameterException", 400)
	wantWire(t, "no pool", set(nowhere, map[string]string{"SyncTrigger": function}), "ResourceNotFoundException", 404)
	_, err := a.GetCognitoEvents(ctx, &cognitosync.GetCognitoEventsInput{IdentityPoolId: p(nowhere)})
	wantWire(t, "of no pool", err, "ResourceNotFoundException", 404)
}

func TestConfiguration(t *testing.T) {
	a, ctx := newSettingsAPI(t), developer()
	streams := func(name, status string) *cognitosync.CognitoStreams {
		return &cognitosync.CognitoStreams{StreamName: &name, RoleArn: p(role), StreamingStatus: &status}
	}
	set := func(id string, push *cognitosync.PushSync, to *cognitosync.CognitoStreams) (*cognitosync.SetIdentityPoolConfigurationOutput, error) {
		return a.SetIdentityPoolConfiguration(ctx, &cognitosync.SetIdentityPoolConfigurationInput{IdentityPoolId: &id, PushSync: push, CognitoStreams: to})
	}
	get := func() *cognitosync.GetIdentityPoolConfigurationOutput {
		t.Helper()
		out, err := a.GetIdentityPoolConfiguration(ctx, &cognitosync.GetIdentityPoolConfigurationInput{IdentityPoolId: p(pool)})
		if err != nil {
			t.Fatal(err)
		}
		return out
	}
	if got := get(); *got.IdentityPoolId != pool || got.PushSync != nil || got.CognitoStreams != nil {
		t.Errorf("before: %+v", got)
	}
	push := &cognitosync.PushSync{ApplicationArns: []string{"arn:aws:sns:us-east-1:000000000000:app/GCM/a"}, RoleArn: p(role)}
	if _, err := set(pool, push, nil); err != nil {
		t.Fatal(err)
	}
	out, err := set(pool, nil, streams("stream", "ENABLED"))
	if err != nil || !reflect.DeepEqual(out.PushSync, push) || !reflect.DeepEqual(out.CognitoStreams, streams("stream", "ENABLED")) {
		t.Fatalf("%+v, %v", out, err)
	}
	if got := get(); !reflect.DeepEqual(got.PushSync, push) || !reflect.DeepEqual(got.CognitoStreams, streams("stream", "ENABLED")) {
		t.Errorf("%+v", got)
	}
	if out, err = set(pool, nil, streams("gone", "DISABLED")); err != nil || *out.CognitoStreams.StreamingStatus != "DISABLED" {
		t.Errorf("switched off: %+v, %v", out, err)
	}
	for name, to := range map[string]*cognitosync.CognitoStreams{"unknown": streams("other", "ENABLED"), "no status": {StreamName: p("stream")},
		"no name": {StreamingStatus: p("ENABLED")}, "another status": streams("stream", "ON")} {
		_, err := set(pool, nil, to)
		wantWire(t, name, err, "InvalidParameterException", 400)
	}
	_, err = set(nowhere, push, nil)
	wantWire(t, "no pool", err, "ResourceNotFoundException", 404)
	_, err = a.GetIdentityPoolConfiguration(ctx, &cognitosync.GetIdentityPoolConfigurationInput{IdentityPoolId: p(nowhere)})
	wantWire(t, "of no pool", err, "ResourceNotFoundException", 404)
}

func TestBulk(t *testing.T) {
	a, ctx := newSettingsAPI(t), developer()
	begin := func(id string) error {
		_, err := a.BulkPublish(ctx, &cognitosync.BulkPublishInput{IdentityPoolId: &id})
		return err
	}
	details := func() *cognitosync.GetBulkPublishDetailsOutput {
		t.Helper()
		out, err := a.GetBulkPublishDetails(ctx, &cognitosync.GetBulkPublishDetailsInput{IdentityPoolId: p(pool)})
		if err != nil {
			t.Fatal(err)
		}
		return out
	}
	if got := details(); *got.BulkPublishStatus != "NOT_STARTED" || got.BulkPublishStartTime != nil || got.BulkPublishCompleteTime != nil || got.FailureMessage != nil {
		t.Errorf("before: %+v", got)
	}
	wantWire(t, "streaming is off", begin(pool), "InvalidParameterException", 400)
	wantWire(t, "no pool", begin(nowhere), "ResourceNotFoundException", 404)
	if _, err := a.Settings.Configure(ctx, pool, nil, &settings.Streams{Name: "stream", Enabled: true}); err != nil {
		t.Fatal(err)
	}
	wantWire(t, "begun", begin(pool), "", 200)
	got := details()
	if *got.BulkPublishStatus != "IN_PROGRESS" || got.BulkPublishStartTime == nil || got.BulkPublishCompleteTime != nil {
		t.Errorf("runs: %+v", got)
	}
	wantWire(t, "begun twice", begin(pool), "DuplicateRequestException", 400)
	_, err := a.Settings.AdvanceBulk(ctx, pool, *got.BulkPublishStartTime, func(b *settings.Bulk) {
		b.Status, b.Completed, b.Succeeded = settings.BulkSucceeded, time.Now(), time.Now()
	})
	if err != nil {
		t.Fatal(err)
	}
	wantWire(t, "begun again", begin(pool), "AlreadyStreamedException", 400)
	if got := details(); *got.BulkPublishStatus != "SUCCEEDED" || got.BulkPublishCompleteTime == nil {
		t.Errorf("over: %+v", got)
	}
	_, err = a.GetBulkPublishDetails(ctx, &cognitosync.GetBulkPublishDetailsInput{IdentityPoolId: p(nowhere)})
	wantWire(t, "of no pool", err, "ResourceNotFoundException", 404)
}
