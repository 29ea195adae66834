package awsapi_test

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/poolhouse/poolhouse/internal/awsapi"
	"github.com/poolhouse/poolhouse/internal/ephemeral"
	"github.com/poolhouse/poolhouse/internal/ephemeral/ephemeraltest"
	"github.com/poolhouse/poolhouse/internal/keyring/keyringtest"
)

type (
	accessKeyIn  struct{ UserName *string }
	accessKeyOut struct{ AccessKey *accessKey }
	accessKey    struct {
		UserName, AccessKeyId, Status, SecretAccessKey *string
		CreateDate                                     *time.Time
	}
)

// A keyMaker makes another access key each time it is called.
type keyMaker struct {
	backend
	store  ephemeral.Store
	clock  time.Time
	made   int
	fail   error
	during func()
}

func (k *keyMaker) create(context.Context, *accessKeyIn) (*accessKeyOut, error) {
	if k.during != nil {
		k.during()
	}
	if k.fail != nil {
		return nil, k.fail
	}
	k.made++
	return &accessKeyOut{&accessKey{UserName: awsapi.Ptr("ci"), AccessKeyId: awsapi.Ptr("AKIAIOSFODNN7EXAMPLE"), Status: awsapi.Ptr("Active"),
		SecretAccessKey: awsapi.Ptr(fmt.Sprintf("the secret number %d", k.made)), CreateDate: awsapi.Ptr(now)}}, nil
}

func (k *keyMaker) handler(t *testing.T) *awsapi.Handler {
	t.Helper()
	h, err := awsapi.NewHandler(awsapi.Config{
		Services: []awsapi.Service{{Name: "iam", Ops: []awsapi.Op{awsapi.Func("CreateAccessKey", awsapi.SigV4, k.create)},
			Errors: awsapi.ErrorTable{{Is: errNotThere, Status: 404, Code: "NoSuchEntity"}}}},
		Credentials: k, Authorizer: k, Now: func() time.Time { return k.clock }, Log: slog.New(slog.DiscardHandler),
		Repeats: &awsapi.Repeats{Store: k.store, Sealer: keyringtest.New(t)}, Audit: &k.backend,
	})
	if err != nil {
		t.Fatal(err)
	}
	return h
}

func newKeyMaker() *keyMaker {
	k := &keyMaker{clock: now}
	k.store = ephemeraltest.New(func() time.Time { return k.clock })
	return k
}

// attempt is one attempt of the call that id names.
func attempt(t *testing.T, h http.Handler, id, user string) *httptest.ResponseRecorder {
	t.Helper()
	w := httptest.NewRecorder()
	r := request{url: "/", service: "iam", header: map[string]string{"Content-Type": formType["Content-Type"], "Amz-Sdk-Invocation-Id": id},
		body: "Action=CreateAccessKey&Version=2010-05-08&UserName=" + user}.build(t)
	h.ServeHTTP(w, r)
	return w
}

const invocation = "0d1f3a52-6f0e-4d9c-9b0e-2f6a54e1c9aa"

func TestAnAttemptIsNotServedTwice(t *testing.T) {
	k := newKeyMaker()
	h := k.handler(t)
	first, second := attempt(t, h, invocation, "ci"), attempt(t, h, invocation, "ci")
	if first.Code != 200 || !strings.Contains(first.Body.String(), "the secret number 1") || second.Body.String() != first.Body.String() ||
		second.Code != 200 || second.Header().Get("Content-Type") != first.Header().Get("Content-Type") {
		t.Errorf("the first attempt got %s, the second %d %s", first.Body, second.Code, second.Body)
	}
	for name, w := range map[string]*httptest.ResponseRecorder{
		"another call": attempt(t, h, "another-"+invocation, "ci"), "another input": attempt(t, h, invocation, "cd"),
		"a call without a name": attempt(t, h, "", "ci"), "a name that is none": attempt(t, h, "short", "ci"), "and again": attempt(t, h, "short", "ci"),
	} {
		if w.Code != 200 || strings.Contains(w.Body.String(), "number 1<") {
			t.Errorf("%s: %d %s", name, w.Code, w.Body)
		}
	}
	if k.made != 6 {
		t.Errorf("%d keys", k.made)
	}
}

// The log tells the attempt that did something from the one that was told of it.
func TestARepeatedAttemptIsMarkedInTheLog(t *testing.T) {
	k := newKeyMaker()
	b, h := &k.backend, k.handler(t)
	attempt(t, h, invocation, "ci")
	attempt(t, h, invocation, "ci")
	if len(b.events) != 2 || b.events[0].Call.Notes.Extra != nil || b.events[0].Response == nil ||
		b.events[1].Call.Notes.Extra["repeatedAttempt"] != true || b.events[1].Response != nil {
		t.Errorf("events %+v", b.events)
	}
	if raw := fmt.Sprint(b.events[0].Response); strings.Contains(raw, "the secret number") || !strings.Contains(raw, "AKIAIOSFODNN7EXAMPLE") {
		t.Errorf("recorded %s", raw)
	}
}

func TestAFailedAttemptIsServedAnew(t *testing.T) {
	k := newKeyMaker()
	h := k.handler(t)
	k.fail = errNotThere
	if w := attempt(t, h, invocation, "ci"); w.Code != 404 {
		t.Fatalf("%d %s", w.Code, w.Body)
	}
	k.fail = nil
	if w := attempt(t, h, invocation, "ci"); w.Code != 200 || k.made != 1 {
		t.Errorf("%d %s after %d", w.Code, w.Body, k.made)
	}
}

// A client that has lost its patience comes back while the call is still served.
func TestAttemptsDoNotOverlap(t *testing.T) {
	k := newKeyMaker()
	h := k.handler(t)
	var early *httptest.ResponseRecorder
	k.during = func() { k.during = nil; early = attempt(t, h, invocation, "ci") }
	w := attempt(t, h, invocation, "ci")
	if w.Code != 200 || early.Code != 503 || k.made != 1 {
		t.Errorf("%d and then %d, %d keys", w.Code, early.Code, k.made)
	}
}

// Another caller has calls of their own, whatever name they give them.
func TestAttemptsBelongToTheirCaller(t *testing.T) {
	k := newKeyMaker()
	h := k.handler(t)
	first := attempt(t, h, invocation, "ci")
	k.arn = "arn:aws:iam::000000000000:user/mallory"
	if w := attempt(t, h, invocation, "ci"); w.Body.String() == first.Body.String() {
		t.Error("a stranger was told somebody else's secret")
	}
	k.denied = &awsapi.Error{Status: 403, Code: "AccessDenied", Message: "no"}
	k.arn = ""
	if w := attempt(t, h, invocation, "ci"); w.Code != 403 {
		t.Errorf("who may no longer call was answered: %d %s", w.Code, w.Body)
	}
}

func TestKeptAnswersEnd(t *testing.T) {
	k := newKeyMaker()
	h := k.handler(t)
	attempt(t, h, invocation, "ci")
	k.clock = k.clock.Add(11 * time.Minute)
	w := httptest.NewRecorder()
	r := request{url: "/", service: "iam", header: map[string]string{"Content-Type": formType["Content-Type"], "Amz-Sdk-Invocation-Id": invocation},
		body: "Action=CreateAccessKey&Version=2010-05-08&UserName=ci"}
	r.at = k.clock
	h.ServeHTTP(w, r.build(t))
	if w.Code != 200 || k.made != 2 {
		t.Errorf("%d %s, %d keys", w.Code, w.Body, k.made)
	}
}
