package trigger_test

import (
	"encoding/json"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/poolhouse/poolhouse/internal/awsapi/sigv4"
	"github.com/poolhouse/poolhouse/internal/outbound"
	"github.com/poolhouse/poolhouse/userpool"
	"github.com/poolhouse/poolhouse/userpool/trigger"
)

var noon = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

const arn = "arn:aws:lambda:eu-west-1:000000000000:function:pre-sign-up"

// invocation is a call of arn; a qualifier may follow.
func invocation(qualifier string) userpool.Invocation {
	return userpool.Invocation{Pool: "us-east-1_A", Trigger: "PreSignUp", Function: arn + qualifier, Event: []byte(`{"version":"1"}`)}
}

// serve starts a server that answers each call by f, and counts the calls.
func serve(t *testing.T, f http.HandlerFunc) (url string, calls *atomic.Int32) {
	t.Helper()
	calls = new(atomic.Int32)
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		calls.Add(1)
		f(w, r)
	}))
	t.Cleanup(srv.Close)
	return srv.URL, calls
}

func says(status int, body string, header ...string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		for i := 0; i < len(header); i += 2 {
			w.Header().Set(header[i], header[i+1])
		}
		w.WriteHeader(status)
		_, _ = io.WriteString(w, body)
	}
}

func newInvoker() *trigger.Invoker {
	return &trigger.Invoker{Client: outbound.New(true), Now: func() time.Time { return noon }}
}

// TestLambda: a function is found by its name, and the call signed for its region.
func TestLambda(t *testing.T) {
	var path, kind string
	url, _ := serve(t, func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		path, kind = r.URL.RequestURI(), r.Header.Get("X-Amz-Invocation-Type")
		s, err := sigv4.Parse(r)
		if err != nil {
			t.Error(err)
			return
		}
		if err := errors.Join(s.CheckScope("lambda", noon), s.Verify(r, body, "hunter2", new(sigv4.KeyCache))); err != nil {
			t.Error(err)
		}
		if !strings.Contains(r.Header.Get("Authorization"), "/eu-west-1/lambda/") || r.Header.Get("X-Amz-Security-Token") != "token" {
			t.Errorf("header %v", r.Header)
		}
		_, _ = w.Write(body)
	})
	i := newInvoker()
	i.Lambda, i.Key = url+"/", outbound.Key{AccessKeyID: "AKIDEXAMPLE", SecretAccessKey: "hunter2", SessionToken: "token"}
	answer, err := i.Invoke(t.Context(), invocation(":live"))
	if err != nil || string(answer) != `{"version":"1"}` {
		t.Fatal(string(answer), err)
	}
	if path != "/2015-03-31/functions/pre-sign-up/invocations?Qualifier=live" || kind != "RequestResponse" {
		t.Error(path, kind)
	}
}

// TestUnsigned: an emulator that knows no keys gets no signature.
func TestUnsigned(t *testing.T) {
	var header http.Header
	url, _ := serve(t, func(w http.ResponseWriter, r *http.Request) { header = r.Header; _, _ = io.WriteString(w, `{}`) })
	i := newInvoker()
	i.Lambda = url
	call := invocation("")
	call.Async = true
	if _, err := i.Invoke(t.Context(), call); err != nil {
		t.Fatal(err)
	}
	if header.Get("Authorization") != "" || header.Get("X-Amz-Invocation-Type") != "Event" {
		t.Error(header)
	}
}

// TestRoutes: what is named for a function comes before what is there for all.
func TestRoutes(t *testing.T) {
	var path string
	url, _ := serve(t, func(w http.ResponseWriter, r *http.Request) { path = r.URL.Path; _, _ = io.WriteString(w, `{}`) })
	table := func(key, path string) map[string]string { return map[string]string{key: url + path} }
	for name, c := range map[string]struct {
		emulators, webhooks map[string]string
		want                string
	}{
		"for all":              {nil, nil, "/2015-03-31/functions/pre-sign-up/invocations"},
		"emulator by name":     {table("pre-sign-up", ""), nil, "/2015-03-31/functions/function/invocations"},
		"emulator by ARN":      {table(arn, "/"), nil, "/2015-03-31/functions/function/invocations"},
		"emulator by alias":    {table(arn+":live", "/own/path"), nil, "/own/path"},
		"webhook":              {table("pre-sign-up", ""), table("pre-sign-up", "/hook"), "/hook"},
		"of another function":  {table("other", "/x"), table("pre", "/x"), "/2015-03-31/functions/pre-sign-up/invocations"},
		"of another's account": {table("arn:aws:lambda:eu-west-1:111111111111:function:pre-sign-up", "/x"), nil, "/2015-03-31/functions/pre-sign-up/invocations"},
	} {
		t.Run(name, func(t *testing.T) {
			i := newInvoker()
			i.Lambda, i.Emulators, i.Webhooks = url, c.emulators, c.webhooks
			if _, err := i.Invoke(t.Context(), invocation(":live")); err != nil || path != c.want {
				t.Error(path, err)
			}
		})
	}
	_, err := newInvoker().Invoke(t.Context(), invocation(""))
	wantReason(t, err, "EndpointNotConfigured")
}

