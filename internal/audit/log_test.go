package audit_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"regexp"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/poolhouse/poolhouse/internal/audit"
	"github.com/poolhouse/poolhouse/internal/awsapi"
	"github.com/poolhouse/poolhouse/internal/keyring"
	"github.com/poolhouse/poolhouse/internal/keyring/keyringtest"
	"github.com/poolhouse/poolhouse/store/sqlstore/sqlstoretest"
)

var (
	ctx = context.Background()
	at  = time.Date(2026, 11, 2, 3, 4, 5, 0, time.UTC)
	key = bytes.Repeat([]byte{1}, 32)
)

// ring has the key of the tests' checkpoints.
var ring keyring.Ring

func TestMain(m *testing.M) {
	var err error
	if ring, err = keyring.Open(ctx, keyringtest.NewStore(), bytes.Repeat([]byte{7}, keyring.MasterSize), time.Now); err != nil {
		panic(err)
	}
	os.Exit(m.Run())
}

func signer() audit.Signer {
	return audit.KeySigner{Ring: ring}
}

func openLog(t *testing.T, store audit.Store) *audit.Log {
	t.Helper()
	l := audit.Open(audit.Config{Store: store, Key: key, Signer: signer(), Account: "000000000000", Region: "us-east-1",
		Now: func() time.Time { return at }, Errors: slog.New(slog.DiscardHandler), Linger: time.Microsecond})
	t.Cleanup(func() { l.Close(ctx) })
	return l
}

// all returns every stored record, decoded.
func all(t *testing.T, l *audit.Log) (records []map[string]any) {
	t.Helper()
	if err := l.Flush(ctx); err != nil {
		t.Fatal(err)
	}
	entries, _, err := l.Store.Find(ctx, audit.Query{Limit: 1000})
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		var r map[string]any
		if err := json.Unmarshal(e.Record, &r); err != nil {
			t.Fatal(err)
		}
		records = append(records, r)
	}
	return records
}

func TestRecordOfACall(t *testing.T) {
	l := openLog(t, sqlstoretest.SQLite(t, time.Now).Audit())
	l.Record(ctx, awsapi.Event{
		Call: awsapi.Call{RequestID: "r-1", Service: "sts", Operation: "AssumeRole", Region: "eu-west-1", SourceIP: "192.0.2.1",
			UserAgent: "aws-cli", Time: at, Caller: &awsapi.Caller{AccountID: "000000000000", UserID: "AIDA1",
				ARN: "arn:aws:iam::000000000000:user/team/alice", AccessKeyID: "AKIA1"},
			Notes: awsapi.Notes{Params: map[string]any{"incomingTransitiveTags": map[string]string{"team": "blue"}},
				Resources: []string{"arn:aws:iam::000000000000:saml-provider/idp"}}},
		Params:    map[string]any{"roleArn": "arn:r", "durationSeconds": int32(900)},
		ErrorCode: "AccessDenied", ErrorText: "no", Status: 403, ReadOnly: true, Resources: []string{"arn:aws:iam::000000000000:role/r"},
		Response: map[string]any{"left": "out"},
	})
	got := all(t, l)[0]
	delete(got, "eventID")
	want := `{"awsRegion":"eu-west-1","errorCode":"AccessDenied","errorMessage":"no",` +
		`"eventName":"AssumeRole","eventSource":"sts.amazonaws.com","eventTime":"2026-11-02T03:04:05Z","eventType":"AwsApiCall",` +
		`"eventVersion":"1.05","readOnly":true,"recipientAccountId":"000000000000","requestID":"r-1","requestParameters":{` +
		`"durationSeconds":900,"incomingTransitiveTags":{"team":"blue"},"roleArn":"arn:r"},` +
		`"resources":[{"ARN":"arn:aws:iam::000000000000:role/r","accountId":"000000000000","type":"AWS::IAM::Role"},` +
		`{"ARN":"arn:aws:iam::000000000000:saml-provider/idp","accountId":"000000000000","type":"AWS::IAM::SAMLProvider"}],` +
		`"responseElements":null,"sourceIPAddress":"192.0.2.1","userAgent":"aws-cli","userIdentity":{"accessKeyId":"AKIA1",` +
		`"accountId":"000000000000","arn":"arn:aws:iam::000000000000:user/team/alice","principalId":"AIDA1","type":"IAMUser","userName":"alice"}}`
	raw, err := json.Marshal(got)
	if err != nil || string(raw) != want {
		t.Errorf("got  %s\nwant %s", raw, want)
	}
}

