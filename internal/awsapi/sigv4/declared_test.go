package sigv4_test

import (
	"context"
	"net/http"
	"strings"
	"testing"
	"time"

	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"

	"github.com/poolhouse/poolhouse/internal/awsapi/sigv4"
)

// Without the body the signature still says which body it is for.
func TestVerifyDeclared(t *testing.T) {
	hash := sum("body")
	for _, tt := range []struct{ declared, signed, want string }{
		{hash, hash, hash},
		{sigv4.Unsigned, sigv4.Unsigned, sigv4.Unsigned},
		{"", sum(""), sum("")},
		{"", hash, ""},
		{hash, sum("other"), ""},
		{"STREAMING-UNSIGNED-PAYLOAD-TRAILER", "STREAMING-UNSIGNED-PAYLOAD-TRAILER", ""},
		{hash[:62], hash[:62], ""},
	} {
		r, err := http.NewRequest("PUT", "http://example.com/a", http.NoBody)
		if err != nil {
			t.Fatal(err)
		}
		if tt.declared != "" {
			r.Header.Set("X-Amz-Content-Sha256", tt.declared)
		}
		if err := v4.NewSigner().SignHTTP(context.Background(), creds, r, tt.signed, "sts", "us-east-1", now); err != nil {
			t.Fatal(err)
		}
		s, err := sigv4.Parse(r)
		if err != nil {
			t.Fatal(err)
		}
		got, err := s.VerifyDeclared(r, creds.SecretAccessKey, new(sigv4.KeyCache))
		if tt.want == "" {
			wantKind(t, err, sigv4.Mismatch)
		} else if err != nil || got != tt.want {
			t.Errorf("declared %q: %q %v", tt.declared, got, err)
		}
	}
}

func TestCheckScopeWithin(t *testing.T) {
	s, err := sigv4.Parse(signed(t, "POST", "http://example.com/", "", nil))
	if err != nil {
		t.Fatal(err)
	}
	if err := s.CheckScopeWithin("sts", now.Add(15*time.Minute), 15*time.Minute); err != nil {
		t.Error(err)
	}
	if err := s.CheckScopeWithin("sts", now.Add(-15*time.Minute), 15*time.Minute); err != nil {
		t.Error(err)
	}
	late := text(s.CheckScopeWithin("sts", now.Add(15*time.Minute+time.Second), 15*time.Minute))
	if !strings.HasSuffix(late, "- 15 min.)") {
		t.Error(late)
	}
	wantKind(t, s.CheckScopeWithin("iam", now, time.Hour), sigv4.Mismatch)
}
