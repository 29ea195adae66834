package server

import (
	"bytes"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/poolhouse/poolhouse/internal/awsapi"
)

// targets are the prefixes of the services that speak JSON.
var targets = map[string]string{
	"cognito-idp":      "AWSCognitoIdentityProviderService.",
	"cognito-identity": "AWSCognitoIdentityService.",
	"poolhouse":        "Poolhouse.",
}

// versions are those of the services that speak the query protocol.
var versions = map[string]string{"sts": "2011-06-15", "iam": "2010-05-08"}

// No operation is open by accident: whatever the table says is signed refuses a
// call without a signature, before anything else is looked at.
func TestSignedOperationsRefuseUnsignedCalls(t *testing.T) {
	s := bare(t, new(bytes.Buffer))
	asked := 0
	for _, service := range s.apis(s.cfg, nil, nil) {
		for _, op := range service.Ops {
			r := httptest.NewRequest("POST", "https://id.example.com/", strings.NewReader("{}"))
			r.Header.Set("Content-Type", "application/x-amz-json-1.1")
			switch {
			case op.Auth != awsapi.SigV4:
				continue
			case targets[service.Name] != "":
				r.Header.Set("X-Amz-Target", targets[service.Name]+op.Name)
			case versions[service.Name] != "":
				r = httptest.NewRequest("POST", "https://id.example.com/", strings.NewReader("Action="+op.Name+"&Version="+versions[service.Name]))
				r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
			default: // REST: TestUnsignedSyncIsRefused
				continue
			}
			asked++
			w := httptest.NewRecorder()
			s.Handler().ServeHTTP(w, r)
			if !strings.Contains(w.Body.String(), "MissingAuthenticationToken") {
				t.Errorf("%s %s answers an unsigned call with %d %s", service.Name, op.Name, w.Code, w.Body)
			}
		}
	}
	if asked < 100 {
		t.Errorf("only %d operations were asked", asked)
	}
}

func TestUnsignedSyncIsRefused(t *testing.T) {
	s := bare(t, new(bytes.Buffer))
	const base = "https://id.example.com/identitypools/us-east-1:00000000-0000-4000-8000-000000000000"
	const dataset = base + "/identities/us-east-1:00000000-0000-4000-8000-000000000001/datasets/notes"
	tests := []struct{ method, url string }{
		{"GET", base + "/identities/us-east-1:00000000-0000-4000-8000-000000000001"},
		{"GET", dataset}, {"DELETE", dataset}, {"POST", dataset}, {"GET", dataset + "/records"},
	}
	for _, tt := range tests {
		w := httptest.NewRecorder()
		s.Handler().ServeHTTP(w, httptest.NewRequest(tt.method, tt.url, strings.NewReader("{}")))
		if !strings.Contains(w.Body.String()+w.Header().Get("X-Amzn-Errortype"), "MissingAuthenticationToken") {
			t.Errorf("%s %s: %d %s %s", tt.method, tt.url, w.Code, w.Header().Get("X-Amzn-Errortype"), w.Body)
		}
	}
}
