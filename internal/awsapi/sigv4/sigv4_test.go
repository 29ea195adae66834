package sigv4_test

import (
	"bufio"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"

	"github.com/poolhouse/poolhouse/internal/awsapi/sigv4"
)

var (
	now   = time.Date(2026, 11, 23, 7, 0, 0, 0, time.UTC)
	creds = aws.Credentials{AccessKeyID: "AKIDEXAMPLE", SecretAccessKey: "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"}
)

// sum returns the payload hash of a body.
func sum(body string) string {
	h := sha256.Sum256([]byte(body))
	return hex.EncodeToString(h[:])
}

// wire sends a request through its text form, so that the server sees what a
// server sees.
func wire(t testing.TB, r *http.Request) *http.Request {
	t.Helper()
	var b bytes.Buffer
	if err := r.Write(&b); err != nil {
		t.Fatal(err)
	}
	got, err := http.ReadRequest(bufio.NewReader(&b))
	if err != nil {
		t.Fatal(err)
	}
	return got
}

// signed returns a request that the AWS SDK for Go signed in its header.
func signed(t testing.TB, method, url, body string, h http.Header) *http.Request {
	t.Helper()
	r, err := http.NewRequest(method, url, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	for k, v := range h {
		r.Header[k] = v
	}
	if err := v4.NewSigner().SignHTTP(context.Background(), creds, r, sum(body), "sts", "us-east-1", now); err != nil {
		t.Fatal(err)
	}
	return wire(t, r)
}

// verify runs all steps as the wire layer does.
func verify(r *http.Request, secret string, at time.Time) error {
	s, err := sigv4.Parse(r)
	if err != nil {
		return err
	}
	if err := s.CheckScope("sts", at); err != nil {
		return err
	}
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return err
	}
	return s.Verify(r, body, secret, new(sigv4.KeyCache))
}

var urls = []string{
	"http://127.0.0.1:8080/",
	"http://127.0.0.1:8080",
	"http://example.com/?Action=GetCallerIdentity&Version=2011-06-15",
	"http://example.com/?b=2&a=1&a=0&c",
	"http://example.com/?q=a%20b%2Bc%2F%3D%26%25&%C3%A9=%E2%82%AC&~=-_.",
	"http://example.com/identitypools/us-east-1%3A0a1b/identities/us-east-1%3Affff/datasets/a%2Fb",
	"http://example.com/identitypools/us-east-1:0a1b/x%253Ay",
	"http://example.com/a%20b/%E2%82%AC/~tilde/*star",
}

func TestVerifyAcceptsTheSDKsSignatures(t *testing.T) {
	for _, url := range urls {
		r := signed(t, "POST", url, "body", http.Header{
			"X-Amz-Target": {"A.B"}, "Content-Type": {"application/x-amz-json-1.1"},
			"X-Amz-Client-Context": {"  two   spaces  "},
		})
		if err := verify(r, creds.SecretAccessKey, now); err != nil {
			t.Errorf("header, %s: %v", url, err)
		}
		r = presigned(t, url, creds)
		if err := verify(r, creds.SecretAccessKey, now.Add(14*time.Minute)); err != nil {
			t.Errorf("presigned, %s: %v", url, err)
		}
	}
}

func presigned(t testing.TB, url string, c aws.Credentials) *http.Request {
	t.Helper()
	r, err := http.NewRequest("GET", url, nil)
	if err != nil {
		t.Fatal(err)
	}
	uri, _, err := v4.NewSigner().PresignHTTP(context.Background(), c, r, sum(""), "sts", "us-east-1", now)
	if err != nil {
		t.Fatal(err)
	}
	out, err := http.NewRequest("GET", uri, nil)
	if err != nil {
		t.Fatal(err)
	}
	return wire(t, out)
}

// The example of the IAM user guide's test suite, "get-vanilla".
func TestVerifyKnownSignature(t *testing.T) {
	r, _ := http.NewRequest("GET", "http://example.amazonaws.com/", http.NoBody)
	r.Header.Set("X-Amz-Date", "20150830T123600Z")
	r.Header.Set("Authorization", "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/service/aws4_request, "+
		"SignedHeaders=host;x-amz-date, Signature=5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31")
	s, err := sigv4.Parse(r)
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Verify(r, nil, "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY", new(sigv4.KeyCache)); err != nil {
		t.Error(err)
	}
}

func TestSessionTokenIsRead(t *testing.T) {
	c := creds
	c.SessionToken = "token/with+odd=chars"
	r := presigned(t, "http://example.com/?Action=X", c)
	s, err := sigv4.Parse(r)
	if err != nil {
		t.Fatal(err)
	}
	if s.SessionToken != c.SessionToken || s.AccessKeyID != c.AccessKeyID || s.Region != "us-east-1" || s.Service != "sts" {
		t.Errorf("got %+v", s)
	}
	if err := verify(r, creds.SecretAccessKey, now); err != nil {
		t.Error(err)
	}
}

