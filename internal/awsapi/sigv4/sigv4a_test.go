package sigv4_test

import (
	"encoding/json"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/poolhouse/poolhouse/internal/awsapi/sigv4"
)

// A crtRequest is a request that botocore signed with AWS's common runtime.
type crtRequest struct {
	Name, Method, URL, Body string
	Header                  map[string]string
}

func crtRequests(t testing.TB) []crtRequest {
	t.Helper()
	raw, err := os.ReadFile("testdata/sigv4a.json")
	if err != nil {
		t.Fatal(err)
	}
	var out []crtRequest
	if err := json.Unmarshal(raw, &out); err != nil {
		t.Fatal(err)
	}
	return out
}

func (c *crtRequest) request(t testing.TB) *http.Request {
	t.Helper()
	r, err := http.NewRequest(c.Method, c.URL, strings.NewReader(c.Body))
	if err != nil {
		t.Fatal(err)
	}
	for k, v := range c.Header {
		r.Header.Set(k, v)
	}
	return wire(t, r)
}

// check runs all steps for an endpoint.
func check(r *http.Request, body string, at sigv4.Endpoint) (*sigv4.Signature, error) {
	s, err := sigv4.Parse(r)
	if err != nil {
		return nil, err
	}
	if err := s.CheckScopeAt(at, now); err != nil {
		return nil, err
	}
	return s, s.Verify(r, []byte(body), creds.SecretAccessKey, new(sigv4.KeyCache))
}

func TestAsymmetricSignaturesOfTheCRT(t *testing.T) {
	for _, c := range crtRequests(t) {
		s, err := check(c.request(t), c.Body, sigv4.Endpoint{Service: "sts", Home: "us-east-1"})
		if err != nil {
			t.Errorf("%s: %v", c.Name, err)
			continue
		}
		if want := strings.Contains(c.Name, "session token"); (s.SessionToken == "token/with+odd=chars") != want {
			t.Errorf("%s: session token %q", c.Name, s.SessionToken)
		}
	}
}

func TestAsymmetricRefusesEveryChange(t *testing.T) {
	for _, tt := range []struct {
		name   string
		change func(r *http.Request)
	}{
		{"method", func(r *http.Request) { r.Method = "PUT" }},
		{"host", func(r *http.Request) { r.Host = "evil.example" }},
		{"query", func(r *http.Request) { r.URL.RawQuery += "&x=1" }},
		{"region set", func(r *http.Request) { r.Header.Set("X-Amz-Region-Set", "us-*") }},
		{"access key", func(r *http.Request) {
			r.Header.Set("Authorization", strings.Replace(r.Header.Get("Authorization"), "AKIDEXAMPLE", "AKIDEXAMPLF", 1))
		}},
		{"region set unsigned", func(r *http.Request) {
			r.Header.Set("Authorization", strings.Replace(r.Header.Get("Authorization"), ";x-amz-region-set", "", 1))
		}},
		{"signature", func(r *http.Request) {
			a := r.Header.Get("Authorization")
			r.Header.Set("Authorization", a[:len(a)-2]+strings.Map(func(c rune) rune { return c ^ 1 }, a[len(a)-2:]))
		}},
		{"symmetric signature", func(r *http.Request) {
			a := r.Header.Get("Authorization")
			r.Header.Set("Authorization", a[:strings.Index(a, "Signature=")]+"Signature="+strings.Repeat("00", 32))
		}},
	} {
		c := crtRequests(t)[0]
		r := c.request(t)
		tt.change(r)
		_, err := check(r, c.Body, sigv4.Endpoint{Service: "sts", Home: "us-east-1"})
		t.Run(tt.name, func(t *testing.T) { wantKind(t, err, sigv4.Mismatch) })
	}
}

// A signature counts in the regions of its set, and there alone.
func TestRegionSet(t *testing.T) {
	const invalid = "Credential should be scoped to a valid region. "
	for _, tt := range []struct{ set, endpoint, home, region string }{
		{"*", "", "us-east-1", "us-east-1"},
		{"*", "eu-west-1", "us-east-1", "eu-west-1"},
		{"eu-*", "eu-west-1", "us-east-1", "eu-west-1"},
		{"eu-*,us-east-2", "", "us-east-1", "us-east-2"},
		{"eu-west-1, us-east-1", "", "us-east-1", "us-east-1"},
		{"eu-west-1", "", "us-east-1", "eu-west-1"},
		{"eu-*", "", "us-east-1", ""},
		{"eu-west-1", "us-east-1", "us-east-1", ""},
		{"us-east-?", "us-east-1", "us-east-1", ""},
		{"[u]s-east-1", "", "us-east-1", ""},
		{",", "", "us-east-1", ""},
		{strings.Repeat("x,", 100) + "us-east-1", "", "us-east-1", ""},
	} {
		r, _ := http.NewRequest("POST", "http://example.com/", nil)
		r.Header.Set("X-Amz-Date", "20261123T070000Z")
		r.Header.Set("X-Amz-Region-Set", tt.set)
		r.Header.Set("Authorization", "AWS4-ECDSA-P256-SHA256 Credential=AKID/20261123/sts/aws4_request, SignedHeaders=host, Signature=00")
		s, err := sigv4.Parse(r)
		if err != nil {
			t.Fatal(err)
		}
		err = s.CheckScopeAt(sigv4.Endpoint{Service: "sts", Region: tt.endpoint, Home: tt.home}, now)
		if s.Region != tt.region || text(err) != map[bool]string{true: invalid}[tt.region == ""] {
			t.Errorf("%.20s at %q: region %q, %v", tt.set, tt.endpoint, s.Region, err)
		}
	}
}