func wantReason(t *testing.T, err error, reason string) {
	t.Helper()
	var e *userpool.InvokeError
	if !errors.As(err, &e) || e.Reason != reason {
		t.Fatalf("error %v, want %s", err, reason)
	}
}

func wantThrown(t *testing.T, err error, text string) {
	t.Helper()
	var e *userpool.FunctionError
	if !errors.As(err, &e) || e.Message != text {
		t.Fatalf("error %v, want a function that threw %s", err, text)
	}
}

// TestThrown: what a function throws is its own text, with the mark of Lambda or,
// under the runtime interface emulator, without; and it is not asked again.
func TestThrown(t *testing.T) {
	for name, c := range map[string]struct {
		answer http.HandlerFunc
		text   string
	}{
		"Lambda":           {says(200, `{"errorMessage":"go away","errorType":"Error"}`, "X-Amz-Function-Error", "Unhandled"), "go away"},
		"emulator":         {says(200, `{"errorMessage":"go away","errorType":"errorString"}`), "go away"},
		"null":             {says(200, `{"errorMessage":null}`, "X-Amz-Function-Error", "Handled"), "null"},
		"no text":          {says(200, `"x"`, "X-Amz-Function-Error", "Handled"), "null"},
		"a marked answer":  {says(200, `{"triggerSource":"x","errorMessage":"m"}`, "X-Amz-Function-Error", "Handled"), "m"},
		"ran out of time":  {says(200, `{"errorMessage":"2026-03-01 Task timed out after 3.00 seconds"}`, "X-Amz-Function-Error", "Unhandled"), "2026-03-01 Task timed out after 3.00 seconds"},
		"ended in between": {says(200, `{"errorType":"Runtime.ExitError","errorMessage":"RequestId: 1 Error: Runtime exited with error: exit status 129"}`), "RequestId: 1 Error: Runtime exited with error: exit status 129"},
	} {
		t.Run(name, func(t *testing.T) {
			url, calls := serve(t, c.answer)
			i := newInvoker()
			i.Lambda = url
			_, err := i.Invoke(t.Context(), invocation(""))
			wantThrown(t, err, c.text)
			if calls.Load() != 1 {
				t.Errorf("%d calls", calls.Load())
			}
		})
	}
}

// TestEventWithErrorMessage: an event is an answer, whatever else is in it.
func TestEventWithErrorMessage(t *testing.T) {
	for _, answer := range []string{`{"errorMessage":"x","triggerSource":"y"}`, `{"errorMessage":"x","response":{}}`} {
		url, _ := serve(t, says(200, answer))
		i := newInvoker()
		i.Lambda = url
		if got, err := i.Invoke(t.Context(), invocation("")); err != nil || string(got) != answer {
			t.Errorf("%s: %s, %v", answer, got, err)
		}
	}
}