// identity returns the userIdentity of a call's record.
func identity(t *testing.T, call awsapi.Call) string {
	t.Helper()
	l := openLog(t, sqlstoretest.SQLite(t, time.Now).Audit())
	l.Record(ctx, awsapi.Event{Call: call})
	raw, err := json.Marshal(all(t, l)[0]["userIdentity"])
	if err != nil {
		t.Fatal(err)
	}
	return string(raw)
}

func TestIdentityOfASession(t *testing.T) {
	caller := &awsapi.Caller{AccountID: "1", UserID: "AROA1:s", ARN: "arn:aws:sts::1:assumed-role/reader/s", AccessKeyID: "ASIA1",
		Keys: map[string][]string{"aws:TokenIssueTime": {"2026-11-02T03:00:00Z"}, "aws:MultiFactorAuthPresent": {"false"},
			"aws:PrincipalArn": {"arn:aws:iam::1:role/team/reader"}, "aws:SourceIdentity": {"ann"},
			"aws:FederatedProvider": {"cognito-identity.amazonaws.com"}, "cognito-identity.amazonaws.com:sub": {"us-east-1:7"}}}
	want := `{"accessKeyId":"ASIA1","accountId":"1","arn":"arn:aws:sts::1:assumed-role/reader/s","principalId":"AROA1:s",` +
		`"sessionContext":{"attributes":{"creationDate":"2026-11-02T03:00:00Z","mfaAuthenticated":"false"},` +
		`"sessionIssuer":{"accountId":"1","arn":"arn:aws:iam::1:role/team/reader","principalId":"AROA1","type":"Role","userName":"reader"},` +
		`"sourceIdentity":"ann","webIdFederationData":{"attributes":{"cognito-identity.amazonaws.com:sub":"us-east-1:7"},` +
		`"federatedProvider":"cognito-identity.amazonaws.com"}},"type":"AssumedRole"}`
	if got := identity(t, awsapi.Call{Caller: caller}); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	caller.Keys["aws:FederatedProvider"] = []string{"arn:aws:iam::1:saml-provider/idp"}
	if got := identity(t, awsapi.Call{Caller: caller}); strings.Contains(got, "webIdFederationData") {
		t.Errorf("of SAML: %s", got)
	}
}

func TestIdentityOfWhoDidNotSign(t *testing.T) {
	who := &awsapi.Who{Type: "SAMLUser", PrincipalID: "q:alice", Name: "alice", Provider: "q"}
	for want, call := range map[string]awsapi.Call{
		`{"principalId":"Anonymous","type":"Unknown"}`:                                          {},
		`{"identityProvider":"q","principalId":"q:alice","type":"SAMLUser","userName":"alice"}`: {Notes: awsapi.Notes{Who: who}},
	} {
		if got := identity(t, call); got != want {
			t.Errorf("got %s, want %s", got, want)
		}
	}
}

// A record that would be too large loses what makes it large.
func TestLargeRecord(t *testing.T) {
	l := openLog(t, sqlstoretest.SQLite(t, time.Now).Audit())
	l.Record(ctx, awsapi.Event{Call: awsapi.Call{Operation: "CreateUserPool"}, Params: map[string]any{"x": strings.Repeat("x", 70<<10)}})
	if r := all(t, l)[0]; r["requestParameters"] != nil || r["eventName"] != "CreateUserPool" || r["additionalEventData"] == nil {
		t.Errorf("got %v", r)
	}
}

func TestIdentityTypes(t *testing.T) {
	l := openLog(t, sqlstoretest.SQLite(t, time.Now).Audit())
	for _, arn := range []string{"arn:aws:sts::0:assumed-role/r/s", "arn:aws:iam::0:root", "arn:aws:sts::0:federated-user/f", "odd"} {
		l.Record(ctx, awsapi.Event{Call: awsapi.Call{Time: at, Caller: &awsapi.Caller{ARN: arn, UserID: "AROA1:s"}}})
	}
	l.Record(ctx, awsapi.Event{Call: awsapi.Call{Time: at}})
	var got []string
	for _, r := range all(t, l) {
		got = append(got, r["userIdentity"].(map[string]any)["type"].(string))
	}
	if want := "Unknown Unknown FederatedUser Root AssumedRole"; strings.Join(got, " ") != want {
		t.Errorf("got %v, want %s", got, want)
	}
	entries, _, err := l.Store.Find(ctx, audit.Query{User: "s", Limit: 10})
	if err != nil || len(entries) != 4 {
		t.Errorf("%d entries of session s, %v", len(entries), err)
	}
}

