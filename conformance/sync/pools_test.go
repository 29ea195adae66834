package sync_test

import (
	"encoding/base64"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/poolhouse/poolhouse/conformance/harness"
)

// A program stands in for a pool's function, and is where its stream leads.
type program struct {
	t  *testing.T
	mu sync.Mutex

	calls    int
	streamed []json.RawMessage
	held     chan struct{} // records wait for its end; nil for none
	ends     chan struct{} // of the test
}

// TestPoolSettings: events, streams and bulk publishing, with a program that is
// called by signed webhooks.
func TestPoolSettings(t *testing.T) {
	secret := "whsec_" + base64.StdEncoding.EncodeToString([]byte("0123456789abcdef0123456789abcdef"))
	p := &program{t: t, ends: make(chan struct{})}
	srv := httptest.NewServer(p)
	t.Cleanup(srv.Close)
	t.Cleanup(func() { close(p.ends) })
	harness.EachProfile(t, func(t *testing.T, s *harness.Server) {
		env := append(s.Fixture(t).Env(), "PROGRAM_URL="+srv.URL)
		harness.Node(t, "sync/pools.test.js", env...)
	}, harness.Args("--trigger-url", "check="+srv.URL+"/function", "--sync-stream", "changes="+srv.URL+"/stream", "--allow-private-fetch"),
		harness.Env("POOLHOUSE_TRIGGER_SECRET="+secret, "POOLHOUSE_SYNC_STREAM_SECRET="+secret))
}

func (p *program) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	if r.Method == http.MethodPost && (r.URL.Path == "/function" || r.URL.Path == "/stream") && !strings.HasPrefix(r.Header.Get("Webhook-Signature"), "v1,") {
		http.Error(w, "not signed", http.StatusUnauthorized)
		return
	}
	switch r.URL.Path {
	case "/function":
		p.function(w, body)
	case "/stream":
		p.mu.Lock()
		held := p.held
		p.mu.Unlock()
		if held != nil {
			select {
			case <-held:
			case <-p.ends:
			}
		}
		p.mu.Lock()
		p.streamed = append(p.streamed, body)
		p.mu.Unlock()
	case "/reset":
		p.mu.Lock()
		p.calls, p.streamed = 0, nil
		p.mu.Unlock()
	case "/hold":
		p.mu.Lock()
		p.held = make(chan struct{})
		p.mu.Unlock()
	case "/release":
		p.mu.Lock()
		close(p.held)
		p.held = nil
		p.mu.Unlock()
	case "/seen":
		p.mu.Lock()
		defer p.mu.Unlock()
		_ = json.NewEncoder(w).Encode(map[string]any{"calls": p.calls, "streamed": p.streamed})
	}
}

// function does what the name of the dataset says.
func (p *program) function(w http.ResponseWriter, body []byte) {
	var event map[string]any
	if err := json.Unmarshal(body, &event); err != nil {
		p.t.Error(err)
		return
	}
	p.mu.Lock()
	p.calls++
	p.mu.Unlock()
	switch name, _ := event["datasetName"].(string); name {
	case "thrown":
		w.WriteHeader(http.StatusBadRequest)
		_, _ = io.WriteString(w, `{"errorMessage":"score is too high"}`)
		return
	case "throttled":
		w.WriteHeader(http.StatusTooManyRequests)
		return
	case "nonsense":
		_, _ = io.WriteString(w, `[]`)
		return
	case "slow":
		<-p.ends
		return
	case "foreign":
		event["identityId"] = "us-east-1:somebody-else"
	case "checked":
		p.check(event)
	}
	_ = json.NewEncoder(w).Encode(event)
}

// check writes one record in capitals, leaves one out, and adds how many there are.
func (p *program) check(event map[string]any) {
	records, _ := event["datasetRecords"].(map[string]any)
	delete(records, "left out")
	if loud, ok := records["loud"].(map[string]any); ok {
		value, _ := loud["newValue"].(string)
		loud["newValue"] = strings.ToUpper(value)
	}
	delete(records, "total")
	records["total"] = map[string]any{"newValue": strconv.Itoa(len(records)), "op": "replace"}
}
