package tls_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	idp "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/sts"

	"github.com/poolhouse/poolhouse/conformance/harness"
)

const (
	public  = "https://id.example.com"
	visitor = "203.0.113.9" // who stands behind the proxy
)

// A proxy ends TLS for a server: it forwards to the server's address, with what
// a proxy adds. An Origin, a Host and other headers arrive as they were sent,
// unless rewriteHost has it name the server as some proxies do.
type proxy struct {
	server      string // URL
	rewriteHost bool
	forwarded   http.Header
}

func (p proxy) RoundTrip(r *http.Request) (*http.Response, error) {
	to, err := url.Parse(p.server)
	if err != nil {
		return nil, err
	}
	out := r.Clone(r.Context())
	if out.Host == "" {
		out.Host = r.URL.Host
	}
	if p.rewriteHost {
		out.Host = to.Host
	}
	out.URL.Scheme, out.URL.Host = to.Scheme, to.Host
	for name, values := range p.forwarded {
		out.Header[name] = values
	}
	return http.DefaultTransport.RoundTrip(out)
}

var forwarded = http.Header{"X-Forwarded-Proto": {"https"}, "X-Forwarded-For": {visitor}}

func TestBehindProxy(t *testing.T) {
	harness.EachProfile(t, func(t *testing.T, s *harness.Server) {
		f := s.Fixture(t)
		t.Run("code flow", func(t *testing.T) {
			signIn(t, f, public, harness.NewBrowser(t, proxy{f.URL, false, forwarded}))
		})
		t.Run("a proxy that changes Host", func(t *testing.T) {
			signIn(t, f, public, harness.NewBrowser(t, proxy{f.URL, true, forwarded}))
		})
		t.Run("forged hosts", func(t *testing.T) { testForgedHosts(t, f) })
		t.Run("client address and scheme", func(t *testing.T) {
			role := visitorRole(t, f.Server)
			wantListing(t, role, proxy{f.URL, false, forwarded}, true)
			wantListing(t, role, http.DefaultTransport, false)
			wantListing(t, role, proxy{f.URL, false, http.Header{"X-Forwarded-For": {visitor}}}, false)
			wantListing(t, role, proxy{f.URL, false, http.Header{"X-Forwarded-Proto": {"https"}}}, false)
			// The client says so itself; the proxy appends the address it sees.
			lie := http.Header{"X-Forwarded-Proto": {"https"}, "X-Forwarded-For": {visitor + ", 198.51.100.7"}}
			wantListing(t, role, proxy{f.URL, false, lie}, false)
		})
	}, harness.Args("--trusted-proxies", "127.0.0.0/8", "--public-url", public))
}

// TestUntrustedPeer sends a proxy's headers to a server that trusts none.
func TestUntrustedPeer(t *testing.T) {
	harness.EachProfile(t, func(t *testing.T, s *harness.Server) {
		wantListing(t, visitorRole(t, s), proxy{s.URL, false, forwarded}, false)
	})
}

// testForgedHosts compares what the server says of itself with what it says when
// the request names another host: it must be the same, byte for byte.
func testForgedHosts(t *testing.T, f *harness.Fixture) {
	const evil = "evil.example"
	forgeries := []http.Header{
		{"Host": {evil}},
		{"X-Forwarded-Host": {evil}, "X-Forwarded-Port": {"666"}, "X-Forwarded-Prefix": {"/evil"}, "Forwarded": {"host=" + evil + ";proto=http"}, "X-Original-Host": {evil}},
	}
	authorize := "/oauth2/authorize?" + url.Values{"client_id": {f.ClientID}, "redirect_uri": {harness.Callback}, "response_type": {"code"}, "scope": {"openid"}}.Encode()
	for _, path := range []string{"/.well-known/openid-configuration", "/saml/metadata", authorize, "/error?error=redirect_mismatch", "/logout"} {
		address := public + "/" + f.PoolID + path
		honest := harness.NewBrowser(t, proxy{f.URL, false, forwarded}).Open(t, address)
		if honest.Status >= http.StatusInternalServerError {
			t.Fatalf("%s: %d", path, honest.Status)
		}
		for _, forged := range forgeries {
			b := harness.NewBrowser(t, proxy{f.URL, false, forwarded})
			b.Header = forged
			got := b.Open(t, address)
			if got.Status != honest.Status || got.Header.Get("Location") != honest.Header.Get("Location") || got.Body != honest.Body {
				t.Errorf("%s with %v: %d to %q\n%s\nwant %d to %q", path, forged, got.Status, got.Header.Get("Location"), got.Body, honest.Status, honest.Header.Get("Location"))
			}
			if p := b.Walk(t, address, nil, nil); strings.Contains(p.Body, evil) {
				t.Errorf("%s with %v leads to a page that names %s:\n%s", path, forged, evil, p.Body)
			}
		}
	}
}

// visitorRole returns clients that may list pools over TLS from the visitor's
// network alone; as makes them over a transport.
func visitorRole(t *testing.T, s *harness.Server) (as func(http.RoundTripper) *harness.AWS) {
	t.Helper()
	ctx, root := t.Context(), s.Root()
	role, err := root.IAM.CreateRole(ctx, &iam.CreateRoleInput{RoleName: aws.String("visitor"), AssumeRolePolicyDocument: aws.String(
		`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"sts:AssumeRole","Principal":{"AWS":"` + harness.Account + `"}}]}`)})
	if err != nil {
		t.Fatal(err)
	}
	_, err = root.IAM.PutRolePolicy(ctx, &iam.PutRolePolicyInput{RoleName: aws.String("visitor"), PolicyName: aws.String("list"), PolicyDocument: aws.String(
		`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"cognito-idp:ListUserPools","Resource":"*",` +
			`"Condition":{"IpAddress":{"aws:SourceIp":"203.0.113.0/24"},"Bool":{"aws:SecureTransport":"true"}}}]}`)})
	if err != nil {
		t.Fatal(err)
	}
	out, err := root.STS.AssumeRole(ctx, &sts.AssumeRoleInput{RoleArn: role.Role.Arn, RoleSessionName: aws.String("visitor")})
	if err != nil {
		t.Fatal(err)
	}
	c := out.Credentials
	return func(transport http.RoundTripper) *harness.AWS {
		return s.Through(transport).As(*c.AccessKeyId, *c.SecretAccessKey, *c.SessionToken)
	}
}

func wantListing(t *testing.T, as func(http.RoundTripper) *harness.AWS, transport http.RoundTripper, allowed bool) {
	t.Helper()
	_, err := as(transport).IDP.ListUserPools(t.Context(), &idp.ListUserPoolsInput{MaxResults: aws.Int32(1)})
	switch {
	case allowed && err != nil:
		t.Error(err)
	case !allowed:
		harness.WantCode(t, err, "AccessDeniedException", "")
	}
}