// An endpoint of one region takes no other region's scope.
func TestEndpointRegion(t *testing.T) {
	r := signed(t, "POST", "http://example.com/", "", nil) // scoped to us-east-1
	for _, tt := range []struct{ region, service, text string }{
		{"", "sts", ""},
		{"us-east-1", "sts", ""},
		{"eu-west-1", "sts", "Credential should be scoped to a valid region. "},
		{"eu-west-1", "iam", "Credential should be scoped to a valid region. Credential should be scoped to correct service: 'iam'. "},
	} {
		s, err := sigv4.Parse(r)
		if err != nil {
			t.Fatal(err)
		}
		if got := text(s.CheckScopeAt(sigv4.Endpoint{Service: tt.service, Region: tt.region}, now)); got != tt.text {
			t.Errorf("%+v: %q", tt, got)
		}
	}
}

func TestParseRefusesAsymmetric(t *testing.T) {
	const start = "AWS4-ECDSA-P256-SHA256 "
	for name, tt := range map[string][3]string{
		"no region set":   {start + "Credential=A/20261123/sts/aws4_request, SignedHeaders=host, Signature=00", "", ""},
		"a region":        {start + "Credential=A/20261123/us-east-1/sts/aws4_request, SignedHeaders=host, Signature=00", "*", ""},
		"symmetric scope": {"AWS4-HMAC-SHA256 Credential=A/20261123/sts/aws4_request, SignedHeaders=host, Signature=00", "*", ""},
		"unknown":         {"AWS4-ECDSA-P384-SHA384 Credential=A/20261123/sts/aws4_request, SignedHeaders=host, Signature=00", "*", ""},
		"presigned, no set": {"", "", "X-Amz-Algorithm=AWS4-ECDSA-P256-SHA256&X-Amz-Signature=00&X-Amz-Credential=a/20261123/sts/aws4_request" +
			"&X-Amz-Date=20261123T070000Z&X-Amz-SignedHeaders=host"},
	} {
		t.Run(name, func(t *testing.T) {
			r, _ := http.NewRequest("POST", "http://example.com/", nil)
			r.URL.RawQuery = tt[2]
			r.Header.Set("X-Amz-Date", "20261123T070000Z")
			if tt[0] != "" {
				r.Header.Set("Authorization", tt[0])
			}
			if tt[1] != "" {
				r.Header.Set("X-Amz-Region-Set", tt[1])
			}
			_, err := sigv4.Parse(r)
			wantKind(t, err, sigv4.Incomplete)
		})
	}
	late := crtRequests(t)[4]
	s, err := sigv4.Parse(late.request(t))
	if err != nil {
		t.Fatal(err)
	}
	wantKind(t, s.CheckScope("sts", now.Add(61*time.Second)), sigv4.Mismatch)
}

func FuzzAsymmetric(f *testing.F) {
	f.Add("Credential=A/20261123/sts/aws4_request, SignedHeaders=host;x-amz-region-set, Signature=3006020101020101", "*", "")
	f.Add("", "", "X-Amz-Algorithm=AWS4-ECDSA-P256-SHA256&X-Amz-Credential=a/20261123/sts/aws4_request&X-Amz-Region-Set=*,us-*&X-Amz-Signature=00&X-Amz-Date=20261123T070000Z&X-Amz-SignedHeaders=host")
	f.Fuzz(func(t *testing.T, auth, set, query string) {
		r, _ := http.NewRequest("POST", "http://example.com/", nil)
		r.Header.Set("X-Amz-Date", "20261123T070000Z")
		r.Header["X-Amz-Region-Set"], r.URL.RawQuery = []string{set}, query
		if auth != "" {
			r.Header["Authorization"] = []string{"AWS4-ECDSA-P256-SHA256 " + auth}
		}
		s, err := sigv4.Parse(r)
		if err != nil {
			if text(err) == "" {
				t.Fatalf("no text for the client: %v", err)
			}
			return
		}
		if s.CheckScopeAt(sigv4.Endpoint{Service: "sts", Home: "us-east-1"}, now) == nil &&
			s.Verify(r, nil, "a secret nobody knows", new(sigv4.KeyCache)) == nil {
			t.Fatal("a made-up signature was accepted")
		}
	})
}

func BenchmarkVerifyAsymmetric(b *testing.B) {
	c := crtRequests(b)[0]
	r := c.request(b)
	var keys sigv4.KeyCache
	b.ReportAllocs()
	for b.Loop() {
		s, err := sigv4.Parse(r)
		if err == nil {
			err = s.CheckScopeAt(sigv4.Endpoint{Service: "sts", Home: "us-east-1"}, now)
		}
		if err == nil {
			err = s.Verify(r, []byte(c.Body), creds.SecretAccessKey, &keys)
		}
		if err != nil {
			b.Fatal(err)
		}
	}
}
