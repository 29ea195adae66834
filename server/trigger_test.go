package server_test

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"

	"github.com/poolhouse/poolhouse/server"
	"github.com/poolhouse/poolhouse/userpool"
)

// TestSyncTriggerAtPrivateAddress: what devices store is not posted to the inside
// unless the operator says so, though the owner of an identity pool names a function
// there.
func TestSyncTriggerAtPrivateAddress(t *testing.T) {
	var calls atomic.Int32
	inside := httptest.NewTLSServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { calls.Add(1) }))
	defer inside.Close()
	const function = "arn:aws:lambda:us-east-1:000000000000:function:check"
	for name, cfg := range map[string]*server.Config{
		"webhook":  {TriggerURLs: []string{"check=" + inside.URL}, TriggerSecret: "whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY="},
		"emulator": {LambdaFunctions: []string{"check=" + inside.URL}},
		"lambda":   {LambdaEndpoint: inside.URL},
	} {
		trigger, err := server.SyncTrigger(cfg)
		if err != nil {
			t.Fatal(err)
		}
		_, err = trigger.Invoker.Invoke(t.Context(), userpool.Invocation{Function: function, Event: []byte("{}")})
		var failed *userpool.InvokeError
		if !errors.As(err, &failed) || failed.Reason != "EndpointNotAllowed" {
			t.Errorf("%s: %v", name, err)
		}
	}
	if n := calls.Load(); n != 0 {
		t.Errorf("%d calls came through", n)
	}
}
