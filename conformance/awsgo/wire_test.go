package awsgo_test

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
	idp "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"

	"github.com/poolhouse/poolhouse/conformance/harness"
)

// TestWire sends what no SDK sends: each answer is an error of the protocol.
func TestWire(t *testing.T) {
	s := harness.Start(t, harness.Embedded)
	const target = "AWSCognitoIdentityProviderService."
	json := map[string]string{"Content-Type": "application/x-amz-json-1.1", "X-Amz-Target": target + "InitiateAuth"}
	form := map[string]string{"Content-Type": "application/x-www-form-urlencoded"}
	with := func(h map[string]string, name, value string) map[string]string {
		out := map[string]string{name: value}
		for k, v := range h {
			if k != name {
				out[k] = v
			}
		}
		return out
	}
	tests := []struct {
		name    string
		headers map[string]string
		body    string
		status  int
		part    string // of the body
	}{
		{"unknown operation", with(json, "X-Amz-Target", target+"InventUser"), "{}", 400, "UnknownOperationException"},
		{"modelled and not written", with(json, "X-Amz-Target", "Poolhouse.CreateScimToken"), "{}", 501, "CreateScimToken"},
		{"unknown service", with(json, "X-Amz-Target", "Nobody.Nothing"), "{}", 400, "UnknownOperationException"},
		{"unknown action", form, "Action=InventRole&Version=2010-05-08", 400, "InvalidAction"},
		{"no JSON", json, "{", 400, "SerializationException"},
		{"JSON of another type", json, `{"ClientId": 7, "AuthFlow": []}`, 400, "SerializationException"},
		{"deep JSON", json, strings.Repeat(`{"a":`, 5000) + "1" + strings.Repeat("}", 5000), 400, "SerializationException"},
		{"missing members", json, "{}", 400, "Member must not be null"},
		{"too large", json, `{"ClientId":"` + strings.Repeat("a", 2<<20) + `"}`, 413, ""},
		{"unsigned admin call", with(json, "X-Amz-Target", target+"ListUserPools"), `{"MaxResults":1}`, 400, "MissingAuthenticationToken"},
		{"garbled authorization", with(with(json, "X-Amz-Target", target+"ListUserPools"), "Authorization", "AWS4-HMAC-SHA256 Credential=x"), `{"MaxResults":1}`, 400, "IncompleteSignature"},
		{"malformed form", form, "Action=GetCallerIdentity&Version=2011-06-15&%zz", 400, "ErrorResponse"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			status, body := post(t, s.URL+"/", tt.headers, tt.body)
			if status != tt.status || !strings.Contains(body, tt.part) {
				t.Errorf("%d %s, want %d with %q", status, body, tt.status, tt.part)
			}
		})
	}
	t.Run("skew", func(t *testing.T) { skew(t, s) })
	t.Run("wrong secret", func(t *testing.T) {
		_, err := s.As(s.AccessKeyID, "wrong"+s.SecretAccessKey, "").IDP.ListUserPools(t.Context(), &idp.ListUserPoolsInput{MaxResults: aws.Int32(1)})
		harness.WantCode(t, err, "InvalidSignatureException", "")
	})
	t.Run("unknown key", func(t *testing.T) {
		_, err := s.As("AKIAUNKNOWNUNKNOWN00", "secret", "").IDP.ListUserPools(t.Context(), &idp.ListUserPoolsInput{MaxResults: aws.Int32(1)})
		harness.WantCode(t, err, "UnrecognizedClientException", "The security token included in the request is invalid.")
	})
}

// skew signs requests at times that are off.
func skew(t *testing.T, s *harness.Server) {
	for _, tt := range []struct {
		off    time.Duration
		status int
	}{{0, 200}, {-4 * time.Minute, 200}, {-6 * time.Minute, 403}, {6 * time.Minute, 403}} {
		t.Run(fmt.Sprint(tt.off), func(t *testing.T) {
			const body = "Action=GetCallerIdentity&Version=2011-06-15"
			req, err := http.NewRequestWithContext(t.Context(), "POST", s.URL+"/", strings.NewReader(body))
			must(t, err)
			req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
			const sum = "ab821ae955788b0e33ebd34c208442ccfc2d406e2edc5e7a39bd6458fbb4f843" // SHA-256 of body
			must(t, v4.NewSigner().SignHTTP(t.Context(), aws.Credentials{AccessKeyID: s.AccessKeyID, SecretAccessKey: s.SecretAccessKey}, req, sum, "sts", harness.Region, time.Now().Add(tt.off)))
			resp, err := http.DefaultClient.Do(req)
			must(t, err)
			defer resp.Body.Close()
			answer, err := io.ReadAll(resp.Body)
			must(t, err)
			if resp.StatusCode != tt.status {
				t.Errorf("%d %s, want %d", resp.StatusCode, answer, tt.status)
			}
		})
	}
}

func post(t *testing.T, url string, headers map[string]string, body string) (int, string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), "POST", url, bytes.NewReader([]byte(body)))
	must(t, err)
	for k, v := range headers {
		req.Header.Set(k, v)
	}
	resp, err := http.DefaultClient.Do(req)
	must(t, err)
	defer resp.Body.Close()
	answer, err := io.ReadAll(resp.Body)
	must(t, err)
	return resp.StatusCode, string(answer)
}