// TestRefusals: the invoke API says why it does not run a function. Of what it says
// only the name of an error is believed.
func TestRefusals(t *testing.T) {
	for name, c := range map[string]struct {
		answer http.HandlerFunc
		reason string
	}{
		"named":     {says(404, `{}`, "X-Amzn-Errortype", "ResourceNotFoundException:http://internal.amazon.com/"), "ResourceNotFoundException"},
		"hostile":   {says(403, `{}`, "X-Amzn-Errortype", "<script>"), "AccessDeniedException"},
		"denied":    {says(403, ``), "AccessDeniedException"},
		"missing":   {says(404, ``), "ResourceNotFoundException"},
		"throttled": {says(429, ``), "TooManyRequestsException"},
		"broken":    {says(502, `{"errorMessage":"x"}`), "ServiceException"},
		"redirect":  {says(307, ``, "Location", "/elsewhere"), "ServiceException"},
	} {
		t.Run(name, func(t *testing.T) {
			url, calls := serve(t, c.answer)
			i := newInvoker()
			i.Lambda = url
			_, err := i.Invoke(t.Context(), invocation(""))
			wantReason(t, err, c.reason)
			if calls.Load() != 1 {
				t.Errorf("%d calls", calls.Load())
			}
		})
	}
}

// TestSlow: a function that does not answer is asked three times, and one that
// drips its answer is cut off too.
func TestSlow(t *testing.T) {
	for name, begin := range map[string]string{"silent": "", "drip": `{"res`} {
		t.Run(name, func(t *testing.T) {
			release := make(chan struct{})
			defer close(release)
			url, calls := serve(t, func(w http.ResponseWriter, _ *http.Request) {
				if _, err := io.WriteString(w, begin); err == nil && begin != "" {
					_ = http.NewResponseController(w).Flush()
				}
				<-release
			})
			i := newInvoker()
			i.Lambda, i.Try = url, 20*time.Millisecond
			_, err := i.Invoke(t.Context(), invocation(""))
			wantReason(t, err, userpool.ReasonTimeout)
			if calls.Load() != 3 {
				t.Errorf("%d calls", calls.Load())
			}
		})
	}
}

// TestSlowSender: a function that nobody waits for does not send its message twice.
func TestSlowSender(t *testing.T) {
	release := make(chan struct{})
	defer close(release)
	url, calls := serve(t, func(http.ResponseWriter, *http.Request) { <-release })
	i := newInvoker()
	i.Lambda, i.Try = url, 20*time.Millisecond
	call := invocation("")
	call.Async = true
	_, err := i.Invoke(t.Context(), call)
	wantReason(t, err, userpool.ReasonTimeout)
	if calls.Load() != 1 {
		t.Errorf("%d calls", calls.Load())
	}
}

// TestManyCalls: functions that hang hold up so many requests and no more.
func TestManyCalls(t *testing.T) {
	release, entered := make(chan struct{}), make(chan struct{})
	url, _ := serve(t, func(w http.ResponseWriter, _ *http.Request) {
		entered <- struct{}{}
		<-release
		_, _ = io.WriteString(w, `{}`)
	})
	i := newInvoker()
	i.Lambda, i.Calls = url, 2
	done := make(chan error, 2)
	for range 2 {
		go func() {
			_, err := i.Invoke(t.Context(), invocation(""))
			done <- err
		}()
		<-entered
	}
	_, err := i.Invoke(t.Context(), invocation(""))
	wantReason(t, err, "TooManyRequestsException")
	close(release)
	if err := errors.Join(<-done, <-done); err != nil {
		t.Error(err)
	}
	go func() { <-entered }()
	if _, err := i.Invoke(t.Context(), invocation("")); err != nil {
		t.Error(err)
	}
}

// TestSecondTry: a function that answers late once is asked again, with the same id.
func TestSecondTry(t *testing.T) {
	release, ids := make(chan struct{}), make(chan string, 3)
	first := atomic.Bool{}
	url, _ := serve(t, func(w http.ResponseWriter, r *http.Request) {
		ids <- r.Header.Get("Webhook-Id")
		if first.CompareAndSwap(false, true) {
			<-release
			return
		}
		_, _ = io.WriteString(w, `{"response":{}}`)
	})
	defer close(release)
	i := newInvoker()
	i.Webhooks, i.Try, i.Secret = map[string]string{"pre-sign-up": url}, 200*time.Millisecond, make([]byte, 24)
	if _, err := i.Invoke(t.Context(), invocation("")); err != nil {
		t.Fatal(err)
	}
	if a, b := <-ids, <-ids; a != b || a == "" {
		t.Errorf("ids %q and %q", a, b)
	}
}

// TestNoConnection: an endpoint that nobody listens at is tried three times.
func TestNoConnection(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	l.Close()
	i := newInvoker()
	i.Lambda = "http://" + l.Addr().String() + "/secret-path"
	_, err = i.Invoke(t.Context(), invocation(""))
	wantReason(t, err, "ServiceException")
	if strings.Contains(err.Error(), "secret-path") {
		t.Error("the error shows the address: ", err)
	}
}