func TestVerifyRefusesEveryChange(t *testing.T) {
	target := http.Header{"X-Amz-Target": {"A.B"}}
	tests := []struct {
		name   string
		change func(r *http.Request)
		secret string
	}{
		{"secret", func(*http.Request) {}, "other"},
		{"method", func(r *http.Request) { r.Method = "PUT" }, ""},
		{"host", func(r *http.Request) { r.Host = "evil.example" }, ""},
		{"path", func(r *http.Request) { r.URL.Path, r.URL.RawPath = "/b", "" }, ""},
		{"query", func(r *http.Request) { r.URL.RawQuery += "&x=1" }, ""},
		{"body", func(r *http.Request) { r.Body = io.NopCloser(strings.NewReader("other")) }, ""},
		{"target", func(r *http.Request) { r.Header.Set("X-Amz-Target", "A.C") }, ""},
		{"header twice", func(r *http.Request) { r.Header.Add("X-Amz-Target", "A.B") }, ""},
		{"unsigned header that is read", func(r *http.Request) { r.Header.Set("X-Amz-Client-Context", "x") }, ""},
		{"unsigned payload", func(r *http.Request) { r.Header.Set("X-Amz-Content-Sha256", sigv4.Unsigned) }, ""},
		{"signature", func(r *http.Request) {
			a := r.Header.Get("Authorization")
			r.Header.Set("Authorization", a[:len(a)-1]+string('0'+('1'-a[len(a)-1])&1))
		}, ""},
		{"no signature bytes", func(r *http.Request) {
			a := r.Header.Get("Authorization")
			r.Header.Set("Authorization", a[:strings.Index(a, "Signature=")]+"Signature=zz")
		}, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r := signed(t, "POST", "http://example.com/a?q=1", "body", target)
			tt.change(r)
			secret := creds.SecretAccessKey
			if tt.secret != "" {
				secret = tt.secret
			}
			wantKind(t, verify(r, secret, now), sigv4.Mismatch)
		})
	}
}

func wantKind(t *testing.T, err error, kind sigv4.Kind) *sigv4.Error {
	t.Helper()
	var e *sigv4.Error
	if !errors.As(err, &e) || e.Kind != kind {
		t.Fatalf("got %v, want kind %d", err, kind)
	}
	return e
}

func TestUnsignedPayloadNeedsAnEmptyBody(t *testing.T) {
	for body, ok := range map[string]bool{"": true, "body": false} {
		r, _ := http.NewRequest("POST", "http://example.com/", strings.NewReader(body))
		r.Header.Set("X-Amz-Content-Sha256", sigv4.Unsigned)
		if err := v4.NewSigner().SignHTTP(context.Background(), creds, r, sigv4.Unsigned, "sts", "us-east-1", now); err != nil {
			t.Fatal(err)
		}
		if err := verify(wire(t, r), creds.SecretAccessKey, now); (err == nil) != ok {
			t.Errorf("body %q: %v", body, err)
		}
	}
}

func TestTime(t *testing.T) {
	r := signed(t, "POST", "http://example.com/", "", nil)
	for _, tt := range []struct {
		at   time.Duration
		text string
	}{
		{0, ""}, {5 * time.Minute, ""}, {-5 * time.Minute, ""},
		{5*time.Minute + time.Second, "Signature expired: 20261123T070000Z is now earlier than 20261123T070001Z (20261123T070501Z - 5 min.)"},
		{-5*time.Minute - time.Second, "Signature not yet current: 20261123T070000Z is still later than 20261123T065959Z (20261123T065459Z + 5 min.)"},
	} {
		s, err := sigv4.Parse(r)
		if err != nil {
			t.Fatal(err)
		}
		err = s.CheckScope("sts", now.Add(tt.at))
		if got := text(err); got != tt.text {
			t.Errorf("after %v: %q, want %q", tt.at, got, tt.text)
		}
	}
	late := presigned(t, "http://example.com/?X-Amz-Expires=60", creds)
	wantKind(t, verify(late, creds.SecretAccessKey, now.Add(61*time.Second)), sigv4.Mismatch)
	if err := verify(presigned(t, "http://example.com/?X-Amz-Expires=60", creds), creds.SecretAccessKey, now.Add(time.Minute)); err != nil {
		t.Error(err)
	}
}

func text(err error) string {
	var e *sigv4.Error
	if errors.As(err, &e) {
		return e.Text
	}
	return ""
}

