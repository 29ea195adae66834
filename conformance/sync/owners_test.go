package sync_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"sync"
	"testing"

	"github.com/poolhouse/poolhouse/conformance/harness"
)

// TestOwners runs what belongs to identities besides records: merges, deletions,
// usage, devices and pushes.
func TestOwners(t *testing.T) {
	sns := httptest.NewServer(&fakeSNS{})
	t.Cleanup(sns.Close)
	harness.EachProfile(t, func(t *testing.T, s *harness.Server) {
		env := append(s.Fixture(t).Env(), "FAKE_SNS="+sns.URL)
		harness.Node(t, "sync/owners.test.js", env...)
		harness.Node(t, "sync/merged.test.js", env...)
	}, harness.Args("--push-endpoint", sns.URL), harness.Env("POOLHOUSE_SNS_ACCESS_KEY_ID=AKIDEXAMPLE", "POOLHOUSE_SNS_SECRET_ACCESS_KEY=secret"))
}

// A fakeSNS answers as Amazon SNS does, and hands out what it was asked at /calls.
type fakeSNS struct {
	mu    sync.Mutex
	calls []map[string]string
}

func (f *fakeSNS) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if r.URL.Path == "/calls" {
		json.NewEncoder(w).Encode(append([]map[string]string{}, f.calls...))
		return
	}
	if err := r.ParseForm(); err != nil || r.Header.Get("Authorization") == "" {
		http.Error(w, "not a signed form", http.StatusBadRequest)
		return
	}
	f.calls = append(f.calls, flat(r.PostForm))
	action := r.PostForm.Get("Action")
	fmt.Fprintf(w, `<%[1]sResponse xmlns="http://sns.amazonaws.com/doc/2010-03-31/"><%[1]sResult>`+
		`<EndpointArn>arn:aws:sns:us-east-1:000000000000:endpoint/%[2]s</EndpointArn></%[1]sResult></%[1]sResponse>`, action, r.PostForm.Get("Token"))
}

func flat(form url.Values) map[string]string {
	out := map[string]string{}
	for name := range form {
		out[name] = form.Get(name)
	}
	return out
}