// TestHugeAnswer: what does not fit is not read to its end.
func TestHugeAnswer(t *testing.T) {
	url, calls := serve(t, func(w http.ResponseWriter, _ *http.Request) {
		chunk := slices.Repeat([]byte(" "), 64<<10)
		for {
			if _, err := w.Write(chunk); err != nil {
				return
			}
		}
	})
	i := newInvoker()
	i.Lambda = url
	_, err := i.Invoke(t.Context(), invocation(""))
	wantReason(t, err, "ResponseSizeTooLarge")
	if calls.Load() != 1 {
		t.Errorf("%d calls", calls.Load())
	}
}

// TestLargeAnswer: how large an answer may be is the invoker's.
func TestLargeAnswer(t *testing.T) {
	url, _ := serve(t, says(200, `"`+strings.Repeat("x", 2<<20)+`"`))
	i := newInvoker()
	i.Lambda, i.Answer = url, 3<<20
	if answer, err := i.Invoke(t.Context(), invocation("")); err != nil || len(answer) != 2<<20+2 {
		t.Errorf("%d bytes, %v", len(answer), err)
	}
	i.Answer = 2 << 20
	_, err := i.Invoke(t.Context(), invocation(""))
	wantReason(t, err, "ResponseSizeTooLarge")
}

// TestPrivateAddresses: nothing on the inside is reached unless the operator says so.
func TestPrivateAddresses(t *testing.T) {
	url, calls := serve(t, says(200, `{}`))
	_, port, _ := net.SplitHostPort(strings.TrimPrefix(url, "http://"))
	for _, address := range []string{url, "https://127.0.0.1:" + port, "https://localhost:" + port, "https://[::1]:" + port, "https://169.254.169.254", "https://10.0.0.1"} {
		i := newInvoker()
		i.Client, i.Lambda = outbound.New(false), address
		_, err := i.Invoke(t.Context(), invocation(""))
		wantReason(t, err, "EndpointNotAllowed")
	}
	if calls.Load() != 0 {
		t.Error("a private address was called")
	}
}

// TestWebhookAnswers: a program answers with the event, or refuses as a function
// would throw.
func TestWebhookAnswers(t *testing.T) {
	var body []byte
	answer := says(200, `{"response":{}}`)
	url, _ := serve(t, func(w http.ResponseWriter, r *http.Request) {
		body, _ = io.ReadAll(r.Body)
		answer(w, r)
	})
	i := newInvoker()
	i.Webhooks, i.Secret = map[string]string{"pre-sign-up": url}, make([]byte, 24)
	if got, err := i.Invoke(t.Context(), invocation("")); err != nil || string(got) != `{"response":{}}` || !json.Valid(body) || string(body) != `{"version":"1"}` {
		t.Fatal(string(got), string(body), err)
	}
	answer = says(422, `{"errorMessage":"not from here"}`)
	_, err := i.Invoke(t.Context(), invocation(""))
	wantThrown(t, err, "not from here")
	answer = says(500, `{"errorMessage":"stack trace"}`)
	_, err = i.Invoke(t.Context(), invocation(""))
	wantReason(t, err, "ServiceException")
	answer = says(401, `no`)
	_, err = i.Invoke(t.Context(), invocation(""))
	wantReason(t, err, "AccessDeniedException")
}

func TestParseTable(t *testing.T) {
	table, err := trigger.ParseTable([]string{"a=https://a.example/x?y=z", arn + "=http://127.0.0.1:9000"})
	if err != nil || table["a"] != "https://a.example/x?y=z" || table[arn] != "http://127.0.0.1:9000" {
		t.Fatal(table, err)
	}
	for _, bad := range []string{"a", "=https://a.example", "a=", "a=a.example", "a=ftp://a.example", "a=https://", "a=https://user:token@a.example"} {
		if _, err := trigger.ParseTable([]string{bad}); err == nil || strings.Contains(err.Error(), "token") {
			t.Errorf("%q: %v", bad, err)
		}
	}
	if _, err := trigger.ParseTable([]string{"a=https://a.example", "a=https://b.example"}); err == nil {
		t.Error("a name twice")
	}
}
