package sync_test

import (
	"encoding/base64"
	"net/http/httptest"
	"testing"

	"github.com/poolhouse/poolhouse/conformance/harness"
)

// TestBoto3: every operation and each error that can occur, through boto3, on each kind of
// Redis as well.
func TestBoto3(t *testing.T) {
	secret := "whsec_" + base64.StdEncoding.EncodeToString([]byte("0123456789abcdef0123456789abcdef"))
	p := &program{t: t, ends: make(chan struct{})}
	srv := httptest.NewServer(p)
	t.Cleanup(srv.Close)
	t.Cleanup(func() { close(p.ends) })
	sns := httptest.NewServer(&fakeSNS{})
	t.Cleanup(sns.Close)
	harness.EachStore(t, func(t *testing.T, s *harness.Server) {
		harness.Python(t, "cli/sync.py", append(s.Fixture(t).Env(), "PROGRAM_URL="+srv.URL)...)
	}, harness.Args("--trigger-url", "check="+srv.URL+"/function", "--sync-stream", "changes="+srv.URL+"/stream", "--push-endpoint", sns.URL),
		harness.Env("POOLHOUSE_TRIGGER_SECRET="+secret, "POOLHOUSE_SYNC_STREAM_SECRET="+secret,
			"POOLHOUSE_SNS_ACCESS_KEY_ID=AKIDEXAMPLE", "POOLHOUSE_SNS_SECRET_ACCESS_KEY=secret"))
}
