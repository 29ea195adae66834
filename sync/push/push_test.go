package push_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"reflect"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/poolhouse/poolhouse/internal/ephemeral/ephemeraltest"
	"github.com/poolhouse/poolhouse/internal/keyring/keyringtest"
	"github.com/poolhouse/poolhouse/internal/outbound"
	"github.com/poolhouse/poolhouse/store/sqlstore/sqlstoretest"
	"github.com/poolhouse/poolhouse/sync/dataset"
	"github.com/poolhouse/poolhouse/sync/device"
	"github.com/poolhouse/poolhouse/sync/push"
	"github.com/poolhouse/poolhouse/userpool/message"
)

var (
	ctx   = context.Background()
	alice = dataset.Owner{Pool: "us-east-1:11aa", Identity: "us-east-1:22bb"}
)

const (
	gcm  = "arn:aws:sns:us-east-1:000000000000:app/GCM/droid"
	apns = "arn:aws:sns:us-east-1:000000000000:app/APNS/phone"
)

// An sns is a fake of Amazon SNS that keeps what it is asked.
type sns struct {
	mu     sync.Mutex
	calls  []url.Values
	answer func(form url.Values) (status int, body string) // nil for success
}

func (s *sns) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	form, _ := url.ParseQuery(string(body))
	s.mu.Lock()
	defer s.mu.Unlock()
	s.calls = append(s.calls, form)
	if s.answer != nil {
		if status, text := s.answer(form); status != 0 {
			w.WriteHeader(status)
			io.WriteString(w, text)
			return
		}
	}
	if form.Get("Action") == "CreatePlatformEndpoint" {
		fmt.Fprintf(w, `<CreatePlatformEndpointResponse xmlns="http://sns.amazonaws.com/doc/2010-03-31/"><CreatePlatformEndpointResult><EndpointArn>arn:aws:sns:endpoint/%s</EndpointArn></CreatePlatformEndpointResult></CreatePlatformEndpointResponse>`, form.Get("Token"))
	}
}

// take returns the calls since the last time, in short.
func (s *sns) take() (out []string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, c := range s.calls {
		out = append(out, c.Get("Action")+" "+c.Get("Token")+c.Get("TargetArn"))
	}
	s.calls = nil
	slices.Sort(out)
	return out
}

// A world is devices of alice, and a server that pushes to them.
type world struct {
	t        *testing.T
	clock    *ephemeraltest.Clock
	sns      *sns
	devices  *device.Service
	datasets *dataset.Service
	pusher   *push.Pusher
	outbox   *message.Outbox
	apps     []string
}

type secret string

func (s secret) Secret(context.Context, string) ([]byte, error) { return []byte(s), nil }

// Applications implements device.Settings.
func (w *world) Applications(context.Context, dataset.PoolID) ([]string, error) { return w.apps, nil }

func newWorld(t *testing.T) *world {
	w := &world{t: t, clock: ephemeraltest.NewClock(), sns: &sns{}, apps: []string{gcm, apns}}
	srv := httptest.NewServer(w.sns)
	t.Cleanup(srv.Close)
	db := sqlstoretest.SQLite(t, w.clock.Now)
	ring := keyringtest.Open(t, keyringtest.NewStore(), w.clock.Now)
	log := slog.New(slog.DiscardHandler)
	w.datasets = &dataset.Service{Store: db.Datasets(), Secrets: secret("k"), Now: w.clock.Now}
	w.devices = &device.Service{Store: db.SyncDevices(ring), Datasets: w.datasets, Settings: w, Pushes: true, Now: w.clock.Now}
	client := &message.SNS{Endpoint: srv.URL + "/", Region: "us-east-1", AccessKeyID: "AKID", SecretAccessKey: "s", Client: outbound.New(true), Now: w.clock.Now}
	w.outbox = message.NewOutbox(db.Pushes(), ring, map[string]message.Transport{push.Medium: &push.Transport{Devices: w.devices, SNS: client}}, w.clock.Now, log)
	w.pusher = push.New(w.devices, w.outbox, log)
	w.datasets.Changed = w.pusher.Changed
	return w
}

func (w *world) register(p device.Platform, token string) device.ID {
	w.t.Helper()
	id, err := w.devices.Register(ctx, alice, p, token)
	if err != nil {
		w.t.Fatal(err)
	}
	return id
}

func (w *world) subscribe(name string, ids ...device.ID) {
	w.t.Helper()
	for _, id := range ids {
		if err := w.devices.Subscribe(ctx, alice, id, name); err != nil {
			w.t.Fatal(err)
		}
	}
}

// write has a device change a dataset.
func (w *world) write(name string, by device.ID) {
	w.t.Helper()
	l, err := w.datasets.ListRecords(ctx, dataset.ListInput{Owner: alice, Dataset: name})
	if err != nil {
		w.t.Fatal(err)
	}
	_, err = w.datasets.UpdateRecords(ctx, dataset.UpdateInput{Owner: alice, Dataset: name, Device: string(by), SessionToken: l.SessionToken,
		Patches: []dataset.Patch{{Key: fmt.Sprint("key", l.SyncCount), Value: "v"}}})
	if err != nil {
		w.t.Fatal(err)
	}
}