func TestScope(t *testing.T) {
	for _, tt := range []struct{ scope, text string }{
		{"20261123/us-east-1/sts/aws4_request", ""},
		{"20261123/eu-west-3/sts/aws4_request", ""},
		{"20261123//sts/aws4_request", "Credential should be scoped to a valid region. "},
		{"20261123//iam/aws4_request", "Credential should be scoped to a valid region. Credential should be scoped to correct service: 'sts'. "},
		{"20261123/us-east-1/sts/aws5", "Credential should be scoped with a valid terminator: 'aws4_request', not 'aws5'. "},
		{"20261122/us-east-1/sts/aws4_request", "Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP: '20261122' != '20261123', from '20261123T070000Z'. "},
	} {
		r, _ := http.NewRequest("POST", "http://example.com/", nil)
		r.Header.Set("X-Amz-Date", "20261123T070000Z")
		r.Header.Set("Authorization", "AWS4-HMAC-SHA256 Credential=AKID/"+tt.scope+", SignedHeaders=host, Signature=00")
		s, err := sigv4.Parse(r)
		if err != nil {
			t.Fatal(err)
		}
		if got := text(s.CheckScope("sts", now)); got != tt.text {
			t.Errorf("%s: %q, want %q", tt.scope, got, tt.text)
		}
	}
}

func TestParseRefuses(t *testing.T) {
	const cred, rest = "Credential=AKID/20261123/us-east-1/sts/aws4_request", ", SignedHeaders=host, Signature=00"
	for _, tt := range []struct {
		name, auth, query string
		kind              sigv4.Kind
	}{
		{"nothing", "", "", sigv4.Missing},
		{"basic", "Basic Zm9vOmJhcg==", "", sigv4.Incomplete},
		{"no parameters", "AWS4-HMAC-SHA256 x", "", sigv4.Incomplete},
		{"short credential", "AWS4-HMAC-SHA256 Credential=AKID/20261123/us-east-1/sts" + rest, "", sigv4.Incomplete},
		{"empty key", "AWS4-HMAC-SHA256 Credential=/20261123/us-east-1/sts/aws4_request" + rest, "", sigv4.Incomplete},
		{"parameter twice", "AWS4-HMAC-SHA256 " + cred + rest + ", Signature=11", "", sigv4.Incomplete},
		{"headers unsorted", "AWS4-HMAC-SHA256 " + cred + ", SignedHeaders=x-amz-date;host, Signature=00", "", sigv4.Incomplete},
		{"header twice in list", "AWS4-HMAC-SHA256 " + cred + ", SignedHeaders=host;host, Signature=00", "", sigv4.Incomplete},
		{"both forms", "AWS4-HMAC-SHA256 " + cred + rest, "X-Amz-Signature=00", sigv4.Incomplete},
		{"presigned without credential", "", "X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Signature=00", sigv4.Incomplete},
		{"presigned parameter twice", "", "X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Algorithm=AWS4-HMAC-SHA256", sigv4.Incomplete},
		{"expires too long", "", "X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Signature=00&X-Amz-Credential=a/20261123/r/sts/aws4_request" +
			"&X-Amz-Date=20261123T070000Z&X-Amz-SignedHeaders=host&X-Amz-Expires=604801", sigv4.Incomplete},
		{"broken query", "AWS4-HMAC-SHA256 " + cred + rest, "a=%zz", sigv4.Incomplete},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r, _ := http.NewRequest("POST", "http://example.com/", nil)
			r.URL.RawQuery = tt.query
			r.Header.Set("X-Amz-Date", "20261123T070000Z")
			if tt.auth != "" {
				r.Header.Set("Authorization", tt.auth)
			}
			_, err := sigv4.Parse(r)
			wantKind(t, err, tt.kind)
		})
	}
}

func FuzzAuthorization(f *testing.F) {
	f.Add("AWS4-HMAC-SHA256 Credential=A/20261123/us-east-1/sts/aws4_request, SignedHeaders=host, Signature=00", "20261123T070000Z", "a=b")
	f.Add("", "", "X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=a/b/c/d/e&X-Amz-Signature=0&X-Amz-Date=20261123T070000Z&X-Amz-SignedHeaders=host")
	f.Add("AWS4-HMAC-SHA256 Credential=////,SignedHeaders=;,Signature=", "Mon, 23 Nov 2026 07:00:00 GMT", "%")
	f.Fuzz(func(t *testing.T, auth, date, query string) {
		r, _ := http.NewRequest("POST", "http://example.com/", nil)
		r.Header["Authorization"], r.Header["X-Amz-Date"], r.URL.RawQuery = []string{auth}, []string{date}, query
		s, err := sigv4.Parse(r)
		if err != nil {
			text := text(err)
			if text == "" {
				t.Fatalf("no text for the client: %v", err)
			}
			return
		}
		if s.CheckScope("sts", now) == nil && s.Verify(r, nil, "a secret nobody knows", new(sigv4.KeyCache)) == nil {
			t.Fatal("a made-up signature was accepted")
		}
	})
}

func BenchmarkVerify(b *testing.B) {
	r := signed(b, "POST", "http://127.0.0.1:8080/", "Action=GetCallerIdentity&Version=2011-06-15", nil)
	body, _ := io.ReadAll(r.Body)
	var keys sigv4.KeyCache
	b.ReportAllocs()
	for b.Loop() {
		s, err := sigv4.Parse(r)
		if err == nil {
			err = s.CheckScope("sts", now)
		}
		if err == nil {
			err = s.Verify(r, body, creds.SecretAccessKey, &keys)
		}
		if err != nil {
			b.Fatal(err)
		}
	}
}