func TestSignInEvent(t *testing.T) {
	l := openLog(t, sqlstoretest.SQLite(t, time.Now).Audit())
	l.Add(ctx, audit.Event{Type: audit.SignIn, Source: "cognito-idp.amazonaws.com", Name: "Login",
		Identity: audit.Identity{Type: "Unknown", UserName: audit.Hidden}, ErrorCode: "NotAuthorizedException",
		Extra: map[string]any{"pool": "us-east-1_A"}, Resources: []string{"arn:aws:cognito-idp:us-east-1:42:userpool/us-east-1_A"}})
	r := all(t, l)[0]
	if r["eventType"] != audit.SignIn || r["awsRegion"] != "us-east-1" || r["eventTime"] != "2026-11-02T03:04:05Z" ||
		fmt.Sprint(r["additionalEventData"]) != "map[pool:us-east-1_A]" ||
		fmt.Sprint(r["resources"]) != "[map[ARN:arn:aws:cognito-idp:us-east-1:42:userpool/us-east-1_A accountId:42 type:AWS::Cognito::UserPool]]" {
		t.Errorf("got %v", r)
	}
}

func verify(t *testing.T, store audit.Store) (audit.Report, error) {
	t.Helper()
	return (&audit.Verifier{Store: store, Key: key, Signer: signer()}).Verify(ctx)
}

func TestVerify(t *testing.T) {
	store := sqlstoretest.SQLite(t, time.Now).Audit()
	a, b := openLog(t, store), openLog(t, store) // two nodes at once
	var wg sync.WaitGroup
	for i := range 200 {
		wg.Go(func() {
			[]*audit.Log{a, b}[i%2].Add(ctx, audit.Event{Name: fmt.Sprint("Op", i)})
		})
	}
	wg.Wait()
	if err := errors.Join(a.Flush(ctx), b.Flush(ctx)); err != nil {
		t.Fatal(err)
	}
	r, err := verify(t, store)
	if err != nil || r.Segments != 2 || r.Entries != 200 {
		t.Fatalf("report %+v, %v", r, err)
	}
	if _, err := (&audit.Verifier{Store: store, Key: []byte("another key"), Signer: signer()}).Verify(ctx); !errors.Is(err, audit.ErrBroken) {
		t.Errorf("another key: %v", err)
	}
	for name, tamper := range map[string]func([]*audit.Entry) []*audit.Entry{
		"changed record": func(e []*audit.Entry) []*audit.Entry { e[3].Record = []byte(`{}`); return e },
		"changed index":  func(e []*audit.Entry) []*audit.Entry { e[3].User = "mallory"; return e },
		"changed time":   func(e []*audit.Entry) []*audit.Entry { e[3].Time = at.Add(1000); return e },
		"removed":        func(e []*audit.Entry) []*audit.Entry { return append(e[:3:3], e[4:]...) },
		"first removed":  func(e []*audit.Entry) []*audit.Entry { return e[1:] },
		"swapped":        func(e []*audit.Entry) []*audit.Entry { e[3], e[4] = e[4], e[3]; return e },
		"other segment":  func(e []*audit.Entry) []*audit.Entry { e[3].Segment = "x"; return e },
	} {
		t.Run(name, func(t *testing.T) {
			if _, err := verify(t, tampered{store, tamper}); !errors.Is(err, audit.ErrBroken) {
				t.Errorf("got %v, want ErrBroken", err)
			}
		})
	}
}

// tampered is a store whose chains somebody edited.
type tampered struct {
	audit.Store
	edit func([]*audit.Entry) []*audit.Entry
}

func (s tampered) Chain(ctx context.Context, segment string, seq int64, limit int) ([]*audit.Entry, error) {
	entries, err := s.Store.Chain(ctx, segment, seq, limit)
	if err == nil && seq == 0 {
		entries = s.edit(entries)
	}
	return entries, err
}

// failing is a store that is out of order until it is mended.
type failing struct {
	audit.Store
	broken atomic.Bool
	tried  chan struct{} // closed by the first try
	once   sync.Once
}

func newFailing(t *testing.T) *failing {
	s := &failing{Store: sqlstoretest.SQLite(t, time.Now).Audit(), tried: make(chan struct{})}
	s.broken.Store(true)
	return s
}

func (s *failing) Append(ctx context.Context, entries []*audit.Entry) error {
	s.once.Do(func() { close(s.tried) })
	if s.broken.Load() {
		return errors.New("disk on fire")
	}
	return s.Store.Append(ctx, entries)
}