// deliver looks devices up and delivers what is due.
func (w *world) deliver(want ...string) {
	w.t.Helper()
	w.pusher.Drain(ctx)
	if err := w.outbox.Drain(ctx); err != nil {
		w.t.Fatal(err)
	}
	if got := w.sns.take(); !slices.Equal(got, want) {
		w.t.Errorf("SNS was asked %q, want %q", got, want)
	}
}

func TestOtherDevicesAreTold(t *testing.T) {
	w := newWorld(t)
	phone, tablet := w.register(device.GCM, "phone"), w.register(device.APNS, "tablet")
	w.register(device.GCM, "watch")
	w.write("notes", phone)
	w.deliver() // nobody is subscribed
	w.subscribe("notes", phone, tablet)
	w.write("notes", phone)
	w.deliver("CreatePlatformEndpoint tablet", "Publish arn:aws:sns:endpoint/tablet")
	w.write("notes", "")
	w.deliver("CreatePlatformEndpoint phone", "Publish arn:aws:sns:endpoint/phone", "Publish arn:aws:sns:endpoint/tablet")
	w.write("other", phone)
	w.deliver()
	if _, err := w.datasets.DeleteDataset(ctx, alice, "notes"); err != nil {
		t.Fatal(err)
	}
	w.deliver("Publish arn:aws:sns:endpoint/phone", "Publish arn:aws:sns:endpoint/tablet")
	if err := w.devices.Unsubscribe(ctx, alice, tablet, "notes"); err != nil {
		t.Fatal(err)
	}
	w.write("notes", phone)
	w.deliver()
}

// TestMessage checks what the apps get.
func TestMessage(t *testing.T) {
	w := newWorld(t)
	w.write("notes", "")
	w.subscribe("notes", w.register(device.GCM, "phone"), w.register(device.APNS, "tablet"))
	w.write("notes", "")
	w.pusher.Drain(ctx)
	if err := w.outbox.Drain(ctx); err != nil {
		t.Fatal(err)
	}
	data := map[string]any{"source": "cognito-sync", "identityPoolId": "us-east-1:11aa", "identityId": "us-east-1:22bb", "datasetName": "notes", "syncCount": "2"}
	want := map[string]map[string]any{
		"arn:aws:sns:endpoint/phone":  {"GCM": map[string]any{"data": data}},
		"arn:aws:sns:endpoint/tablet": {"APNS": map[string]any{"data": data, "aps": map[string]any{"content-available": 1.0}}},
	}
	published := 0
	for _, form := range w.sns.calls {
		if form.Get("Action") == "CreatePlatformEndpoint" {
			if app := form.Get("PlatformApplicationArn"); app != map[string]string{"phone": gcm, "tablet": apns}[form.Get("Token")] {
				t.Errorf("endpoint of %s in %s", form.Get("Token"), app)
			}
			continue
		}
		published++
		var outer map[string]string
		if err := json.Unmarshal([]byte(form.Get("Message")), &outer); err != nil || outer["default"] == "" || form.Get("MessageStructure") != "json" {
			t.Errorf("%s: %v", form.Get("Message"), err)
		}
		for platform, inner := range want[form.Get("TargetArn")] {
			var got any
			if err := json.Unmarshal([]byte(outer[platform]), &got); err != nil || !reflect.DeepEqual(got, inner) {
				t.Errorf("%s gets %v, %v; want %v", platform, got, err, inner)
			}
			if silent := form.Get("MessageAttributes.entry.1.Value.StringValue"); (silent == "background") != (platform == "APNS") {
				t.Errorf("%s: push type %q", platform, silent)
			}
		}
	}
	if published != 2 {
		t.Errorf("%d messages", published)
	}
}

// TestChangesTogether has changes come faster than they are worked off.
func TestChangesTogether(t *testing.T) {
	w := newWorld(t)
	phone, tablet := w.register(device.GCM, "phone"), w.register(device.GCM, "tablet")
	w.write("notes", "")
	w.deliver()
	w.subscribe("notes", phone, tablet)
	for range 3 {
		w.write("notes", phone)
	}
	w.deliver("CreatePlatformEndpoint tablet", "Publish arn:aws:sns:endpoint/tablet")
	w.write("notes", phone)
	w.write("notes", tablet) // each has something to hear of
	w.deliver("CreatePlatformEndpoint phone", "Publish arn:aws:sns:endpoint/phone", "Publish arn:aws:sns:endpoint/tablet")
	w.write("notes", phone)
	w.pusher.Drain(ctx)
	w.write("notes", phone) // takes the place of the push that is not out yet
	w.deliver("Publish arn:aws:sns:endpoint/tablet")
}

func TestRefusals(t *testing.T) {
	throttled := `<ErrorResponse><Error><Code>Throttling</Code></Error></ErrorResponse>`
	exists := `<ErrorResponse><Error><Message>Invalid parameter: Token Reason: Endpoint arn:aws:sns:us-east-1:0:endpoint/GCM/x already exists with the same Token, but different attributes.</Message></Error></ErrorResponse>`
	for _, tt := range []struct {
		name   string
		action string
		status int
		body   string
		later  []string // what is asked a minute later, when SNS is well
	}{
		{"down", "Publish", 503, "", []string{"Publish arn:aws:sns:endpoint/phone"}},
		{"throttled", "Publish", 400, throttled, []string{"Publish arn:aws:sns:endpoint/phone"}},
		{"an endpoint switched off", "Publish", 400, `<Code>EndpointDisabled</Code>`, nil},
		{"an endpoint deleted", "Publish", 404, "", []string{"CreatePlatformEndpoint phone", "Publish arn:aws:sns:endpoint/phone"}},
		{"a token that is none", "CreatePlatformEndpoint", 400, "", nil},
		{"no permission", "CreatePlatformEndpoint", 403, "", []string{"CreatePlatformEndpoint phone", "Publish arn:aws:sns:endpoint/phone"}},
		{"nonsense", "CreatePlatformEndpoint", 200, "<a>", []string{"CreatePlatformEndpoint phone", "Publish arn:aws:sns:endpoint/phone"}},
	} {
		w := newWorld(t)
		w.write("notes", "")
		w.subscribe("notes", w.register(device.GCM, "phone"))
		w.write("notes", "")
		w.sns.answer = func(form url.Values) (int, string) {
			if form.Get("Action") == tt.action {
				return tt.status, tt.body
			}
			return 0, ""
		}
		w.pusher.Drain(ctx)
		if err := w.outbox.Drain(ctx); err != nil {
			t.Fatal(err)
		}
		w.sns.take()
		w.sns.answer = nil
		w.clock.Advance(time.Minute)
		if err := w.outbox.Drain(ctx); err != nil {
			t.Fatal(err)
		}
		if got := w.sns.take(); !slices.Equal(got, tt.later) {
			t.Errorf("%s: later %q, want %q", tt.name, got, tt.later)
		}
	}
	w := newWorld(t)
	w.write("notes", "")
	w.subscribe("notes", w.register(device.GCM, "phone"))
	w.sns.answer = func(form url.Values) (int, string) {
		if form.Get("Action") == "CreatePlatformEndpoint" {
			return 400, exists
		}
		return 0, ""
	}
	w.write("notes", "")
	w.deliver("CreatePlatformEndpoint phone", "Publish arn:aws:sns:us-east-1:0:endpoint/GCM/x")
}

// TestNobodyIsTold covers what ends a push that waits.
func TestNobodyIsTold(t *testing.T) {
	for name, end := range map[string]func(w *world){
		"the pool pushes no more":   func(w *world) { w.apps = nil },
		"the platform has gone":     func(w *world) { w.apps = []string{apns} },
		"the identity has gone":     func(w *world) { w.devices.Store.Erase(ctx, alice) },
		"the server pushes no more": func(w *world) { w.devices.Pushes = false },
	} {
		w := newWorld(t)
		w.write("notes", "")
		w.subscribe("notes", w.register(device.GCM, "phone"))
		w.write("notes", "")
		w.pusher.Drain(ctx)
		end(w)
		t.Log(name)
		w.deliver()
		w.clock.Advance(time.Hour)
		w.deliver()
	}
}

// TestBurst changes more datasets than may wait: nobody blocks, and what was noted
// is told.
func TestBurst(t *testing.T) {
	w := newWorld(t)
	w.write("notes", "")
	w.deliver()
	w.subscribe("notes", w.register(device.GCM, "phone"))
	w.pusher.Changed(ctx, dataset.Change{Owner: alice, Dataset: "notes", SyncCount: 2})
	w.apps = nil // else each is looked up
	for i := range 20_000 {
		w.pusher.Changed(ctx, dataset.Change{Owner: alice, Dataset: fmt.Sprint("d", i), SyncCount: 1})
	}
	w.pusher.Changed(ctx, dataset.Change{Owner: alice, Dataset: "notes", SyncCount: 3})
	w.pusher.Drain(ctx)
	w.apps = []string{gcm}
	w.write("notes", "")
	w.deliver("CreatePlatformEndpoint phone", "Publish arn:aws:sns:endpoint/phone")
}

// TestRun works off changes as they come, until it is stopped.
func TestRun(t *testing.T) {
	w := newWorld(t)
	w.write("notes", "")
	w.subscribe("notes", w.register(device.GCM, "phone"))
	running, stop := context.WithCancel(ctx)
	told := make(chan struct{})
	tell := sync.OnceFunc(func() { close(told) })
	w.sns.answer = func(form url.Values) (int, string) {
		if form.Get("Action") == "Publish" {
			tell()
		}
		return 0, ""
	}
	var all sync.WaitGroup
	all.Go(func() { w.pusher.Run(running) })
	all.Go(func() { w.outbox.Run(running) })
	w.write("notes", "")
	<-told
	stop()
	all.Wait()
}