func TestBrokenStoreLosesNothing(t *testing.T) {
	store := newFailing(t)
	l := openLog(t, store)
	for range 20 {
		l.Add(ctx, audit.Event{Name: "Op"})
	}
	<-store.tried
	store.broken.Store(false)
	if err := l.Close(ctx); err != nil {
		t.Fatal(err)
	}
	if r, err := verify(t, store); err != nil || r.Segments != 1 || r.Entries != 20 || l.Lost() != 0 {
		t.Errorf("report %+v, %v, lost %d", r, err, l.Lost())
	}
}

func TestCloseGivesUp(t *testing.T) {
	store := newFailing(t)
	l := openLog(t, store)
	for range 3 {
		l.Add(ctx, audit.Event{Name: "Op"})
	}
	gone, cancel := context.WithCancel(ctx)
	cancel()
	if err := l.Close(gone); !errors.Is(err, context.Canceled) || l.Lost() != 3 {
		t.Errorf("%v, lost %d", err, l.Lost())
	}
	l.Add(ctx, audit.Event{Name: "late"})
	if l.Lost() != 4 {
		t.Errorf("an event after Close: lost %d", l.Lost())
	}
}

func TestCopyToLog(t *testing.T) {
	var out bytes.Buffer
	l := audit.Open(audit.Config{Store: sqlstoretest.SQLite(t, time.Now).Audit(), Key: key, Now: time.Now,
		Errors: slog.New(slog.DiscardHandler), Copy: slog.New(slog.NewJSONHandler(&out, nil))})
	l.Add(ctx, audit.Event{Name: "Op"})
	if err := l.Close(ctx); err != nil {
		t.Fatal(err)
	}
	var line struct{ Record struct{ EventName string } }
	if err := json.Unmarshal(out.Bytes(), &line); err != nil || line.Record.EventName != "Op" {
		t.Errorf("%s, %v", out.Bytes(), err)
	}
}

// What strangers choose cannot stop the log: databases refuse NUL, text that is no
// UTF-8, and index entries that are too long.
func TestHostileTextIsStored(t *testing.T) {
	for name, open := range map[string]func(*testing.T) audit.Store{
		"sqlite":   func(t *testing.T) audit.Store { return sqlstoretest.SQLite(t, time.Now).Audit() },
		"postgres": func(t *testing.T) audit.Store { return sqlstoretest.Postgres(t, time.Now).Audit() },
	} {
		t.Run(name, func(t *testing.T) {
			l := openLog(t, open(t))
			long := strings.Repeat("x", 1<<20)
			l.Add(ctx, audit.Event{Source: "a\xff", Name: "b\x00", UserAgent: long, ErrorText: long,
				Identity: audit.Identity{UserName: "mallory\x00\xff" + long, AccessKeyID: "\xff"}})
			short, cancel := context.WithTimeout(ctx, 5*time.Second)
			defer cancel()
			if err := l.Flush(short); err != nil {
				t.Fatal(err)
			}
			found, _, err := l.Store.Find(ctx, audit.Query{Name: "b\uFFFD", Limit: 1})
			if err != nil || len(found) != 1 || len(found[0].Record) > 1<<14 || !strings.HasPrefix(found[0].User, "mallory\uFFFD\uFFFDx") {
				t.Errorf("got %d entries, %v", len(found), err)
			}
		})
	}
}

// IDs are UUIDs in the order of time, and no two are alike.
func TestEventIDs(t *testing.T) {
	store := sqlstoretest.SQLite(t, time.Now).Audit()
	now := at
	l := audit.Open(audit.Config{Store: store, Key: key, Signer: signer(), Account: "1", Now: func() time.Time { return now }, Errors: slog.New(slog.DiscardHandler)})
	defer l.Close(ctx)
	for range 3 {
		now = now.Add(time.Millisecond)
		l.Add(ctx, audit.Event{Source: "iam.amazonaws.com", Name: "GetUser"})
		l.Add(ctx, audit.Event{Source: "iam.amazonaws.com", Name: "GetUser"})
	}
	form := regexp.MustCompile(`^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$`)
	seen := map[string]bool{}
	last := ""
	for _, r := range slices.Backward(all(t, l)) {
		id, _ := r["eventID"].(string)
		if !form.MatchString(id) || seen[id] || id[:13] < last {
			t.Errorf("%s after %s", id, last)
		}
		seen[id], last = true, id[:13]
	}
	if len(seen) != 6 {
		t.Errorf("%d IDs", len(seen))
	}
}
